// Requests that commit what pages depend on.

package serve

import (
	"context"
	"net/http"

	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/viewctx"
)

// committing is a context in which the commits of a request are noted. Its
// response waits until they are purged, and gives the visitor the number of the
// last purge as a token: the next request sees what was committed, from any
// instance. Code of the app within other code of the app shares one record.
func (g *gate) committing(ctx context.Context, r *http.Request, w *answer.Foreign) context.Context {
	made := dataflow.CommitsOf(ctx)
	if made == nil {
		made = new(dataflow.Commits)
		ctx = dataflow.WithCommits(ctx, made)
	}
	w.Before = func(w http.ResponseWriter) {
		if token, first := made.Told(context.WithoutCancel(r.Context())); first {
			giveToken(w, r, g.answers.in.base, token)
		}
	}
	return ctx
}

// knowing is a context of an app with caches in which the token of a request is
// known: values that were purged by then are not returned.
func knowing(ctx context.Context, r *http.Request) context.Context {
	token := tokenOf(r.Header)
	if token == 0 || len(viewctx.SiteOf(ctx).Caches) == 0 {
		return ctx
	}
	made := dataflow.CommitsOf(ctx)
	if made == nil {
		made = new(dataflow.Commits)
		ctx = dataflow.WithCommits(ctx, made)
	}
	made.Know(token)
	return ctx
}

// token is that of a request: the one that it carries, or that of what it has
// committed itself.
func (a *responder) token(r *http.Request) uint64 {
	token := tokenOf(r.Header)
	if a.commits {
		if made := dataflow.CommitsOf(r.Context()); made != nil {
			token = max(token, made.Wait(r.Context()))
		}
	}
	return token
}
