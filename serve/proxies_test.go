// Names of requests: a trusted proxy's, or one of our own.

package serve_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/serve"
)

// The name that a trusted proxy gave a request is the app's as well.
func TestTrustedNames(t *testing.T) {
	var got string
	s := build(t, gorgon.App{Parts: []gorgon.Part{page("/"), gorgon.Handler{Pattern: "/name", Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = serve.RequestID(r)
	})}}}, nil)
	for _, trusted := range []string{"127.0.0.0/8", "10.0.0.0/8"} {
		url, stop := run(t, &listen.Server{Handler: s, TrustedProxies: []netip.Prefix{netip.MustParsePrefix(trusted)}})
		r, err := http.NewRequest(http.MethodGet, url+"/name", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Request-Id", "a-name")
		res, err := client(t, "http/1.1").Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if (got == "a-name") != (trusted == "127.0.0.0/8") || got == "" {
			t.Errorf("from %s the request is called %q", trusted, got)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	}
}

func TestRequestIDs(t *testing.T) {
	var ids []string
	s := build(t, gorgon.App{Parts: []gorgon.Part{page("/"), gorgon.Handler{Pattern: "/fails", Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		ids = append(ids, serve.RequestID(r), serve.RequestID(r))
		panic("at the disco")
	})}}}, nil)
	for range 2 {
		res := s.get(t, "/fails")
		ids = append(ids, res.Header.Get("Request-Id"))
	}
	for _, id := range ids {
		if len(id) != 16 || !strings.Contains(s.log.String(), "id="+id) {
			t.Errorf("the request is called %q; the log: %s", id, s.log.String())
		}
	}
	if ids[0] != ids[1] || ids[0] != ids[2] || ids[0] == ids[3] {
		t.Errorf("names of two requests: %q", ids)
	}
}
