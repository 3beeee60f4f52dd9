// The pages of mails that were not sent.

package develop

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/wire"
)

// Mails have links that are as good as passwords: they are shown to browsers on
// this machine alone, which came by a name of this machine.
func TestMailsAreForThisMachine(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "mails at ", r.URL.Path) }))
	defer app.Close()
	target, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Wait: time.Minute, settled: make(chan struct{}), changed: make(chan struct{}), target: target, streams: map[*http.Request]context.CancelFunc{}}
	close(s.settled)
	for _, c := range []struct {
		peer, host string
		status     int
	}{
		{"127.0.0.1:50000", "localhost:8080", http.StatusOK}, {"127.0.0.1:50000", "127.0.0.1:8080", http.StatusOK},
		{"127.0.0.1:50000", "rebound.example:8080", http.StatusForbidden}, {"192.0.2.1:50000", "localhost:8080", http.StatusForbidden},
	} {
		for _, path := range []string{wire.DevMail, wire.DevMail + "1", wire.DevMail + "1/view"} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
			r.RemoteAddr, r.Host = c.peer, c.host
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != c.status || (w.Body.String() == "mails at "+path) != (c.status == http.StatusOK) {
				t.Errorf("%s from %s as %s: %d %s", path, c.peer, c.host, w.Code, w.Body)
			}
		}
	}
}
