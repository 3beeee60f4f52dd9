package api_test

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/serve"
)

// The URL of a form reaches the endpoint with the values it was made of, or is
// refused when the form is shown.
func TestFormURLs(t *testing.T) {
	type place struct {
		ID   string   `path:"id"`
		Rest string   `path:"rest"`
		Q    string   `query:"q,omitempty"`
		Tags []string `query:"tag"`
	}
	var got *place
	e := api.Endpoint[place, api.None]{Path: "POST /f/{id}/x y/{rest...}", Name: "place",
		Handle: func(_ context.Context, in place) (api.None, error) { got = &in; return api.None{}, nil }}
	var shown place
	var action string
	var failed error
	page := gorgon.Page[string]{Path: "/form", LoadRequest: func(context.Context, gorgon.Input, *http.Request) (string, error) { return "", nil },
		View: func(string) gorgon.Component {
			return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
				f := e.FormWith(ctx, shown)
				action, failed = f.Action, f.Err
				return nil
			})
		}}
	site := gorgontest.Options{}.Open(t, gorgon.App{Name: "urls", Locales: gorgon.Locales{Tags: []string{"en", "de"}}, Parts: []gorgon.Part{page, e}})
	refused := map[string]bool{"": true, "/": true, ".": true, "..": true, "a\x00": true, `a\b`: true, "\xff": true}
	for _, id := range []string{"a", "a/b", "/", "a%2fb", "%2e%2e", "%", "ä ö", "a?b#c", "a+b&c=d", "a..b", "...", "{id}", "", ".", "..", "a\x00", `a\b`, "\xff"} {
		for _, rest := range []string{"b", "b/c", "b%2Fc", "{rest...}", "b/../c", "b//c", "../.."} {
			for _, prefix := range []string{"", "/de"} {
				shown, got, failed, action = place{ID: id, Rest: rest, Q: id, Tags: []string{id, rest}}, nil, nil, ""
				ask(t, site, "GET", prefix+"/form", "", "")
				bad := refused[id] || strings.Contains("/"+rest, "/..") || strings.Contains(rest, "//")
				if failed != nil {
					if !bad && !strings.Contains(id+rest, "%") { // a path whose second decoding differs is refused everywhere
						t.Errorf("%q %q: %v", id, rest, failed)
					}
					continue
				}
				if r := ask(t, site, "POST", action, form, "", "Accept", "application/json"); r.StatusCode != 204 || got == nil || fmt.Sprint(*got) != fmt.Sprint(shown) || !strings.HasPrefix(action, prefix+"/f/") {
					t.Errorf("%q %q: %s: %s %v", id, rest, action, r.Status, got)
				}
			}
		}
	}
}

