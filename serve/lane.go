// Plain requests for pages in memory, which are answered before net/http reads them.

package serve

import (
	"bytes"
	"strings"

	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/wire"
)

// Lane answers plain requests for pages that are in memory, fresh and whole, and
// that nothing but their path decides about, as ServeHTTP does. It is for
// [listen.Server.Lane]. It is nil where every request passes code of the app, or is
// told to the access log or an observer.
func (h *Handler) Lane() listen.Lane {
	if h.chain != nil || h.watch.on() || h.routes.handlers != nil && h.routes.handlers.heads == nil {
		return nil
	}
	return h.routes.plain
}

// plain is what route and inMemory do for a request that is plain.
func (o *routes) plain(q *listen.Simple) (head, body []byte, ok bool) {
	if bytes.Contains(q.Cookie, []byte(wire.CookieToken)) {
		return nil, nil, false
	}
	path, below := strings.CutPrefix(string(q.Path), o.where.base)
	if !below || path == "" || path[0] != '/' || strings.HasPrefix(path, wire.Root) || o.detect && path == "/" {
		return nil, nil, false
	}
	if whole := o.where.base + path; paths.IsHealth(whole) || paths.Check(whole) != nil {
		return nil, nil, false
	}
	m := o.where.match(path)
	if m.page == nil || m.page.PerRequest() || m.guarded() {
		return nil, nil, false
	}
	if o.handlers != nil && (o.handlers.heads[headOf(path)] || o.handlers.heads[headOf(m.path)]) {
		return nil, nil, false
	}
	at := o.pages.now()
	a, ok := o.pages.cache.Found(m.page, m.path, m.locale, at)
	if ok && !whole(a) || !ok {
		a, ok = o.pages.composer.Found(&compose.Ask{Page: m.page, Path: m.path, Locale: m.locale, Form: compose.Document}, at)
	}
	if !ok || a.Work != nil || a.State != cache.Fresh {
		return nil, nil, false
	}
	p, ok := a.Prepared.(*answer.Prepared)
	if !ok {
		return nil, nil, false
	}
	return o.pages.out.Plain(q, a, at, o.pages.facts(nil, nil, &m, p.Facts()))
}
