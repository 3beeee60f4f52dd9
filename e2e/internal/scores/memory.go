// What the memory of the program is used for.

package scores

import (
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
)

// memory answers with what memory is used for; with ?profile=heap and the like with
// a profile.
func memory(w http.ResponseWriter, r *http.Request) {
	if p := pprof.Lookup(r.URL.Query().Get("profile")); p != nil {
		debug.FreeOSMemory()
		_ = p.WriteTo(w, 0)
		return
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Fprintf(w, "heap %d MB in use, %d MB idle, stacks %d MB, others %d MB, %d goroutines",
		m.HeapInuse>>20, (m.HeapIdle-m.HeapReleased)>>20, m.StackInuse>>20, (m.MSpanSys+m.MCacheSys+m.BuckHashSys+m.GCSys+m.OtherSys)>>20, runtime.NumGoroutine())
}
