// A request that lets what is due be done.

package serve

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/metrics"
)

// ticks takes requests for a batch of jobs.
type ticks struct {
	run     func(ctx context.Context) (metrics.Batch, error)
	allow   func(*http.Request) bool
	answers *responder
}

// answer runs a batch, and says what it came to, in JSON. Where more is due it
// says so by Retry-After, so that a caller drains by calling again.
func (t *ticks) answer(w http.ResponseWriter, r *http.Request, m match) {
	if r.Method != http.MethodPost {
		w.Header()["Allow"] = []string{http.MethodPost}
		t.answers.fail(w, r, m, errMethod)
		return
	}
	if !t.allow(r) {
		t.say(w, r, http.StatusForbidden, map[string]any{"error": "the caller may not ask for that: send the key as a bearer token"}, nil)
		return
	}
	// A batch that has begun is not stopped when its caller goes away.
	batch, err := t.run(context.WithoutCancel(r.Context()))
	if err != nil {
		t.answers.reports.report(r, m, slog.LevelError, "jobs could not be run", err, slog.Int("status", http.StatusServiceUnavailable))
		message := failure.Of(err, "", "").Message
		if message == "" {
			message = http.StatusText(http.StatusServiceUnavailable)
		}
		t.say(w, r, http.StatusServiceUnavailable, map[string]any{"error": message}, []string{retryAfter})
		return
	}
	var again []string
	if batch.Due > 0 {
		again = []string{"0"}
	}
	t.say(w, r, http.StatusOK, batch, again)
}

func (t *ticks) say(w http.ResponseWriter, r *http.Request, status int, what any, again []string) {
	body, _ := json.Marshal(what) // numbers and strings: it cannot fail
	header := http.Header{"Content-Type": valueJSON}
	if again != nil {
		header["Retry-After"] = again
	}
	t.answers.out.Bare(w, r, answer.Plain{Status: status, Facts: answer.Personal, Header: header, Body: body})
}
