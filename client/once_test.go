// Keys of forms, by which what is sent again is the same.

package client_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/gorgon-go/gorgon/wire"
)

// A form that is sent again after a lost connection or a failure has the key
// that it had; after an answer it has another one, as another form has.
func TestFormKeepsItsKeyUntilItIsAnswered(t *testing.T) {
	var mu sync.Mutex
	var keys []string
	s := newForms(t, form(title, ""), func(s *site, w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		keys = append(keys, r.Header.Get(wire.HeaderKey))
		n := len(keys)
		mu.Unlock()
		switch n {
		case 1:
			panic(http.ErrAbortHandler)
		case 2:
			http.Error(w, "away", http.StatusBadGateway)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	})
	s.Config.SetKeepAlivesEnabled(false) // browsers send a request again whose old connection breaks
	tab := s.open("/")
	tab.Run(`seen = []; document.addEventListener("gorgon:submitted", e => seen.push(e.detail.status))`)
	for _, answered := range []string{"0", "0,502", "0,502,204", "0,502,204,204"} {
		tab.Run(`document.querySelector("#gorgon-error")?.close(); send.click()`)
		tab.Wait(`seen.join() === "` + answered + `"`)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(keys) != 4 || len(keys[0]) < 16 || len(keys[0]) > 64 || keys[1] != keys[0] || keys[2] != keys[0] || keys[3] == keys[0] {
		t.Errorf("keys: %q", keys)
	}
}
