// The app's sessions, as far as the commands use them.

package command

import (
	"context"
	"log/slog"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/plan"
)

// An Auth knows who makes requests: what auth.New returns. An app without one
// links nothing of it.
type Auth interface {
	// Use sets the log and the clock, where the app has not. It is called before
	// anything else.
	Use(log *slog.Logger, now func() time.Time)

	// Serve lets it know of purges until the context ends.
	Serve(ctx context.Context, i *coherence.Instance)

	// State adds what is known of sessions.
	State(s *metrics.State)

	// Needs lists what the store of sessions requires of the target.
	Needs() []gorgon.Need

	Close() error
}

// sessionsPart is what sessions need of the place that the app runs on.
func sessionsPart(a Auth) plan.Part {
	const name = "sessions"
	p := plan.Part{Name: name, How: "sessions", Needs: []plan.Need{
		{Part: name, Kind: plan.Process, Why: "sessions are looked up for each visitor"},
	}}
	for _, n := range a.Needs() {
		why := "its store declares it"
		if n == gorgon.NeedMemory {
			why = "sessions are in the memory of one process: keep them in the app's database, or in Redis"
		}
		p.Needs = append(p.Needs, plan.Need{Part: name, Kind: plan.Kind(n), Why: why})
	}
	return p
}

func (p *program) useAuth() {
	if p.config.Auth != nil {
		p.config.Auth.Use(p.log, time.Now)
	}
}

func (p *program) closeAuth() error {
	if p.config.Auth == nil {
		return nil
	}
	return p.config.Auth.Close()
}

// tellAuth lets the app's sessions know of purges in a command that serves
// nothing, over its store: what a service revokes counts on every instance.
func (p *program) tellAuth(ctx context.Context, store pages.Store) (done func() error) {
	if p.config.Auth == nil {
		return func() error { return nil }
	}
	p.useAuth()
	ctx, stop := context.WithCancel(ctx)
	var i *coherence.Instance
	if store != nil {
		i = coherence.Open(ctx, coherence.Config{Store: store, Log: p.log})
		p.config.Auth.Serve(ctx, i)
	}
	return func() error {
		stop()
		if i != nil {
			i.Close()
		}
		return p.closeAuth()
	}
}
