// The requests to the sites of the matrix, and the rules for answers.

package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	httpanswer "github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/viewctx"
)

// Who may keep an answer.
const (
	byAny = "any"
	byOwn = "own"
	byNo  = "no"
)

// A matrix is every cell.
type matrix struct {
	mu       sync.Mutex // of cells, where sites are asked at once
	cells    map[cell]*outcome
	requests atomic.Int64
}

// forms are the representations, from the list that the server itself reads
// paths by.
func (m *matrix) forms() []string {
	names := []string{"document"}
	for _, f := range serve.Forms() {
		names = append(names, f.Name)
	}
	return names
}

// A spoiler breaks one rule of a site, so that the matrix can be seen to find
// it. open is the same site with no guard and no middleware.
type spoiler func(s setting, site, open http.Handler) http.Handler

// runMatrix asks the sites of a span; spoil may be nil. It ends early once so many
// cells have failed; 0 for never.
func runMatrix(t *testing.T, spoil spoiler, enough int, of span) *matrix {
	m := &matrix{cells: map[cell]*outcome{}}
	var sites []*matrixSite
	for _, s := range settings() {
		if spoil != nil && s.guard == "session" {
			continue // what is planted shows in the others
		}
		asked := slices.DeleteFunc(kinds(), func(k kind) bool { return !of.of(s, k) })
		if len(asked) == 0 {
			continue
		}
		site := m.open(t, s)
		site.handler = site.serve
		if spoil != nil {
			unguarded := s
			unguarded.guard, unguarded.middleware = "", ""
			site.handler = spoil(s, site.serve, m.open(t, unguarded).serve)
		}
		for _, k := range asked {
			site.check(k)
			if enough > 0 && len(m.failed()) >= enough {
				return m
			}
		}
		sites = append(sites, site)
	}
	var all sync.WaitGroup // at once: without the rule each waits for as long as it is let
	for _, site := range sites {
		if site.people != nil {
			continue // who has not signed in is led away
		}
		all.Go(func() { site.expect(t) })
	}
	all.Wait()
	return m
}

// A matrixSite is a site of one setting.
type matrixSite struct {
	setting
	m       *matrix
	serve   http.Handler
	handler http.Handler // serve, or serve spoiled
	log     *sharedBuffer

	mu  sync.Mutex
	saw []string

	cookies map[string]*http.Cookie // sessions by visitor, where the guard asks for one

	sends kind // what the body of a POST is
}

// sharedBuffer is a log that several goroutines write.
type sharedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *sharedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// take is what was written since it was last taken.
func (b *sharedBuffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := b.b.String()
	b.b.Reset()
	return text
}

