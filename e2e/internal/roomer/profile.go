// What the processor time of the program is used for.

package roomer

import (
	"bytes"
	"net/http"
	"runtime/pprof"
)

// profiles serves a profile of the processor time from one request to another.
func profiles(mux *http.ServeMux) {
	var profile bytes.Buffer
	mux.HandleFunc("POST /profile/begin", func(w http.ResponseWriter, _ *http.Request) {
		profile.Reset()
		if err := pprof.StartCPUProfile(&profile); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
		}
	})
	mux.HandleFunc("POST /profile/end", func(w http.ResponseWriter, _ *http.Request) {
		pprof.StopCPUProfile()
		_, _ = w.Write(profile.Bytes())
	})
}
