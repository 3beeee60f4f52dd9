// The matrix finds planted bugs.

package e2e_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	httpanswer "github.com/gorgon-go/gorgon/answer"
)

// answersBeforeABody says why a server does not answer a request whose body it
// has not asked for; nil where it does.
func answersBeforeABody(address, path string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nCookie: visitor=ann\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n", path); err != nil {
		return err
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err == nil && res.StatusCode < 400 {
		err = errors.New(res.Status)
	}
	return err
}

// A plant is a rule, and how a site looks without it.
type plant struct {
	rule  string
	spoil spoiler
	shows span // where it is looked for
}

// A span is a part of the matrix: the settings and the kinds whose names begin so.
type span struct{ setting, kind string }

func (p span) of(s setting, k kind) bool {
	return strings.HasPrefix(s.name, p.setting) && strings.HasPrefix(k.name, p.kind)
}

// after changes answers on their way out.
func after(change func(s setting, r *http.Request, status *int, header http.Header, body *string)) spoiler {
	return func(s setting, site, _ http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := httptest.NewRecorder()
			site.ServeHTTP(rec, r)
			status, body := rec.Code, rec.Body.String()
			change(s, r, &status, rec.Header(), &body)
			for name, values := range rec.Header() {
				w.Header()[name] = values
			}
			w.WriteHeader(status)
			if r.Method != http.MethodHead {
				_, _ = w.Write([]byte(body))
			}
		})
	}
}

// below answers some requests from the site that nothing stands in front of.
func below(when func(r *http.Request) bool) spoiler {
	return func(_ setting, site, open http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if when(r) {
				open.ServeHTTP(w, r)
				return
			}
			site.ServeHTTP(w, r)
		})
	}
}

func has(r *http.Request, part string) bool { return strings.Contains(r.URL.Path, part) }

