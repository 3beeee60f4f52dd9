package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/serve"
)

const form, multi = "application/x-www-form-urlencoded", "multipart/form-data"

type note struct {
	Text   string            `json:"text" check:"max=50"`
	Labels map[string]string `json:"labels,omitempty"`
	Deep   []step            `json:"deep,omitempty"`
	File   *api.File         `json:"file,omitempty"`
}

// hostile is an app whose endpoints do what a word in the input says.
func hostile() gorgon.App {
	handle := func(ctx context.Context, in note) (map[string]float64, error) {
		switch in.Text {
		case "redirect":
			return nil, gorgon.Redirect("/there")
		case "missing":
			return nil, gorgon.NotFound()
		case "stranger":
			return nil, &gorgon.Error{Kind: gorgon.KindUnauthorized}
		case "busy":
			return nil, &gorgon.Error{Kind: gorgon.KindTooMany, RetryAfter: 90 * time.Second}
		case "NaN":
			return map[string]float64{"n": math.NaN()}, nil
		case "key":
			return map[string]float64{"\xff": 1}, nil
		case "slow":
			<-ctx.Done()
			return nil, ctx.Err()
		case "deaf": // to its context
			time.Sleep(60 * time.Millisecond)
		}
		return map[string]float64{"n": 1}, nil
	}
	post := func(path string) api.Endpoint[note, map[string]float64] {
		return api.Endpoint[note, map[string]float64]{Path: path, Handle: handle, Timeout: 30 * time.Millisecond}
	}
	listed := post("POST /listed")
	listed.Origins = []string{"https://friend.example"}
	listed.Guards = []func(http.Handler) http.Handler{member}
	home := gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component { return gorgon.Text("home") }}
	return gorgon.App{Name: "hostile", Parts: []gorgon.Part{home,
		post("POST /notes"), post("DELETE /notes"), listed,
		api.Endpoint[api.None, api.None]{Path: "POST /nothing", Handle: func(context.Context, api.None) (api.None, error) { return api.None{}, nil }},
	}}
}

// parts are the body of a form with files.
func parts(t *testing.T, write func(*multipart.Writer)) (kind, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	write(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.String()
}

func many(n int, name string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "&"+name+"=x", i)
	}
	return b.String()[1:]
}

