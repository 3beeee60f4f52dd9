// What cannot be done, row by row.

package admin_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/admin"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/operate"
	"github.com/gorgon-go/gorgon/render"
)

// send sends a request with headers.
func send(h http.Handler, method, host, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = host
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// A page of the web whose name was made to lead to this machine reads nothing.
func TestForeignHosts(t *testing.T) {
	s := newStage(true)
	h := open(t, s, admin.Config{Hosts: []string{"ops.example.com"}})
	for host, fine := range map[string]bool{
		"localhost": true, "localhost:9465": true, "LOCALHOST:1": true, "127.0.0.1:9465": true, "[::1]:9465": true, "10.0.0.7": true, "ops.example.com": true, "OPS.example.com:443": true, "shop.localhost:9465": true,
		"evil.example": false, "127.0.0.1.evil.example:9465": false, "localhost.evil.example": false, "evil.example:9465": false, "": false, "ops.example.com.evil.example": false, "evil.example#localhost": false, "x@localhost": false,
	} {
		for _, path := range []string{"/", "/snapshot.json", "/log", "/do", "/_gorgon/live/"} {
			for _, method := range []string{"GET", "POST"} {
				w := send(h, method, host, path, "act=purge&kind=all", "Sec-Fetch-Site", "same-origin")
				if w.Code == http.StatusMisdirectedRequest == fine {
					t.Errorf("%s %s at %q: %d", method, path, host, w.Code)
				}
				if !fine && strings.Contains(w.Body.String(), "shop") {
					t.Errorf("%s at %q tells: %s", path, host, w.Body)
				}
			}
		}
	}
	guard := func(next http.Handler) http.Handler { return next }
	if w := get(open(t, s, admin.Config{Guard: guard}), "http://evil.example/"); w.Code != 200 {
		t.Errorf("guarded: %d", w.Code)
	}
}

// A guard is asked for everything, and what it refuses is not answered.
func TestGuard(t *testing.T) {
	s := newStage(true)
	a := admin.New(admin.Config{Guard: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "let me" {
				http.Error(w, "no", http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}})
	if !a.Guarded() || admin.New(admin.Config{}).Guarded() {
		t.Error("Guarded says something else")
	}
	h, err := a.Open(t.Context(), &s.Program)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(all(), "/snapshot.json", "/do", "/confirm?act=retry&id=17", "/_gorgon/live/", "/robots.txt", "/nothing", "/jobs/17") {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			if w := send(h, method, "ops.example.com", path, "", "Sec-Fetch-Site", "same-origin"); w.Code != http.StatusUnauthorized || w.Body.String() != "no\n" {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
		}
	}
	if w := send(h, "GET", "ops.example.com", "/", "", "Authorization", "let me"); w.Code != 200 {
		t.Errorf("let in: %d", w.Code)
	}
	if s.changes() != "" {
		t.Error("something was changed")
	}
}

// The guards of package auth let through who has the scope, and lead no browser
// around in a circle.
func TestScope(t *testing.T) {
	people := auth.New(auth.Options{Store: mem.NewSessions(), Log: slog.New(slog.DiscardHandler), SignIn: "/sign-in", Find: func(_ context.Context, user string) ([]string, error) {
		return map[string][]string{"ada": {"operate"}, "bob": {"shop"}}[user], nil
	}})
	kept, err := cache.New(cache.Config{Renderer: &render.Renderer{}, Store: mem.Open(mem.Options{}), NoSweep: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	people.Serve(t.Context(), kept.Coherence())
	h := open(t, newStage(true), admin.Config{Guard: people.Scope("operate")})
	for user, want := range map[string]int{"": http.StatusUnauthorized, "bob": http.StatusForbidden, "ada": http.StatusOK} {
		for _, path := range []string{"/", "/sign-in?next=/", "/snapshot.json"} {
			r := httptest.NewRequest("GET", "https://ops.example.com"+path, nil)
			r.Header.Set("Accept", "text/html")
			r.Header.Set("Sec-Fetch-Mode", "navigate")
			if user != "" {
				cookie, err := people.Issue(r, user)
				if err != nil {
					t.Fatal(err)
				}
				r.AddCookie(cookie)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if want := map[bool]int{true: http.StatusNotFound, false: want}[want == 200 && strings.HasPrefix(path, "/sign-in")]; w.Code != want || w.Header().Get("Location") != "" {
				t.Errorf("%q at %s: %d, %q: %s", user, path, w.Code, w.Header().Get("Location"), w.Body)
			}
		}
	}
	for to, follows := range map[string]bool{"/sign-in": false, "": false, "https://id.example.com/": true, "//id.example.com/": true} {
		leads := open(t, newStage(true), admin.Config{Guard: func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", to)
				w.WriteHeader(http.StatusSeeOther)
				_, _ = w.Write([]byte("there"))
			})
		}})
		if w := get(leads, "/"); (w.Code == http.StatusSeeOther) != follows || (w.Body.String() == "there") != follows || w.Code == http.StatusUnauthorized && !strings.Contains(w.Body.String(), "Sign in at the site") {
			t.Errorf("a guard that leads to %q: %d, %s", to, w.Code, w.Body)
		}
	}
}

// What changes something is a POST of these pages, where changes are allowed.
func TestChanges(t *testing.T) {
	acts := map[string]string{
		"act=retry&id=17":                          "retry 17",
		"act=now&id=19":                            "now 19",
		"act=cancel&id=19":                         "cancel 19",
		"act=remove&id=17":                         "remove 17",
		"act=purge&kind=path&name=/products/7":     "purge path /products/7 false",
		"act=purge&kind=tag&name=a&expire=true":    "purge tag a true",
		"act=purge&kind=all":                       "purge all  false",
		"act=purge&kind=fragment&name=stock":       "purge fragment stock false",
		"act=purge&kind=route&name=/products/{id}": "purge route /products/{id} false",
	}
	const host = "127.0.0.1:9465"
	for _, writes := range []bool{true, false} {
		s := newStage(writes)
		h := open(t, s, admin.Config{})
		for act, did := range acts {
			for name, header := range map[string][]string{
				"of another site":             {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
				"of another port":             {"Sec-Fetch-Site", "same-site", "Origin", "http://127.0.0.1:8080"},
				"of another origin alone":     {"Origin", "http://127.0.0.1:8080"},
				"of a site of its name":       {"Origin", "http://127.0.0.1:9465.evil.example"},
				"of a sandbox":                {"Origin", "null"},
				"of a sandbox that says so":   {"Origin", "null", "Sec-Fetch-Site", "cross-site"},
				"with two words that differ":  {"Sec-Fetch-Site", "same-origin", "Origin", "https://evil.example"},
				"typed or of a bookmark":      {"Sec-Fetch-Site", "none"},
				"that does not say":           nil,
				"of a browser without Origin": {"User-Agent", "Mozilla/5.0"},
			} {
				if w := send(h, "POST", host, "/do", act, header...); w.Code != http.StatusForbidden {
					t.Errorf("%s, %s: %d", act, name, w.Code)
				}
			}
			for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "WHATEVER"} {
				if w := send(h, method, host, "/do?"+act, act, "Sec-Fetch-Site", "same-origin"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "POST" {
					t.Errorf("%s %s: %d", method, act, w.Code)
				}
			}
			if w := send(h, "POST", host, "/do?"+act, "", "Sec-Fetch-Site", "same-origin"); w.Code < 400 {
				t.Errorf("in the URL, %s: %d", act, w.Code)
			}
			if w := get(h, "/confirm?"+act); w.Code != 200 || strings.Contains(w.Body.String(), "<form") != writes {
				t.Errorf("/confirm?%s with writes %t: %d", act, writes, w.Code)
			}
			if did := s.changes(); did != "" {
				t.Errorf("%s: %s", act, did)
			}
			w := send(h, "POST", host, "/do", act, "Sec-Fetch-Site", "same-origin", "Origin", "http://"+host)
			to := w.Header().Get("Location")
			if !writes {
				if w.Code != http.StatusForbidden || s.changes() != "" {
					t.Errorf("without writes, %s: %d", act, w.Code)
				}
				continue
			}
			if got := s.changes(); w.Code != http.StatusSeeOther || got != did {
				t.Errorf("%s: %d, %q and not %q: %s", act, w.Code, got, did, w.Body)
			}
			if w := get(h, to); w.Code != 200 || !strings.Contains(w.Body.String(), `class="notice"`) {
				t.Errorf("%s leads to %s: %d", act, to, w.Code)
			}
		}
		if w := send(h, "POST", host, "/do", "act=cancel&id=19", "Origin", "http://"+host); (w.Code == http.StatusSeeOther) != writes {
			t.Errorf("an old browser: %d", w.Code)
		}
		_ = s.changes()
		for _, act := range []string{"", "act=drop&name=x", "act=purge", "act=purge&kind=sql&name=x", "act=purge&kind=path", "act=retry&id=x", "act=retry&id=-1", "act=stop"} {
			if w := send(h, "POST", host, "/do", act, "Sec-Fetch-Site", "same-origin"); w.Code < 400 || s.changes() != "" {
				t.Errorf("%q: %d", act, w.Code)
			}
		}
	}
}

// Reading changes nothing, and pages take nothing but reading.
func TestReadingChangesNothing(t *testing.T) {
	s := newStage(true)
	h := open(t, s, admin.Config{})
	for _, path := range append(all(), "/snapshot.json", "/jobs/17", "/why?what=/&act=purge&kind=all", "/jobs?act=retry&id=17&done=retry") {
		if w := get(h, path); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"} {
			if w := send(h, method, "localhost", path, "act=purge&kind=all", "Sec-Fetch-Site", "same-origin"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d, %q", method, path, w.Code, w.Header()["Allow"])
			}
		}
	}
	if did := s.changes(); did != "" {
		t.Error(did)
	}
}

// There is nothing that shows or runs more than what is declared.
func TestWhatIsNotThere(t *testing.T) {
	h := open(t, newStage(true), admin.Config{})
	for _, path := range []string{"/debug/pprof/", "/debug/vars", "/metrics", "/env", "/sql", "/query", "/migrate", "/shutdown", "/quit", "/.env", "/readyz", "/livez", "/startupz", "/_gorgon/purge", "/_gorgon/tick", "/_gorgon/rooms/x", "/_gorgon/dev/", "/_gorgon/locale", "/admin.go", "/../etc/passwd"} {
		for _, method := range []string{"GET", "POST"} {
			if w := send(h, method, "localhost", path, "", "Sec-Fetch-Site", "same-origin"); w.Code < 400 {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
		}
	}
}

// Every answer says that it is not to be kept, framed, listed or referred to, and
// allows no scripts and no requests but those of the pages.
func TestHeaders(t *testing.T) {
	s := newStage(true)
	h := open(t, s, admin.Config{Guard: func(next http.Handler) http.Handler { return next }})
	unguarded := open(t, s, admin.Config{})
	body := get(h, "/").Body.String()
	var assets []string
	for _, part := range strings.Split(body, `"/_gorgon/assets/`)[1:] {
		assets = append(assets, "/_gorgon/assets/"+part[:strings.Index(part, `"`)])
	}
	if len(assets) < 3 {
		t.Fatalf("%q", assets)
	}
	answers := map[string]*httptest.ResponseRecorder{
		"foreign host":  send(unguarded, "GET", "evil.example", "/", ""),
		"wrong method":  send(h, "DELETE", "localhost", "/", ""),
		"forged":        send(h, "POST", "localhost", "/do", "act=purge&kind=all"),
		"not there":     get(h, "/nothing"),
		"refused":       get(h, "/debug/pprof/"),
		"done":          send(h, "POST", "localhost", "/do", "act=purge&kind=all", "Sec-Fetch-Site", "same-origin"),
		"a broken path": get(h, "/%2e%2e/"),
	}
	for _, path := range append(append(all(), "/snapshot.json", "/confirm?act=retry&id=17", "/robots.txt"), assets...) {
		answers[path] = get(h, path)
		if answers[path].Code != 200 {
			t.Errorf("%s: %d", path, answers[path].Code)
		}
	}
	for name, w := range answers {
		for header, want := range map[string]string{
			"Cache-Control": "no-store", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex, nofollow",
		} {
			if got := w.Header()[header]; len(got) != 1 || got[0] != want {
				t.Errorf("%s: %s: %q", name, header, got)
			}
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") {
			t.Errorf("%s: %s", name, csp)
		}
		if len(w.Header()["Set-Cookie"]) > 0 || len(w.Header()["Access-Control-Allow-Origin"]) > 0 {
			t.Errorf("%s: %v", name, w.Header())
		}
	}
}

// What visitors wrote is text wherever it is shown, and pages have no scripts and
// styles of their own.
func TestEscaped(t *testing.T) {
	h := open(t, newStage(true), admin.Config{})
	q := url.QueryEscape(hostile)
	paths := append(all(), "/jobs/17", "/why?what="+q, "/why?what="+url.QueryEscape("/gone"+hostile), "/jobs?kind="+q, "/jobs?show="+q, "/log?show="+q, "/pages?sort="+q, "/?done="+q,
		"/confirm?act=purge&kind=tag&name="+q, "/nothing/"+url.PathEscape(hostile))
	seen := 0
	for _, path := range paths {
		body := get(h, path).Body.String()
		for _, bad := range []string{"<script>", "<img", "onerror=alert(1)>", " style=", " onclick", "javascript:"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s has %s", path, bad)
			}
		}
		seen += strings.Count(body, "&lt;script&gt;alert")
	}
	if seen < 8 {
		t.Errorf("only %d times was it shown as text: this test sees nothing", seen)
	}
}

// Hidden things are not shown: arguments and keys that the desk leaves out,
// passwords, the environment.
func TestSecrets(t *testing.T) {
	t.Setenv("GORGON_SECRET", "hush-of-the-environment")
	t.Setenv("DATABASE_URL", "postgres://shop:hush-of-the-database@db/shop")
	h := open(t, newStage(true), admin.Config{})
	for _, path := range append(all(), "/jobs/17", "/jobs/18", "/snapshot.json") {
		body := get(h, path).Body.String()
		if strings.Contains(body, "hush") {
			t.Errorf("%s shows a secret", path)
		}
	}
	if body := get(h, "/jobs/17").Body.String(); !strings.Contains(body, "They are not shown") {
		t.Error("a kind that hides its arguments is not said to")
	}
}

// The document has all, and is the one that its type reads.
func TestSnapshot(t *testing.T) {
	w := get(open(t, newStage(false), admin.Config{}), "/snapshot.json")
	var s operate.Snapshot
	if err := json.Unmarshal(w.Body.Bytes(), &s); err != nil || w.Header().Get("Content-Type") != "application/json" {
		t.Fatal(err, w.Header())
	}
	if s.About.App != "shop" || len(s.Hour) != 60 || len(s.Rooms) != 2 || len(s.Folders) != 2 || len(s.Kinds) != 2 || s.State.Followers != 41 || len(s.Parts) == 0 || !s.Ready {
		t.Errorf("%s", w.Body)
	}
	if strings.Contains(w.Body.String(), "alert(1)\"") {
		t.Error("it is not JSON")
	}
}
