// Plain requests for pages in memory, which are answered before net/http reads them.

package serve

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/wire"
)

// Lane answers plain requests for pages that are in memory, fresh and whole, and
// that nothing but their path decides about, as ServeHTTP does. It is for
// [listen.Server.Lane]. They are reported to the access log and the observer. It is nil where
// every request passes code of the app.
func (h *Handler) Lane() listen.Lane {
	if h.chain != nil || h.routes.handlers != nil && h.routes.handlers.heads == nil {
		return nil
	}
	return h.routes.plain
}

// plain answers a plain request, and has it reported.
func (o *routes) plain(q *listen.Simple) (head, body []byte, ok bool) {
	page, a, ok := o.plainly(q)
	if !ok || o.pages.watch.on() && !o.pages.watch.plain(q, page, &a) {
		return nil, nil, false
	}
	return a.Head, a.Body, true
}

// plain reports a plain request as observed does.
func (o *watch) plain(q *listen.Simple, page *gorgon.Definition, a *answer.PlainAnswer) bool {
	r := q.Request()
	if r == nil {
		return false
	}
	o.observed(a.Sent(), r, func(w http.ResponseWriter, r *http.Request) {
		o.note(r, page.Path)
		o.noteCache(r, metrics.Hit)
		a.Tell(w)
	})
	return true
}

// plainly is what route and inMemory do for a request that is plain.
func (o *routes) plainly(q *listen.Simple) (page *gorgon.Definition, found answer.PlainAnswer, ok bool) {
	if bytes.Contains(q.Cookie, []byte(wire.CookieToken)) {
		return nil, found, false
	}
	path, below := strings.CutPrefix(string(q.Path), o.where.base)
	if !below || path == "" || path[0] != '/' || strings.HasPrefix(path, wire.Root) || o.detect && path == "/" {
		return nil, found, false
	}
	if whole := o.where.base + path; paths.IsHealth(whole) || paths.Check(whole) != nil {
		return nil, found, false
	}
	m := o.where.match(path)
	if m.page == nil || m.page.PerRequest() || m.guarded() {
		return nil, found, false
	}
	if o.handlers != nil && (o.handlers.heads[headOf(path)] || o.handlers.heads[headOf(m.path)]) {
		return nil, found, false
	}
	at := o.pages.now()
	a, ok := o.pages.cache.Found(m.page, m.path, m.locale, at)
	if ok && !whole(a) || !ok {
		a, ok = o.pages.composer.Found(&compose.Ask{Page: m.page, Path: m.path, Locale: m.locale, Form: compose.Document}, at)
	}
	if !ok || a.Work != nil || a.State != cache.Fresh {
		return nil, found, false
	}
	p, ok := a.Prepared.(*answer.Prepared)
	if !ok {
		return nil, found, false
	}
	found, ok = o.pages.out.Plain(q, a, at, o.pages.facts(nil, nil, &m, p.Facts()))
	return m.page, found, ok
}