// Where a form goes after it was accepted or refused, whatever it says of its
// page.
func TestFormPages(t *testing.T) {
	type input struct {
		Text string `json:"text" check:"min=3"`
	}
	e := api.Endpoint[input, api.None]{Path: "POST /send", Handle: func(context.Context, input) (api.None, error) { return api.None{}, nil }}
	write := func(ctx context.Context, w io.Writer, title string) error {
		f := e.Form(ctx)
		_, err := fmt.Fprintf(w, `<h1>%s</h1><form action="%s"><input value="%s">%s</form>`, title, f.Action, html.EscapeString(f.Field("text").Value), f.Field("text").Error)
		return err
	}
	shows := func(title string) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error { return write(ctx, w, title) })
	}
	view := func(string) gorgon.Component { return shows("page") }
	closed := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != "GET" || r.Header.Get("Authorization") == "" {
				serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindForbidden, Message: "closed"})
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	app := gorgon.App{Name: "pages", Origin: "https://app.example", Locales: gorgon.Locales{Tags: []string{"en", "de"}},
		Error: func(f gorgon.Failure) gorgon.Component { return shows("error " + f.Title) },
		Parts: []gorgon.Part{e,
			gorgon.Page[string]{Path: "/", View: view},
			gorgon.Page[string]{Path: "/form", View: view},
			gorgon.Page[string]{Path: "/items/{id}", Incremental: true, Load: func(_ context.Context, in gorgon.Input) (string, error) {
				if in.PathValue("id") == "none" {
					return "", gorgon.NotFound()
				}
				return in.PathValue("id"), nil
			}, View: func(id string) gorgon.Component { return shows("item " + html.EscapeString(id)) }},
			gorgon.Page[string]{Path: "/closed", View: view, Guards: []func(http.Handler) http.Handler{closed}},
			gorgon.Resource[string]{Path: "/feed.xml", ContentType: "application/xml"},
			gorgon.Redirects{"/old": "/form"},
		}}
	site := gorgontest.Open(t, app)
	for _, c := range []struct {
		page, referer string
		status        int    // of a refused form
		shows         string // in its response
		onward        string // where an accepted form goes
	}{
		{"/form", "", 422, "page", "/form"},
		{"/items/a%20b", "", 422, "item a b", "/items/a%20b"},
		{"/", "", 422, "page", "/"},
		{"", "http://example.com/form?a=b", 422, "page", "/form?a=b"},
		{"/form", "http://example.com/form?a=b", 422, "page", "/form?a=b"},
		{"", "https://app.example/form", 422, "page", "/form"}, // a proxy has replaced the Host
		{"", "http://evil.example/form", 422, "error Unprocessable Entity", "/"},
		{"", "", 422, "error Unprocessable Entity", "/"},
		{"", "http://example.com/%00", 422, "error Unprocessable Entity", "/"},
		{"//evil.example/x", "", 422, "error Unprocessable Entity", "/"},
		{"https://evil.example/x", "", 422, "error Unprocessable Entity", "/"},
		{`/\evil.example`, "", 422, "error Unprocessable Entity", "/"},
		{"/%2fevil.example", "", 422, "error Unprocessable Entity", "/"},
		{"javascript:alert(1)", "", 422, "error Unprocessable Entity", "/"},
		{"/../form", "", 422, "error Unprocessable Entity", "/"},
		{"/closed", "", 403, "error Forbidden", "/closed"},
		{"/feed.xml", "", 422, "error Unprocessable Entity", "/feed.xml"},
		{"/_gorgon/page/x.json", "", 422, "error Unprocessable Entity", "/_gorgon/page/x.json"},
		{"/nowhere", "", 422, "error Unprocessable Entity", "/nowhere"},
		{"/items/none", "", 404, "error Not Found", "/items/none"},
		{"/old", "", 303, "", "/old"},
	} {
		for _, prefix := range []string{"", "/de"} {
			referer := strings.Replace(c.referer, "/form", prefix+"/form", 1)
			send := func(typed string) (*http.Response, string) {
				r := ask(t, site, "POST", prefix+"/send", form, url.Values{"_page": {c.page}, "text": {typed}}.Encode(), "Accept", "text/html", "Referer", referer)
				return r, text(t, r)
			}
			r, body := send("no")
			if r.StatusCode != c.status || !strings.Contains(body, c.shows) || r.Header.Get("Cache-Control") != "private, no-store" {
				t.Errorf("%s%s %s, refused: %s %s", prefix, c.page, referer, r.Status, body)
			}
			if c.status == 422 && !strings.HasPrefix(c.shows, "error") && !strings.Contains(body, `value="no"`) {
				t.Errorf("%s%s: what was typed is lost: %s", prefix, c.page, body)
			}
			if c.status == 303 && r.Header.Get("Location") != prefix+"/form" {
				t.Errorf("%s%s leads to %s", prefix, c.page, r.Header.Get("Location"))
			}
			onward := prefix + c.onward
			if c.onward == "/" && prefix != "" {
				onward = prefix
			}
			if r, _ := send("yes"); r.StatusCode != 303 || strings.TrimSuffix(r.Header.Get("Location"), "/") != strings.TrimSuffix(onward, "/") {
				t.Errorf("%s%s, accepted: %s %s", prefix, c.page, r.Status, r.Header.Get("Location"))
			}
		}
	}
	if r := ask(t, site, "POST", "/send", form, "_page=/closed&text=no", "Authorization", "yes"); r.StatusCode != 422 || !strings.Contains(text(t, r), `value="no"`) {
		t.Errorf("a guarded page: %s", r.Status)
	}
}

// A form cannot ask for a page with more fields than it sent.
func TestFormOfBombs(t *testing.T) {
	k := newKitchen()
	site := gorgontest.Open(t, k.app())
	for name, body := range map[string]string{
		"an index":   "steps.99999999.text=x",
		"many names": "steps.99999999.text=x&" + many(5000, "n%d"),
		"deep names": "steps.99999999.text=x&" + strings.Repeat("a.", 100) + "b=x",
		"many steps": many(900, "steps.%d7.text"),
	} {
		r := ask(t, site, "POST", "/recipes", form, "_page=/new&title=a&"+body, "Accept", "text/html")
		if page := text(t, r); r.StatusCode != 422 || len(page) > 1<<20 || !strings.Contains(page, `value="a"`) {
			t.Errorf("%s: %s, %d bytes", name, r.Status, len(page))
		}
	}
}