func TestHostileBodies(t *testing.T) {
	site := gorgontest.Open(t, hostile())
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, `{"text":"x"}`)
	_ = z.Close()
	thousands, thousandParts := parts(t, func(w *multipart.Writer) {
		for i := range 5000 {
			_ = w.WriteField(fmt.Sprint("p", i), "x")
		}
	})
	giant, giantHeader := parts(t, func(w *multipart.Writer) {
		_, _ = w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="text"; x="` + strings.Repeat("y", 300<<10) + `"`}})
	})
	file := func(name string) (string, string) {
		return parts(t, func(w *multipart.Writer) {
			_ = w.WriteField("text", "x")
			f, _ := w.CreateFormFile("file", name)
			_, _ = io.WriteString(f, "data")
		})
	}
	upKind, up := file("../../etc/passwd")
	nulKind, nul := file("a\x00b")
	const small = `{"text":"x"}`
	for name, c := range map[string]struct {
		method, path, kind, body string
		status                   int
		header                   []string
	}{
		"JSON":                {"POST", "/notes", "application/json", small, 200, nil},
		"charset":             {"POST", "/notes", "Application/JSON; Charset=UTF-8", small, 200, nil},
		"quoted charset":      {"POST", "/notes", `application/json;charset="utf-8"`, small, 200, nil},
		"other charset":       {"POST", "/notes", "application/json; charset=utf-16", small, 415, nil},
		"form charset":        {"POST", "/notes", form + "; charset=iso-8859-1", "text=x", 415, nil},
		"no type":             {"POST", "/notes", "", small, 415, nil},
		"garbage":             {"POST", "/notes", "application/json; =; ;;", small, 415, nil},
		"only garbage":        {"POST", "/notes", ";;;", small, 415, nil},
		"text":                {"POST", "/notes", "text/plain", small, 415, nil},
		"JSON of another":     {"POST", "/notes", "application/ld+json", small, 415, nil},
		"gzip":                {"POST", "/notes", "application/json", packed.String(), 415, []string{"Content-Encoding", "gzip"}},
		"identity":            {"POST", "/notes", "application/json", small, 200, []string{"Content-Encoding", "identity"}},
		"empty":               {"POST", "/notes", "", "", 422, nil},
		"empty JSON":          {"POST", "/notes", "application/json", "", 400, nil},
		"two values":          {"POST", "/notes", "application/json", small + small, 400, nil},
		"bad UTF-8":           {"POST", "/notes", "application/json", "{\"text\":\"\xff\"}", 400, nil},
		"deep":                {"POST", "/notes", "application/json", strings.Repeat("[", 100000), 400, nil},
		"null":                {"POST", "/notes", "application/json", "null", 422, nil},
		"map":                 {"POST", "/notes", "application/json", `{"text":"x","labels":{"a":"b"}}`, 200, nil},
		"form":                {"POST", "/notes", form, "text=x&labels.a=b&deep.7.text=y&deep.7.minutes=1", 303, nil},
		"form, JSON wanted":   {"POST", "/notes", form, "text=x", 200, []string{"Accept", "application/json"}},
		"form by DELETE":      {"DELETE", "/notes", form, "text=x", 200, []string{"Accept", "application/json"}},
		"bad escape":          {"POST", "/notes", form, "text=%zz", 400, nil},
		"semicolon":           {"POST", "/notes", form, "text=x;y=z", 400, nil},
		"far index":           {"POST", "/notes", form, "text=x&deep.99999999.text=y&deep.99999999.minutes=1", 303, nil},
		"no index":            {"POST", "/notes", form, "text=x&deep.99999999999999999999.text=y", 422, nil},
		"many names":          {"POST", "/notes", form, "text=x&" + many(9000, "n%d"), 422, nil},
		"too many names":      {"POST", "/notes", form, "text=x&" + many(20000, "n%d"), 400, nil},
		"deep names":          {"POST", "/notes", form, "text=x&" + strings.Repeat("a.", 10000) + "=1", 422, nil},
		"multipart":           {"POST", "/notes", upKind, up, 303, nil},
		"NUL in a file name":  {"POST", "/notes", nulKind, nul, 400, nil},
		"no boundary":         {"POST", "/notes", multi, up, 400, nil},
		"cut multipart":       {"POST", "/notes", upKind, up[:len(up)-20], 400, nil},
		"thousands of parts":  {"POST", "/notes", thousands, thousandParts, 413, nil},
		"giant header":        {"POST", "/notes", giant, giantHeader, 303, nil},
		"long form":           {"POST", "/notes", form, "text=" + strings.Repeat("x", 1<<20), 413, nil},
		"nothing":             {"POST", "/nothing", "", "", 204, nil},
		"nothing, form":       {"POST", "/nothing", form, "", 303, nil},
		"nothing, JSON":       {"POST", "/nothing", "application/json", "{}", 204, nil},
		"nothing, something":  {"POST", "/nothing", "application/json", `{"a":1}`, 422, nil},
		"HEAD":                {"HEAD", "/notes", "", "", 405, nil},
		"OPTIONS":             {"OPTIONS", "/notes", "", "", 204, nil},
		"TRACE":               {"TRACE", "/notes", "", "", 405, nil},
		"redirect":            {"POST", "/notes", "application/json", `{"text":"redirect"}`, 302, nil},
		"missing":             {"POST", "/notes", "application/json", `{"text":"missing"}`, 404, nil},
		"stranger":            {"POST", "/notes", "application/json", `{"text":"stranger"}`, 401, nil},
		"busy":                {"POST", "/notes", "application/json", `{"text":"busy"}`, 429, nil},
		"NaN":                 {"POST", "/notes", "application/json", `{"text":"NaN"}`, 500, nil},
		"bad UTF-8 in output": {"POST", "/notes", "application/json", `{"text":"key"}`, 500, nil},
		"slow":                {"POST", "/notes", "application/json", `{"text":"slow"}`, 504, nil},
		"deaf":                {"POST", "/notes", "application/json", `{"text":"deaf"}`, 200, nil},
		"unknown path":        {"POST", "/elsewhere", "application/json", small, 404, []string{"Accept", "application/json"}},
		"page":                {"POST", "/", "application/json", small, 405, []string{"Accept", "application/json"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := ask(t, site, c.method, c.path, c.kind, c.body, c.header...)
			body := text(t, r)
			if r.StatusCode != c.status {
				t.Errorf("%s, want %d: %.300s", r.Status, c.status, body)
			}
			if got := r.Header.Get("Cache-Control"); got != "private, no-store" {
				t.Errorf("Cache-Control %q", got)
			}
			program := c.kind != form && !strings.HasPrefix(c.kind, multi) || len(c.header) > 0
			if c.status >= 400 && c.status != 405 && program && mediaType(c.kind) != form && r.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s %.100s", r.Header.Get("Content-Type"), body)
			}
			if (c.status == 405 || c.method == "OPTIONS") && r.Header.Get("Allow") == "" {
				t.Error("there is no Allow")
			}
			if c.status == 429 && r.Header.Get("Retry-After") != "90" {
				t.Errorf("Retry-After %q", r.Header.Get("Retry-After"))
			}
			if name == "gzip" && (r.Header.Get("Accept-Encoding") != "identity" || !strings.Contains(body, "Content-Encoding")) {
				t.Errorf("%v %s", r.Header, body)
			}
		})
	}
}

func mediaType(kind string) string { name, _, _ := strings.Cut(kind, ";"); return name }

// Whatever calls an endpoint from another site is refused, unless its origin is
// listed; what is refused by a guard can be read by a listed origin.
func TestOrigins(t *testing.T) {
	app := hostile()
	app.Origin = "https://app.example"
	site := gorgontest.Open(t, app)
	const own, friend, evil = "https://app.example", "https://friend.example", "https://evil.example"
	for _, c := range []struct {
		path, origin, fetch string
		status              int
		shared              bool
	}{
		{"/notes", "", "", 200, false},
		{"/notes", "", "same-origin", 200, false},
		{"/notes", "", "none", 200, false},
		{"/notes", own, "same-origin", 200, false},
		{"/notes", own, "", 200, false}, // a proxy has replaced the Host
		{"/notes", own, "same-site", 403, false},
		{"/notes", own, "cross-site", 403, false},
		{"/notes", "http://app.example", "", 403, false},
		{"/notes", "https://app.example.evil.example", "", 403, false},
		{"/notes", evil, "cross-site", 403, false},
		{"/notes", evil, "same-site", 403, false},
		{"/notes", evil, "", 403, false},
		{"/notes", "null", "cross-site", 403, false},
		{"/notes", "null", "", 403, false},
		{"/notes", friend, "cross-site", 403, false},
		{"/listed", friend, "cross-site", 401, true},
		{"/listed", evil, "cross-site", 401, false}, // the guard is outside
		{"/listed", "null", "", 401, false},
	} {
		for _, kind := range []string{"application/json", form} {
			body := map[string]string{"application/json": `{"text":"x"}`, form: "text=x"}[kind]
			r := ask(t, site, "POST", c.path, kind, body, "Origin", c.origin, "Sec-Fetch-Site", c.fetch, "Accept", "application/json")
			if got := r.Header.Get("Access-Control-Allow-Origin"); r.StatusCode != c.status || (got == c.origin && c.origin != "") != c.shared || got != "" && !c.shared {
				t.Errorf("%+v, %s: %s, %q", c, kind, r.Status, got)
			}
			if vary := strings.Join(r.Header["Vary"], ","); strings.Contains(vary, "Origin") != (c.path == "/listed") {
				t.Errorf("%+v: Vary %q", c, vary)
			}
		}
		r := ask(t, site, "POST", c.path, "application/json", `{"text":"x"}`, "Origin", c.origin, "Sec-Fetch-Site", c.fetch, "Authorization", "Bearer let-me-in")
		want := c.status
		if c.path == "/listed" {
			want = map[bool]int{true: 200, false: 403}[c.shared]
		}
		if r.StatusCode != want {
			t.Errorf("%+v, signed in: %s", c, r.Status)
		}
		r = ask(t, site, "OPTIONS", c.path, "", "", "Origin", c.origin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type")
		if got := r.Header.Get("Access-Control-Allow-Origin"); r.StatusCode != 204 || (got != "") != c.shared || text(t, r) != "" || (r.Header.Get("Access-Control-Allow-Methods") == "POST") != c.shared {
			t.Errorf("%+v, preflight: %s %v", c, r.Status, r.Header)
		}
	}
}

// What a caller sends stands in no response, except a form that is shown again
// to its sender, and in no line of the log.
func TestNoEcho(t *testing.T) {
	const marker = "s3cr3tMARKER"
	type everything struct {
		ID     string            `path:"id"`
		Q      int               `query:"q"`
		Header bool              `header:"X-Mode"`
		Text   string            `json:"text" check:"max=3"`
		Level  level             `json:"level"`
		At     time.Time         `json:"at"`
		Big    int64             `json:"big"`
		Tags   []string          `json:"tags" check:"max=1"`
		Labels map[string]string `json:"labels" check:"max=0"`
		Secret string            `json:"secret" secret:"true" check:"max=3"`
		File   *api.File         `json:"file,omitempty" check:"max=1"`
	}
	var log bytes.Buffer
	var mu sync.Mutex
	e := api.Endpoint[everything, api.None]{Path: "POST /e/{id}", Name: "everything",
		Handle: func(context.Context, everything) (api.None, error) { return api.None{}, nil }}
	page := gorgon.Page[string]{Path: "/form", View: func(string) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			f := e.FormWith(ctx, everything{ID: "1"})
			for _, name := range []string{"secret", "file"} {
				field := f.Field(name)
				if field.Value != "" || len(field.Values) > 0 {
					t.Errorf("%s is shown again", name)
				}
				if err := field.Message().Render(ctx, w); err != nil {
					return err
				}
			}
			return f.Hidden().Render(ctx, w)
		})
	}}
	lock := writerFunc(func(p []byte) (int, error) { mu.Lock(); defer mu.Unlock(); return log.Write(p) })
	site := gorgontest.Options{Log: slog.New(slog.NewTextHandler(lock, &slog.HandlerOptions{Level: slog.LevelDebug}))}.Open(t, gorgon.App{Name: "echo", Parts: []gorgon.Part{page, e}})
	check := func(what string, r *http.Response) {
		t.Helper()
		body := text(t, r)
		if strings.Contains(body, marker) {
			t.Errorf("%s: the response has it: %s", what, body)
		}
		for name, values := range r.Header {
			if strings.Contains(strings.Join(values, ","), marker) {
				t.Errorf("%s: the header %s has it: %v", what, name, values)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if strings.Contains(log.String(), marker) {
			t.Errorf("%s: the log has it: %s", what, log.String())
		}
		log.Reset()
	}
	fields := []string{"text", "level", "at", "big", "tags", "labels", "secret", "unknown", "file"}
	for _, field := range fields {
		for _, value := range []string{`"` + marker + `"`, `["` + marker + `","` + marker + `"]`, `{"x":"` + marker + `"}`, marker, `"` + marker, "\"\\u" + marker + `"`, "\"\xff" + marker + `"`} {
			check("JSON "+field, ask(t, site, "POST", "/e/1?q=1", "application/json", `{"`+field+`":`+value+`}`))
		}
		for _, accept := range []string{"text/html", "application/json"} {
			for _, name := range []string{field, field + ".0", field + ".x.y", "_" + field} {
				values := url.Values{name: {marker}, "_page": {"/form"}}
				check("form "+name, ask(t, site, "POST", "/e/1?q=1", form, values.Encode(), "Accept", accept))
			}
			kind, body := parts(t, func(w *multipart.Writer) {
				_ = w.WriteField("_page", "/form")
				f, _ := w.CreateFormFile(field, marker)
				_, _ = io.WriteString(f, marker)
			})
			check("file "+field, ask(t, site, "POST", "/e/1?q=1", kind, body, "Accept", accept))
			check("cut file "+field, ask(t, site, "POST", "/e/1?q=1", kind, body[:len(body)-10], "Accept", accept))
		}
	}
	check("query", ask(t, site, "POST", "/e/1?q="+marker+"&"+marker+"=1&x=%zz"+marker, "application/json", "{}"))
	check("bad query", ask(t, site, "POST", "/e/1?q=1&x=%zz"+marker, "application/json", "{}"))
	check("header", ask(t, site, "POST", "/e/1?q=1", "application/json", "{}", "X-Mode", marker))
	check("type", ask(t, site, "POST", "/e/1?q=1", marker+"/x", "{}"))
	check("charset", ask(t, site, "POST", "/e/1?q=1", "application/json;charset="+marker, "{}"))
	check("coding", ask(t, site, "POST", "/e/1?q=1", "application/json", "{}", "Content-Encoding", marker))
	check("boundary", ask(t, site, "POST", "/e/1?q=1", multi+";boundary="+marker, "{}"))
	check("part header", ask(t, site, "POST", "/e/1?q=1", multi+";boundary=b", "--b\r\n"+marker+"\r\n\r\nx\r\n--b--\r\n"))
	check("escape", ask(t, site, "POST", "/e/1?q=1", form, "text=%"+marker))
	check("origin", ask(t, site, "POST", "/e/1?q=1", "application/json", "{}", "Origin", "https://"+marker))
	check("referer", ask(t, site, "POST", "/e/1?q=1", form, "text=1", "Referer", "http://"+marker+"/form"))
	check("page", ask(t, site, "POST", "/e/1?q=1", form, "text=1&_page=/"+marker))
	check("page and host", ask(t, site, "POST", "/e/1?q=1", form, "text=1&_page=https://"+marker+"/"))
	for _, header := range []string{"Authorization", "Cookie", "X-Forwarded-For", "User-Agent", "Last-Event-ID", "If-None-Match", "X-Request-Id", "Traceparent"} {
		check(header, ask(t, site, "POST", "/e/1?q=1", "application/json", "{}", header, marker))
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A body that comes slower than the server waits is refused, and a client that
// waits for "100 Continue" is refused without one.
func TestSlowBodies(t *testing.T) {
	url, _ := listening(t, hostile(), &listen.Server{ReadTimeout: 200 * time.Millisecond})
	body, write := io.Pipe()
	defer write.Close()
	go func() { _, _ = io.WriteString(write, `{"text":`) }()
	r, err := http.Post(url+"/notes", "application/json", body)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if text := text(t, r); r.StatusCode != http.StatusRequestTimeout || !strings.Contains(text, "slowly") {
		t.Errorf("%s %s", r.Status, text)
	}
}

// A guard holds however an operation is reached.
func TestGuardsHold(t *testing.T) {
	var seen []string
	called := 0
	guard := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen = append(seen, r.Method+" "+r.URL.RequestURI()+" "+r.PathValue("id"))
			switch r.Header.Get("Authorization") {
			case "":
				serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindUnauthorized})
			case "away":
				http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
			case "lost":
				next.ServeHTTP(w, r.WithContext(context.Background()))
			default:
				next.ServeHTTP(w, r)
			}
		})
	}
	type byID struct {
		ID string `path:"id"`
		Q  string `query:"q,omitempty"`
	}
	post := api.Endpoint[byID, string]{Path: "POST /things/{id}", Handle: func(context.Context, byID) (string, error) { called++; return "done", nil }}
	var failed error
	app := streaming(
		gorgon.Group{Prefix: "/deep", Guards: []func(http.Handler) http.Handler{guard}, Parts: []gorgon.Part{
			gorgon.Group{Prefix: "/er", Parts: []gorgon.Part{post,
				api.Endpoint[api.None, string]{Path: "GET /get", Handle: func(context.Context, api.None) (string, error) { called++; return "done", nil }},
				api.Read[string]{Path: "GET /read", Load: func(context.Context, gorgon.Input) (string, error) { return "done", nil }},
				api.Stream[api.None, string]{Path: "GET /stream", Handle: func(context.Context, api.None, string) iter.Seq2[api.Item[string], error] {
					return func(yield func(api.Item[string], error) bool) { called++; yield(api.Item[string]{Event: "done"}, nil) }
				}},
			}},
		}},
		gorgon.Page[string]{Path: "/call/{id}", View: func(s string) gorgon.Component { return gorgon.Text(s) },
			LoadRequest: func(ctx context.Context, in gorgon.Input, _ *http.Request) (string, error) {
				var out string
				out, failed = post.Call(ctx, byID{ID: in.PathValue("id"), Q: "a b"})
				return out, nil
			}},
	)
	site := gorgontest.Open(t, app)
	const json = "application/json"
	for _, c := range []struct{ method, path, kind, body string }{
		{"POST", "/deep/er/things/7", json, "{}"}, {"POST", "/deep/er/things/7", form, ""}, {"POST", "/deep/er/things/7", "text/odd", "x"},
		{"GET", "/deep/er/get", "", ""}, {"HEAD", "/deep/er/get", "", ""},
		{"GET", "/deep/er/read", "", ""}, {"HEAD", "/deep/er/read", "", ""},
		{"GET", "/deep/er/stream", "", ""}, {"HEAD", "/deep/er/stream", "", ""},
	} {
		called = 0
		if r := ask(t, site, c.method, c.path, c.kind, c.body); r.StatusCode != 401 || called > 0 || strings.Contains(text(t, r), "done") || r.Header.Get("Etag") != "" {
			t.Errorf("%v: %s, %d calls", c, r.Status, called)
		}
		if r := ask(t, site, c.method, c.path, c.kind, c.body, "Authorization", "away"); r.StatusCode != 303 || called > 0 {
			t.Errorf("%v: %s, %d calls", c, r.Status, called)
		}
		if r := ask(t, site, c.method, c.path, c.kind, c.body, "Authorization", "lost"); r.StatusCode != 500 || called > 0 {
			t.Errorf("%v, without its context: %s, %d calls", c, r.Status, called)
		}
		if r := ask(t, site, c.method, c.path, c.kind, c.body, "Authorization", "yes"); c.kind != "text/odd" && (r.StatusCode > 399 || !strings.Contains(r.Header.Get("Cache-Control"), "no-store")) {
			t.Errorf("%v: %s %v", c, r.Status, r.Header)
		}
	}
	called = 0
	if r := ask(t, site, "OPTIONS", "/deep/er/things/7", "", "", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST"); called > 0 || text(t, r) != "" || r.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("preflight: %s %v", r.Status, r.Header)
	}
	for header, kind := range map[string]gorgon.Kind{"": gorgon.KindUnauthorized, "away": gorgon.KindUnauthorized, "yes": 0} {
		seen, failed, called = nil, nil, 0
		r := ask(t, site, "GET", "/call/a%20b", "", "", "Authorization", header)
		e, _ := failed.(*gorgon.Error)
		if (kind == 0) != (failed == nil) || kind != 0 && e.Kind != kind || (called == 1) != (kind == 0) {
			t.Errorf("%q: %v, %d calls, %s", header, failed, called, text(t, r))
		}
		if len(seen) != 1 || seen[0] != "POST /deep/er/things/a%20b?q=a+b a b" {
			t.Errorf("the guard saw %q", seen)
		}
	}
}
