package host

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/wire"
)

// TestPeersHaveTheKey answers other instances alone, which have the key.
func TestPeersHaveTheKey(t *testing.T) {
	h := New(Options{Store: mem.NewRooms()})
	h.Use(nil, gorgon.App{Name: "tapes", Parts: []gorgon.Part{tapes()}}.Erased(), "one")
	defer h.Close()
	ask := func(method, what, key, body string) int {
		r := httptest.NewRequest(method, wire.Rooms+what, strings.NewReader(body))
		r.Header.Set("Authorization", key)
		w := httptest.NewRecorder()
		h.ServePeer(w, r)
		return w.Code
	}
	const act = `{"name":"tape","key":"a","acts":[{"c":"x","n":1,"b":{"id":""},"o":"e30="}]}`
	for _, what := range []string{"act", "follow", "present", "", "other"} {
		for _, key := range []string{"", "Bearer ", "Bearer x", h.instance.Key, "Bearer " + h.instance.Key + "x"} {
			if status := ask(http.MethodPost, what, key, act); status != http.StatusNotFound {
				t.Errorf("%s with %q: %d", what, key, status)
			}
		}
		if status := ask(http.MethodGet, what, "Bearer "+h.instance.Key, act); status != http.StatusNotFound {
			t.Errorf("GET %s: %d", what, status)
		}
	}
	key := "Bearer " + h.instance.Key
	for body, want := range map[string]int{
		act: http.StatusOK, `{`: http.StatusBadRequest, `{"name":"other"}`: http.StatusConflict, ``: http.StatusBadRequest,
	} {
		if status := ask(http.MethodPost, "act", key, body); status != want {
			t.Errorf("act %s: %d, and %d is right", body, status, want)
		}
	}
	// It owns nothing, since it has no address.
	if status := ask(http.MethodPost, "follow", key, `{"name":"tape","key":"a","after":"0.0000000000000000"}`); status != http.StatusConflict {
		t.Errorf("follow: %d", status)
	}
}