// A form is not shown where it cannot be posted.
func TestFormsThatCannotBe(t *testing.T) {
	get := api.Endpoint[api.None, api.None]{Path: "GET /get", Handle: func(context.Context, api.None) (api.None, error) { return api.None{}, nil }}
	lost := api.Endpoint[api.None, api.None]{Path: "POST /lost", Handle: get.Handle}
	wild := api.Endpoint[editing, api.None]{Path: "POST /wild/{id}", Handle: func(context.Context, editing) (api.None, error) { return api.None{}, nil }}
	errs := map[string]error{}
	site := gorgontest.Options{Lazy: true}.Open(t, gorgon.App{Name: "cannot", Parts: []gorgon.Part{get, wild, gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			errs["GET"], errs["App.Parts"], errs["FormWith"] = get.Form(ctx).Err, lost.Form(ctx).Err, wild.Form(ctx).Err
			return nil
		})
	}}}})
	ask(t, site, "GET", "/", "", "")
	for want, err := range errs {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	}
	if err := get.Form(context.Background()).Err; err == nil {
		t.Error("a form outside of an app")
	}
}

// What a declaration cannot be.
func TestFaults(t *testing.T) {
	handle := func(context.Context, api.None) (api.None, error) { return api.None{}, nil }
	end := api.Endpoint[api.None, api.None]{Path: "POST /a", Handle: handle}
	of := func(change func(*api.Endpoint[api.None, api.None])) gorgon.Part { e := end; change(&e); return e }
	for want, parts := range map[string][]gorgon.Part{
		"has no method":           {of(func(e *api.Endpoint[api.None, api.None]) { e.Path = "/a" })},
		"in capitals":             {of(func(e *api.Endpoint[api.None, api.None]) { e.Path = "post /a" })},
		"write a path after":      {of(func(e *api.Endpoint[api.None, api.None]) { e.Path = "POST example.com/a" })},
		"no Handle":               {of(func(e *api.Endpoint[api.None, api.None]) { e.Handle = nil })},
		"must not be negative":    {of(func(e *api.Endpoint[api.None, api.None]) { e.MaxBody = -1 })},
		"Timeout and MaxBody":     {of(func(e *api.Endpoint[api.None, api.None]) { e.Timeout = -1 })},
		"use letters and digits":  {of(func(e *api.Endpoint[api.None, api.None]) { e.Name = "a-b" })},
		"not an http or https":    {of(func(e *api.Endpoint[api.None, api.None]) { e.Origins = []string{"app.example"} })},
		`Origins has "*"`:         {of(func(e *api.Endpoint[api.None, api.None]) { e.Origins = []string{"*"} })},
		"has no field for it":     {of(func(e *api.Endpoint[api.None, api.None]) { e.Path = "POST /a/{id}" })},
		"the pattern has not":     {api.Endpoint[editing, api.None]{Path: "POST /a", Handle: func(context.Context, editing) (api.None, error) { return api.None{}, nil }}},
		"GET requests have no":    {api.Endpoint[step, api.None]{Path: "GET /a", Handle: func(context.Context, step) (api.None, error) { return api.None{}, nil }}},
		`have the name "postA"`:   {end, of(func(e *api.Endpoint[api.None, api.None]) { e.Path, e.Name = "POST /b", "postA" })},
		`have the name "getRead"`: {api.Read[int]{Path: "GET /read", Load: func(context.Context, gorgon.Input) (int, error) { return 1, nil }}, of(func(e *api.Endpoint[api.None, api.None]) { e.Name = "getRead" })},
		"endpoint POST /a":        {end, of(func(e *api.Endpoint[api.None, api.None]) { e.Name = "other" })},
		"open a stream with GET":  {api.Stream[api.None, int]{Path: "POST /s", Handle: newTicker(0).events}},
		"Heartbeat and Write":     {api.Stream[api.None, int]{Path: "GET /s", Handle: newTicker(0).events, Heartbeat: -1}},
		"a Read is read with GET": {api.Read[int]{Path: "POST /read", Load: func(context.Context, gorgon.Input) (int, error) { return 1, nil }}},
		"there is no Load":        {api.Read[int]{Path: "GET /read"}},
	} {
		if err := (gorgon.App{Name: "faults", Parts: parts}).Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if err := (gorgon.App{Name: "alone", Parts: []gorgon.Part{end}}).Validate(); err != nil {
		t.Errorf("an app without pages: %v", err)
	}
	site := gorgontest.Open(t, gorgon.App{Name: "alone", Parts: []gorgon.Part{end}})
	if r := ask(t, site, "POST", "/a", "", ""); r.StatusCode != 204 {
		t.Errorf("an app without pages: %s", r.Status)
	}
}
