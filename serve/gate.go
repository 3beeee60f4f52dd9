// Around code that is not ours: it finds its request, and its panics are answered.

package serve

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/viewctx"
)

// A gate calls guards, handlers and middleware of the app.
type gate struct {
	answers *responder
	where   *siteMap
	sites   map[string]*viewctx.Site // by locale: what the app's own code sees in the context
}

// foreign calls code that is not ours. A panic is a 500 where nothing has
// been sent, and otherwise cuts the connection, so that the client does not
// take the half for the whole.
func (g *gate) foreign(w http.ResponseWriter, r *http.Request, m match, t *target, next http.Handler) {
	if m.locale == "" && len(g.where.prefixes.Locales) > 0 { // a middleware's, which stands before any match
		m.locale = g.where.nowhere(r).locale
	}
	c := &carrier{Context: r.Context(), visit: visit{in: g.answers.in, match: m, target: t, request: r}}
	c.visit.known = &c.known
	if outer, ok := visitOf(r, g.answers.in); ok {
		c.visit.known = outer.known
	}
	if m.guarded() {
		c.visit.known.Add(answer.Guarded)
	}
	fw := g.answers.out.Around(w, c.visit.known)
	defer func() {
		switch p := recover(); {
		case p == http.ErrAbortHandler:
			panic(p)
		case p != nil:
			err := fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			if fw.Wrote() {
				g.answers.abort(r, m, err)
			}
			g.answers.fail(fw, r, m, err)
		default:
			fw.End()
		}
	}()
	if g.answers.commits {
		c.Context = g.committing(c.Context, r, fw)
	}
	if site := g.sites[m.locale]; site != nil {
		c.Context = knowing(viewctx.WithSite(c.Context, site), r)
	}
	if recordOf(r) == nil {
		c.own.id, c.own.request = listen.RequestID(r), r
		c.record = &c.own
	}
	r = r.WithContext(c)
	if m.pattern != "" {
		r.Pattern = m.pattern
	}
	defer listen.RemoveUploads(r)
	next.ServeHTTP(fw, r)
}

// guards builds the guards of each page around its answer, once.
func (g *gate) guards(definitions []*gorgon.Definition, answers func(http.ResponseWriter, *http.Request, match)) map[*gorgon.Definition]http.Handler {
	all := map[*gorgon.Definition]http.Handler{}
	for _, d := range definitions {
		if len(d.Guards) == 0 {
			continue
		}
		var next http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			v, ok := r.Context().Value(visitKey{}).(*visit)
			if !ok || v.page != d {
				g.answers.fail(w, r, match{page: d, path: r.URL.Path}, errLostMatch)
				return
			}
			answers(w, r, v.match)
		})
		for _, guard := range slices.Backward(d.Guards) {
			next = guard(next)
		}
		all[d] = next
	}
	return all
}
