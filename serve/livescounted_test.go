package serve_test

import (
	"io"
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/serve"
)

// TestStreamsAreCounted: the access log has the bytes of a stream, whatever protocol
// it is sent by.
func TestStreamsAreCounted(t *testing.T) {
	for _, protocol := range []string{"http/1.1", "h2c"} {
		t.Run(protocol, func(t *testing.T) {
			access := &lockedBuffer{}
			s := &livingSite{site: build(t, gorgon.App{Parts: []gorgon.Part{
				gorgon.Page[state]{Path: "/p/{id}", Incremental: true, Live: true, Load: long, View: view},
			}}, func(c *serve.Config, _ *cache.Config) { c.AccessLog = slog.New(slog.NewTextHandler(access, nil)) })}
			s.url, s.stop = run(t, &listen.Server{Handler: s.Handler})
			f := s.follow(t, protocol, "/p/1", s.parts(t, "/p/1"))
			ended := make(chan error, 1)
			go func() { ended <- s.stop() }()
			body, err := io.ReadAll(f.Body)
			if err != nil || len(body) == 0 {
				t.Fatalf("%q, %v", body, err)
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if log := access.String(); !strings.Contains(log, "method=POST") || !strings.Contains(log, " status=200 bytes="+strconv.Itoa(len(body))+" ") {
				t.Errorf("the client has got %d bytes:\n%s", len(body), log)
			}
		})
	}
}