func plants() []plant {
	return []plant{
		{"guards and middleware stand before payloads", below(func(r *http.Request) bool { return has(r, "/_gorgon/page/") }), span{setting: "guarded"}},
		{"guards and middleware stand before fragments", below(func(r *http.Request) bool { return has(r, "/_gorgon/fragment/") || has(r, "/_gorgon/view/") }), span{setting: "guarded"}},
		{"guards and middleware stand before HEAD", below(func(r *http.Request) bool { return r.Method == http.MethodHead }), span{setting: "guarded"}},
		{"guards and middleware stand before conditional requests", below(func(r *http.Request) bool { return r.Header.Get("If-None-Match") != "" }), span{setting: "guarded"}},
		{"guards and middleware stand before prefetches", below(func(r *http.Request) bool { return r.Header.Get("Purpose") != "" }), span{setting: "guarded"}},
		{"guards and middleware stand before forms", below(func(r *http.Request) bool { return r.Header.Get("Content-Type") == formMedia }), span{kind: "form"}},
		{"guards and middleware stand before JSON", below(func(r *http.Request) bool { return r.Header.Get("Content-Type") == "application/json" }), span{kind: "JSON endpoint"}},
		{"no cache keeps what an endpoint answers", after(func(_ setting, r *http.Request, status *int, h http.Header, _ *string) {
			if has(r, "/endpoint") || has(r, "/order") {
				h.Set("Cache-Control", loudControl)
			}
		}), span{kind: "endpoint"}},
		{"OPTIONS lists methods", after(func(_ setting, r *http.Request, _ *int, h http.Header, _ *string) {
			if r.Method == http.MethodOptions {
				h.Del("Allow")
			}
		}), span{}},
		{"guards are asked before a slash is led away", below(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/") && !has(r, "//") }), span{setting: "guarded"}},
		{"no cache keeps a guarded page", after(func(s setting, _ *http.Request, status *int, h http.Header, _ *string) {
			if s.guard != "" && *status == 200 {
				h.Set("Cache-Control", "private, no-cache")
			}
		}), span{setting: "guarded"}},
		{"no cache keeps a visitor's part", after(func(s setting, _ *http.Request, status *int, h http.Header, body *string) {
			if *status == 200 && strings.Contains(*body, "visitor=") {
				h.Set("Cache-Control", loudControl)
			}
		}), span{}},
		{"an answer that is not kept has no validators", after(func(_ setting, _ *http.Request, _ *int, h http.Header, _ *string) {
			if h.Get("Cache-Control") == httpanswer.CacheNever {
				h.Set("ETag", `"x"`)
			}
		}), span{}},
		{"an answer that is not kept is never 304", after(func(_ setting, r *http.Request, status *int, h http.Header, body *string) {
			if r.Header.Get("If-None-Match") == "*" && h.Get("Cache-Control") == httpanswer.CacheNever {
				*status, *body = 304, ""
			}
		}), span{}},
		{"no cache keeps errors", after(func(_ setting, _ *http.Request, status *int, h http.Header, _ *string) {
			if *status >= 400 {
				h.Set("Cache-Control", httpanswer.CachePage)
			}
		}), span{kind: "failing"}},
		{"no cache keeps a cookie", after(func(_ setting, _ *http.Request, _ *int, h http.Header, _ *string) {
			if h.Get("Set-Cookie") != "" {
				h.Set("Cache-Control", loudControl)
			}
		}), span{kind: "handler with a cookie"}},
		{"a CDN is not told to answer in place of middleware", after(func(s setting, _ *http.Request, _ *int, h http.Header, _ *string) {
			if s.name == "CDN, middleware" && h.Get("Cache-Control") == "private, no-cache" {
				h.Set("Cache-Control", httpanswer.CachePage)
			}
		}), span{setting: "CDN, middleware"}},
		{"what a surrogate fills in is not for browsers", after(func(_ setting, _ *http.Request, _ *int, h http.Header, _ *string) {
			if h.Get("Surrogate-Control") != "" {
				h.Set("Cache-Control", httpanswer.CachePage)
			}
		}), span{setting: "ESI"}},
		{"no visitor sees the part of another", after(func(_ setting, _ *http.Request, _ *int, _ http.Header, body *string) {
			*body = strings.ReplaceAll(*body, "visitor=ann", "visitor=bob")
		}), span{}},
		{"answers vary by coding", after(func(_ setting, _ *http.Request, _ *int, h http.Header, _ *string) { h.Del("Vary") }), span{}},
		{"HEAD says what GET says", after(func(_ setting, r *http.Request, _ *int, h http.Header, _ *string) {
			if r.Method == http.MethodHead {
				h.Del("Cache-Control")
			}
		}), span{}},
		{"a page of another type has no layout", after(func(_ setting, _ *http.Request, _ *int, h http.Header, body *string) {
			if h.Get("Content-Type") == "application/atom+xml" {
				*body = "<html>" + *body
			}
		}), span{kind: "feed"}},
		{"other units than bytes are ignored", after(func(_ setting, r *http.Request, status *int, _ http.Header, _ *string) {
			if r.Header.Get("Range") != "" {
				*status = 416
			}
		}), span{}},
		{"hostile paths are refused first", after(func(_ setting, r *http.Request, status *int, _ http.Header, _ *string) {
			if *status == 400 && r.URL.RawPath != "" {
				*status = 404
			}
		}), span{}},
		{"a redirect is read from the page's path", after(func(_ setting, r *http.Request, _ *int, h http.Header, _ *string) {
			if at := h.Get("Location"); strings.HasSuffix(at, "sign-in") && has(r, "/_gorgon/") {
				h.Set("Location", "/_gorgon/page/sign-in")
			}
		}), span{setting: "redirecting guard"}},
		{"a refused redirect is the visitor's", after(func(_ setting, r *http.Request, status *int, _ http.Header, _ *string) {
			if *status == 400 && has(r, "evil") {
				*status = 500
			}
		}), span{kind: "refused redirect"}},
		{"fragments come on error pages", after(func(_ setting, r *http.Request, status *int, _ http.Header, _ *string) {
			if has(r, "/nothing") && has(r, "/_gorgon/") {
				*status = 404
			}
		}), span{kind: "no page"}},
	}
}

// TestMatrixFindsWhatIsWrong takes the rules away one by one.
func TestMatrixFindsWhatIsWrong(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the matrix once for each rule")
	}
	t.Parallel()
	nothing := after(func(setting, *http.Request, *int, http.Header, *string) {})
	for _, setting := range []string{"open", "guarded", "redirecting guard", "CDN, middleware", "ESI, middleware"} { // TestMatrix has them all
		if failed := runMatrix(t, nothing, 0, span{setting: setting}).failed(); len(failed) > 0 {
			t.Fatalf("with every rule in place %d cells fail, such as %v", len(failed), failed[:min(3, len(failed))])
		}
	}
	for _, p := range plants() {
		if failed := runMatrix(t, p.spoil, 5, p.shows).failed(); len(failed) < 5 {
			t.Errorf("without the rule that %s, %d cells fail: %v", p.rule, len(failed), failed)
		} else {
			t.Logf("five cells fail without the rule that %s", p.rule)
		}
	}
}