func (m *matrix) open(t *testing.T, s setting) *matrixSite {
	t.Helper()
	if s.guard == "session" {
		s.people = auth.New(auth.Options{Store: mem.NewSessions()})
	}
	site := &matrixSite{setting: s, m: m, log: new(sharedBuffer), cookies: map[string]*http.Cookie{}}
	app := s.app(func(who, path string) {
		site.mu.Lock()
		defer site.mu.Unlock()
		site.saw = append(site.saw, path)
	})
	if err := app.Validate(); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(site.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	store := mem.Open(mem.Options{})
	t.Cleanup(func() { _ = store.Close() })
	r := &render.Renderer{App: app, Build: "matrix", Site: viewctx.Site{Base: s.base, Locales: app.Locales.Tags}}
	kept, err := cache.New(cache.Config{Renderer: r, Store: store, Prepare: httpanswer.Prepare, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	if s.people != nil {
		s.people.Use(log, time.Now)
		s.people.Serve(t.Context(), kept.Coherence())
		site.signIn(t, "ann", "bob")
	}
	site.serve, err = serve.New(serve.Config{App: app, Renderer: r, Cache: kept, Log: log, Files: func(path string) (httpanswer.File, bool) {
		return httpanswer.File{ContentType: "text/plain", ETag: "a1", Modified: time.Unix(1_700_000_000, 0), Immutable: strings.Contains(path, "123"), Data: bytes.Repeat([]byte("file "), 200)},
			path == "/p/file.txt" || path == "/_gorgon/assets/a.123.css"
	}})
	if err != nil {
		t.Fatal(err)
	}
	site.log.take()
	return site
}

// signIn gives visitors sessions.
func (s *matrixSite) signIn(t *testing.T, visitors ...string) {
	t.Helper()
	for _, v := range visitors {
		c, err := s.people.Issue(httptest.NewRequest("GET", "/", nil), v)
		if err != nil {
			t.Fatal(err)
		}
		s.cookies[v] = c
	}
}

// page is the path of a kind, with base and locale.
func (s *matrixSite) page(k kind) string {
	if s.locale == "" || k.handler || k.immutable || k.name == "static file" {
		return s.base + k.path
	}
	return s.base + paths.Prefixes{Locales: []string{"en", "de"}}.Path(s.locale, k.path)
}

// A reply is what a site answered.
type reply struct {
	status  int
	header  http.Header
	body    string
	aborted bool
	saw     []string // the paths that guards and middleware were asked about
}

// ask makes a request as a visitor; header is name, value, ….
func (s *matrixSite) ask(ctx context.Context, method, target, visitor string, header ...string) reply {
	s.m.requests.Add(1)
	s.mu.Lock()
	s.saw = nil
	s.mu.Unlock()
	r := httptest.NewRequest(method, target, nil).WithContext(ctx)
	if method == http.MethodPost && s.sends.body != "" {
		r = httptest.NewRequest(method, target, strings.NewReader(s.sends.body)).WithContext(ctx)
		r.Header.Set("Content-Type", s.sends.media)
	}
	if visitor != "" {
		r.AddCookie(&http.Cookie{Name: "visitor", Value: visitor})
	}
	if c := s.cookies[visitor]; c != nil {
		r.AddCookie(c)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	a := reply{}
	func() {
		defer func() {
			if p := recover(); p != nil {
				a.aborted = true
				if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
					fmt.Fprintf(s.log, "level=ERROR panic: %v\n", p)
				}
			}
		}()
		s.handler.ServeHTTP(w, r)
	}()
	a.status, a.header, a.body = w.Code, w.Result().Header, w.Body.String()
	s.mu.Lock()
	defer s.mu.Unlock()
	a.saw = slices.Clone(s.saw)
	return a
}

// An expectation is what the rules say of one representation.
type expectation struct {
	status      int
	keeper      string
	control     string
	personal    bool // it names the visitor who asks, and no other
	conditional bool // it has a version that may be asked for again
	included    bool // a surrogate is to put fragments into it
	page        string
	seen        bool // guards or middleware are asked
	denied      bool // strangers are
	untold      bool // prefetching it is useless: the answer is empty, and guards are not asked
	location    string
}

// closed says whether a CDN would answer in place of middleware.
func (s *matrixSite) closed() bool {
	return s.cdn != nil && s.middleware != "" && !s.cdn.OpenMiddleware
}

// expected are the rules. fragment is "" for a document or a payload.
func (s *matrixSite) expected(k kind, form, fragment string) expectation {
	page := s.page(k)
	guarded := s.guard != "" && !k.open && !(k.handler && form != "document") // a handler has no other representation
	e := expectation{
		status: k.status, personal: k.personal, page: page, conditional: k.kept,
		seen:   guarded || s.middleware != "",
		denied: guarded || s.middleware == "path" && strings.HasPrefix(page, s.base+"/p/"),
	}
	e.page, _, _ = strings.Cut(page, "?")
	asked := k.path == "/p/failing" || k.path == "/p/evil" || k.personal && !k.bare
	e.untold = form == "payload" && (guarded || k.open || k.handler || asked || k.personal && k.path == "/p/requested.xml")
	e.control = httpanswer.CachePage
	if s.loud && !k.fixed && fragment == "" {
		e.control = loudControl
	}
	switch {
	case fragment == "broken", fragment == "fails":
		e.status = 500
	case fragment != "":
		e.status, e.personal, e.conditional = 200, fragment != "stock", fragment == "stock"
	case form == "document":
		e.location = strings.Replace(page, k.path, k.to, 1)
		if k.to == "" {
			e.location = ""
		}
		e.included = s.cdn != nil && s.cdn.ESI && k.filled && !guarded && !s.closed()
	case k.handler:
		e.status = 404
	case k.to != "":
		e.status, e.conditional = 200, false // it says where the page is
	case k.fixed, k.bare:
		e.status = 404
	}
	switch first := s.locale == ""; {
	case k.control != "" && form == "document":
		e.keeper, e.control = byNo, k.control
	case e.status >= 400, guarded, e.personal, k.broken && fragment == "", k.handler, e.included:
		e.keeper, e.control, e.conditional = byNo, httpanswer.CacheNever, false
	case s.closed() && k.immutable:
		e.keeper, e.control = byOwn, "private, max-age=31536000, immutable"
	case s.closed(), k.path == "/" && first:
		e.keeper, e.control = byOwn, "private, no-cache"
	case k.immutable:
		e.keeper, e.control = byAny, httpanswer.CacheAsset
	default:
		e.keeper = byAny
	}
	e.conditional = e.conditional && e.status == 200
	if e.included || e.status >= 300 || k.broken || k.to != "" || form == "payload" && k.path == "/p/layout" {
		e.personal = false // nothing of the visitor's is in it
	}
	return e
}

// ways are the requests that are made of each representation: as headers.
var ways = [][]string{
	{}, {},
	{"Accept-Encoding", "gzip"}, {"Accept-Encoding", "br"}, {"Accept-Encoding", "zstd"}, {"Accept-Encoding", "identity;q=0, *"},
	{"If-None-Match", "*"}, {"If-None-Match", "TAG"}, {"If-None-Match", "W/TAG"},
	{"If-Modified-Since", "Thu, 01 Jan 2099 00:00:00 GMT"},
	{"Purpose", "prefetch"}, {"Sec-Purpose", "prefetch"},
	{"Range", "items=0-1"},
}

// sealed finds the paths of a form in a document.
func (s *matrixSite) sealed(f serve.Form, document string) (paths []string) {
	for _, found := range regexp.MustCompile(`="(`+regexp.QuoteMeta(s.base+f.Prefix)+`[^"]+)"`).FindAllStringSubmatch(document, -1) {
		if at := html.UnescapeString(found[1]); !slices.Contains(paths, at) {
			paths = append(paths, at)
		}
	}
	return paths
}

// check asks for a kind in every representation.
func (s *matrixSite) check(k kind) {
	page := s.page(k)
	plain, _, _ := strings.Cut(page, "?")
	s.sends = k
	document := s.ask(context.Background(), k.verb(), page, "ann")
	included := ""
	if s.cdn != nil && s.cdn.ESI {
		included = s.ask(context.Background(), k.verb(), page, "ann", "Surrogate-Capability", `x="ESI/1.0"`).body
	}
	s.cell(k, "document", page, s.expected(k, "document", ""))
	s.hostile(k)
	s.slash(k)
	s.methods(k)
	for _, f := range serve.Forms() {
		if f.Path != nil {
			if !k.immutable {
				s.cell(k, f.Name, s.base+gorgon.EscapePath(f.Path(strings.TrimPrefix(plain, s.base))), s.expected(k, f.Name, ""))
			}
			continue
		}
		paths := s.sealed(f, document.body)
		if len(paths) != k.fragments {
			s.fault(k, f.Name, "the document has not the fragments that it defers: %d of %d", len(paths), k.fragments)
		}
		for _, at := range append(paths, s.sealed(f, included)...) {
			name, _, _ := strings.Cut(strings.TrimPrefix(at, s.base+f.Prefix), "/")
			s.cell(k, f.Name, at, s.expected(k, f.Name, name))
		}
	}
	if log := s.log.take(); strings.Contains(log, secretProps) {
		s.fault(k, "document", "the log names a visitor's props")
	}
}

func (s *matrixSite) outcome(k kind, form string) *outcome {
	key := cell{k.name, form, s.name}
	if s.m.cells[key] == nil {
		s.m.cells[key] = &outcome{}
	}
	return s.m.cells[key]
}

func (s *matrixSite) fault(k kind, form, format string, args ...any) {
	o := s.outcome(k, form)
	o.faults = append(o.faults, fmt.Sprintf(format, args...))
}

// cell asks for one representation in every way.
func (s *matrixSite) cell(k kind, form, target string, e expectation) {
	s.outcome(k, form).keeper = e.keeper
	fault := func(format string, args ...any) { s.fault(k, form, format, args...) }
	ctx := context.Background()
	var more []string
	if s.cdn != nil && s.cdn.ESI {
		more = []string{"Surrogate-Capability", `x="ESI/1.0"`}
	}
	verb := http.MethodGet
	if form == "document" {
		verb = k.verb()
	}
	first := s.ask(ctx, verb, target, "bob", more...)
	s.rules(k, form, e, first, "bob", "first")
	tag := first.header.Get("ETag")
	for i, header := range ways {
		header = slices.Clone(header)
		conditional := len(header) > 0 && strings.HasPrefix(header[0], "If-")
		if conditional {
			header[1] = strings.Replace(header[1], "TAG", cmpOr(tag, `"made-up"`), 1)
		}
		way := strings.Join(header, ": ")
		a := s.ask(ctx, verb, target, "ann", append(header, more...)...)
		if e.untold && strings.HasSuffix(way, "prefetch") {
			s.untold(k, form, e.page, a)
			continue
		}
		if conditional && a.status == http.StatusNotModified {
			if !e.conditional {
				fault("an answer that no cache keeps is 304: %s", way)
			}
			if a.header.Get("ETag") != tag || a.header.Get("Cache-Control") != e.control || a.body != "" {
				fault("a 304 says other things than the 200: %s", way)
			}
			continue
		}
		if conditional && e.conditional {
			fault("a condition that holds is no 304: %s, %d", way, a.status)
		}
		s.rules(k, form, e, a, "ann", way)
		if i > 1 || verb != http.MethodGet {
			continue
		}
		head := s.ask(ctx, "HEAD", target, "ann", append(header, more...)...)
		for _, name := range []string{"Cache-Control", "Etag", "Last-Modified", "Vary", "Content-Type", "Location", "Cdn-Cache-Control", "Surrogate-Control", "Cache-Tag"} {
			if head.header.Get(name) != a.header.Get(name) {
				fault("HEAD differs from GET: %s: %q, %q", name, head.header.Get(name), a.header.Get(name))
			}
		}
		if head.status != a.status || head.body != "" && !k.handler { // net/http drops what a handler writes
			fault("HEAD differs from GET: %d with %d bytes, %d", head.status, len(head.body), a.status)
		}
	}
	again := s.ask(ctx, verb, target, "bob", more...)
	s.rules(k, form, e, again, "bob", "again")
	s.stranger(k, form, target, e, more)
	s.signedOut(k, form, target, verb, e, more)
	s.leaves(k, form, target)
}

// rules hold an answer that a visitor may see.
func (s *matrixSite) rules(k kind, form string, e expectation, a reply, visitor, way string) {
	fault := func(format string, args ...any) { s.fault(k, form, format+": "+way, args...) }
	if a.aborted || a.status != e.status {
		fault("the status is not %d: %d", e.status, a.status)
		return
	}
	h := a.header
	if h.Get("Cache-Control") != e.control {
		fault("Cache-Control is not %q: %q", e.control, h.Get("Cache-Control"))
	}
	for _, other := range []string{"ann", "bob"} {
		if other != visitor && strings.Contains(a.body, "visitor="+other) {
			fault("it has the part of another visitor: %s", other)
		}
	}
	if e.personal && h.Get("Content-Encoding") == "" && !strings.Contains(a.body, "visitor="+visitor) {
		fault("it lacks the part of its visitor: %.80q", a.body)
	}
	if e.keeper == byNo && !k.handler && h.Get("ETag")+h.Get("Last-Modified") != "" {
		fault("it has validators, but no cache keeps it: %s", h.Get("ETag"))
	}
	if e.conditional && h.Get("ETag") == "" {
		fault("it has no validator: %s", way)
	}
	edge := h.Get("CDN-Cache-Control")
	if e.keeper != byAny && (edge != "" || h.Get("Expires") != "" || !e.included && h.Get("Surrogate-Control")+h.Get("Cache-Tag") != "") {
		fault("it is offered to caches in another header: %q, %q, %q, tags %q", edge, h.Get("Expires"), h.Get("Surrogate-Control"), h.Get("Cache-Tag"))
	}
	if e.keeper == byAny && s.cdn != nil && e.control != loudControl && e.location == "" && (edge == "" || h.Get("Cache-Tag") == "") {
		fault("the CDN is not told for how long, or by which tags: %q, %q", edge, h.Get("Cache-Tag"))
	}
	if surrogate := h.Get("Surrogate-Control"); e.included && !(strings.HasPrefix(surrogate, "max-age=") && strings.HasSuffix(surrogate, `content="ESI/1.0"`)) {
		fault("the surrogate is not told: %q", surrogate)
	}
	if e.status == 200 && !k.handler && !strings.Contains(strings.Join(h.Values("Vary"), ","), "Accept-Encoding") {
		fault("Vary lacks Accept-Encoding: %q", h.Values("Vary"))
	}
	if h.Get("Location") != e.location {
		fault("Location is not %q: %q", e.location, h.Get("Location"))
	}
	if k.bare && form == "document" && strings.Contains(a.body, "<html") && h.Get("Content-Encoding") == "" {
		fault("it is not an HTML document, but has the layout: %.80q", a.body)
	}
	s.seen(k, form, e, a)
}

// seen holds which path guards and middleware were asked about.
func (s *matrixSite) seen(k kind, form string, e expectation, a reply) {
	if !e.seen && len(a.saw) > 0 || e.seen && len(a.saw) == 0 || slices.ContainsFunc(a.saw, func(p string) bool { return !s.right(k, p, e.page) }) {
		s.fault(k, form, "guards and middleware do not see the page's path: %q", a.saw)
	}
}

// right says whether a path is one that guards and middleware may be asked
// about: the page's. Guards of handlers see it without the base path.
func (s *matrixSite) right(k kind, path, page string) bool {
	return path == page || k.handler && s.base+path == page || k.again != "" && path == s.base+k.again
}

// stranger asks as one who may not see what is guarded.
func (s *matrixSite) stranger(k kind, form, target string, e expectation, more []string) {
	if !e.denied {
		return
	}
	for _, header := range append(slices.Clone(ways), []string{"X-Forwarded-For", "127.0.0.1"}) {
		methods := []string{"GET", "HEAD", "POST", "OPTIONS"}
		if k.handler {
			methods = methods[:min(2, len(k.allow)/4)] // GET and HEAD; a guard stands before the methods of its handler
			if k.method != "" {
				methods = []string{k.method}
			}
		}
		for n, method := range methods {
			if n > 0 && len(header) > 0 {
				continue
			}
			a := s.ask(context.Background(), method, target, "", append(slices.Clone(header), more...)...)
			if e.untold && s.guard != "" && slices.Contains(header, "prefetch") {
				s.untold(k, form, e.page, a)
				continue
			}
			s.denied(k, form, e.page, a)
		}
	}
}

// signedOut asks as a visitor whose session ends in the middle: once it has, the
// same request is one of a stranger.
func (s *matrixSite) signedOut(k kind, form, target, verb string, e expectation, more []string) {
	if s.people == nil || !e.denied {
		return
	}
	ann := s.cookies["ann"]
	defer func() { s.cookies["ann"] = ann }()
	ctx := context.Background()
	c, err := s.people.Issue(httptest.NewRequest("GET", "/", nil), "leaving")
	if err != nil {
		s.fault(k, form, "no session can be made: %v", err)
		return
	}
	s.cookies["ann"] = c
	s.rules(k, form, e, s.ask(ctx, verb, target, "ann", more...), "ann", "before the sign-out")
	if n, err := s.people.RevokeAll(ctx, "leaving"); n != 1 || err != nil {
		s.fault(k, form, "the session cannot be revoked: %d, %v", n, err)
	}
	for _, header := range [][]string{nil, {"If-None-Match", "*"}, {"Purpose", "prefetch"}} {
		a := s.ask(ctx, verb, target, "ann", append(slices.Clone(header), more...)...)
		if e.untold && slices.Contains(header, "prefetch") {
			s.untold(k, form, e.page, a)
			continue
		}
		s.denied(k, form, e.page, a)
	}
}

// untold checks the answer to a useless prefetch.
func (s *matrixSite) untold(k kind, form, page string, a reply) {
	if a.status != http.StatusNoContent || a.body != "" || a.header.Get("Cache-Control") != httpanswer.CacheNever || a.header.Get("ETag") != "" ||
		slices.ContainsFunc(a.saw, func(p string) bool { return p != page }) {
		s.fault(k, form, "a useless prefetch is answered with content: %d, %d bytes, %v, seen as %q", a.status, len(a.body), a.header["Cache-Control"], a.saw)
	}
}

// denied holds the answer to a stranger.
func (s *matrixSite) denied(k kind, form, page string, a reply) {
	fault := func(format string, args ...any) { s.fault(k, form, "a stranger "+format, args...) }
	status, location := http.StatusForbidden, ""
	if s.guard == "redirect" || s.middleware == "path" {
		status, location = http.StatusFound, path.Join(path.Dir(page), "sign-in")
	}
	switch at, _, _ := strings.Cut(a.header.Get("Location"), "?"); {
	case s.guard != "session" && (a.status != status || a.header.Get("Location") != location),
		s.guard == "session" && !(a.status == http.StatusSeeOther && strings.HasPrefix(at, s.base+"/") && strings.HasSuffix(at, "/sign-in") ||
			a.status == http.StatusUnauthorized && a.header.Get("WWW-Authenticate") != ""):
		fault("is not denied: %d to %q, want %d to %q", a.status, a.header.Get("Location"), status, location)
	}
	if strings.Contains(a.body, "content of") || strings.Contains(a.body, "visitor=ann") || strings.Contains(a.body, "visitor=bob") || strings.Contains(a.body, "in stock") {
		fault("sees the page: %.80q", a.body)
	}
	if a.header.Get("Cache-Control") != httpanswer.CacheNever || a.header.Get("ETag")+a.header.Get("Allow") != "" {
		fault("may keep the denial, or learns of the page: %q, %q, %q", a.header.Get("Cache-Control"), a.header.Get("ETag"), a.header.Get("Allow"))
	}
	if len(a.saw) == 0 || slices.ContainsFunc(a.saw, func(p string) bool { return !s.right(k, p, page) }) {
		fault("is judged by another path: %q", a.saw)
	}
}

// leaves asks as a visitor who is gone before there is an answer.
func (s *matrixSite) leaves(k kind, form, target string) {
	switch k.name {
	case "failing kept page", "with a fragment that fails":
		return // these fail by themselves
	}
	before := s.log.take()
	if strings.Contains(before, secretProps) {
		s.fault(k, form, "the log names a visitor's props")
	}
	if !k.broken && k.status != 500 && strings.Contains(before, "level=ERROR") {
		s.fault(k, form, "the log has errors: %.300s", before[strings.Index(before, "level=ERROR"):])
	}
	ctx, leave := context.WithCancel(context.Background())
	leave()
	if form == "document" {
		s.ask(ctx, k.verb(), target, "ann")
	} else {
		s.ask(ctx, http.MethodGet, target, "ann")
	}
	if log := s.log.take(); strings.Contains(log, "level=ERROR") || strings.Contains(log, "level=WARN") {
		s.fault(k, form, "a visitor who leaves is an error: %.300s", log)
	}
}

// hostile asks for paths that two readers could take for two things.
func (s *matrixSite) hostile(k kind) {
	plain, _, _ := strings.Cut(s.page(k), "?")
	for _, end := range []string{"/..%2fx", "%00", "/%5c%2f", "%252e%2f", "/%ff%2f", "/" + strings.Repeat("%2f", 2100), "//%00"} {
		a := s.ask(context.Background(), "GET", plain+"x"+end, "ann")
		if a.status != http.StatusBadRequest || a.header.Get("Cache-Control") != httpanswer.CacheNever || len(a.saw) > 0 {
			s.fault(k, "document", "a hostile path is not refused at once: %.20s: %d, seen as %.60q", end, a.status, a.saw)
		}
	}
}

// slash asks for a page by a path that differs in its slash.
func (s *matrixSite) slash(k kind) {
	page := s.page(k)
	if k.open || k.handler || strings.HasSuffix(page, "/") {
		return
	}
	if s.guard != "" {
		s.denied(k, "document", page, s.ask(context.Background(), "GET", page+"/", ""))
	}
	want := map[bool]string{false: httpanswer.CachePage, true: "private, no-cache"}[s.closed()]
	if s.guard != "" {
		want = httpanswer.CacheNever
	}
	a := s.ask(context.Background(), "GET", page+"/?q=1", "ann")
	if a.status != http.StatusPermanentRedirect || a.header.Get("Location") != page+"?q=1" || a.header.Get("Cache-Control") != want {
		s.fault(k, "document", "the slash is not led away: %d %v", a.status, a.header)
	}
}

// methods asks for what may be asked, and with a method that may not be used.
func (s *matrixSite) methods(k kind) {
	page, _, _ := strings.Cut(s.page(k), "?")
	want := k.allow
	if want == "" && (k.handler || k.immutable || k.fixed) {
		return // it answers every method, or is not a page
	}
	for _, method := range []string{http.MethodOptions, http.MethodDelete} {
		a := s.ask(context.Background(), method, page, "ann")
		allowed := strings.Split(strings.ReplaceAll(a.header.Get("Allow"), " ", ""), ",")
		for _, name := range strings.Split(cmpOr(want, "GET, HEAD"), ", ") {
			if !slices.Contains(allowed, name) {
				s.fault(k, "document", "%s does not list the methods: %q, %d", method, a.header.Get("Allow"), a.status)
			}
		}
		if a.header.Get("Cache-Control") != httpanswer.CacheNever || method == http.MethodDelete && a.status != http.StatusMethodNotAllowed || method == http.MethodOptions && a.status != http.StatusNoContent {
			s.fault(k, "document", "%s is answered as a page: %d, %q", method, a.status, a.header.Get("Cache-Control"))
		}
	}
}

// expect asks over sockets, and sends no body before it is asked to.
func (s *matrixSite) expect(t *testing.T) {
	server := &listen.Server{Handler: s.handler, Addr: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), ReadTimeout: -1}
	address, err := server.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	var all sync.WaitGroup
	for _, k := range kinds() {
		if k.handler {
			continue // they may read the body
		}
		all.Go(func() {
			s.m.requests.Add(1)
			u := url.URL{Path: s.page(k)}
			if err := answersBeforeABody(address.String(), u.EscapedPath()); err != nil {
				s.m.mu.Lock()
				defer s.m.mu.Unlock()
				s.fault(k, "document", "a client that waits for 100 Continue is not answered: %v", err)
			}
		})
	}
	all.Wait()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
