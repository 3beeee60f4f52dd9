// Calls that have their effect once.

package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/once/oncetest"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/wire"
)

type order struct {
	Shop   string         `path:"shop"`
	Urgent bool           `query:"urgent,omitempty"`
	What   string         `json:"what"`
	Sizes  map[string]int `json:"sizes,omitempty"`
	Tags   []string       `json:"tags,omitempty"`
	Photo  *api.File      `json:"photo,omitempty"`
}

type placed struct {
	ID   string `json:"id"`
	What string `json:"what"`
}

type login struct {
	Name string `json:"name"`
	Word string `json:"word" secret:"true"`
}

// known names the caller as a guard would.
func known(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user := r.Header.Get("User"); user != "" {
			r = r.WithContext(serve.WithCaller(r.Context(), user))
		}
		next.ServeHTTP(w, r)
	})
}

// A shop is an app whose calls count once.
type shop struct {
	*oncetest.Memory
	site *gorgontest.Site
	hold chan struct{} // of an order of "slow": began, then may end
}

func newShop(t *testing.T) *shop {
	s := &shop{Memory: oncetest.New(), hold: make(chan struct{})}
	handle := func(ctx context.Context, in order) (placed, error) {
		api.SetCookie(ctx, &http.Cookie{Name: "seen", Value: "1"})
		id := fmt.Sprint(in.Shop, "-", len(s.Notes())+1)
		if err := s.Write(ctx, id+" "+in.What); err != nil {
			return placed{}, err
		}
		switch in.What {
		case "taken":
			return placed{}, gorgon.Refuse("/what", "there is none left")
		case "broken":
			return placed{}, errors.New("the oven exploded")
		case "panic":
			panic("the oven")
		case "slow":
			s.hold <- struct{}{}
			<-s.hold
		case "large":
			return placed{id, strings.Repeat("x", 256<<10)}, nil
		case "strange":
			return placed{"//evil.example", "x"}, nil
		}
		return placed{id, in.What}, nil
	}
	then := func(_ order, p placed) string {
		if p.What == "x" {
			return p.ID
		}
		return "/orders/" + p.ID
	}
	guards := []func(http.Handler) http.Handler{known}
	s.site = gorgontest.Open(t, gorgon.App{Name: "shop", Locales: gorgon.Locales{Tags: []string{"en", "de"}}, Parts: []gorgon.Part{
		gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component { return gorgon.Text("shop") }},
		api.Endpoint[order, placed]{Path: "POST /{shop}/orders", Name: "order", Handle: handle, Then: then, Once: s, Guards: guards, Timeout: 5 * time.Second,
			Origins: []string{"https://app.example.com"}},
		api.Endpoint[order, placed]{Path: "POST /{shop}/brief", Handle: handle, Once: s, Timeout: 20 * time.Millisecond},
		api.Endpoint[order, placed]{Path: "POST /{shop}/others", Name: "other", Handle: handle, Once: s, Guards: guards},
		api.Endpoint[order, api.None]{Path: "POST /{shop}/none", Name: "none", Once: s, Guards: guards, Handle: func(ctx context.Context, in order) (api.None, error) {
			_, err := handle(ctx, in)
			return api.None{}, err
		}},
		api.Endpoint[login, placed]{Path: "POST /logins", Once: s, Guards: guards, Handle: func(ctx context.Context, in login) (placed, error) {
			return handle(ctx, order{Shop: "login", What: in.Name})
		}},
	}})
	return s
}

const (
	json1 = "application/json"
	form1 = "application/x-www-form-urlencoded"
	key1  = "a-key-of-21-characters"
)

// post sends an order and returns its answer.
func (s *shop) post(t *testing.T, path, kind, body string, header ...string) (*http.Response, string) {
	t.Helper()
	if kind == json1 {
		header = append(header, "Accept", json1)
	} else {
		header = append(header, "Accept", "text/html", "Referer", "http://example.com/?from=here")
	}
	r := ask(t, s.site, "POST", path, kind, body, header...)
	return r, text(t, r)
}

func (s *shop) has(t *testing.T, orders int) {
	t.Helper()
	if n := s.Notes(); len(n) != orders {
		t.Errorf("there are %d orders, want %d: %q", len(n), orders, n)
	}
}

// A call that is sent again is answered as the first one, in whatever form it
// comes, and without what Handle set.
func TestOnceIsReplayed(t *testing.T) {
	s := newShop(t)
	first, body := s.post(t, "/a/orders", json1, `{"what":"tea","sizes":{"x":1,"y":2,"z":3}}`, wire.HeaderKey, key1)
	if first.StatusCode != 201 || first.Header.Get(wire.HeaderReplayed) != "" || first.Header.Get("Set-Cookie") == "" || body != `{"id":"a-1","what":"tea"}` {
		t.Fatalf("%s %v %s", first.Status, first.Header, body)
	}
	again, same := s.post(t, "/a/orders", json1, ` { "sizes": {"z":3,"y":2,"x":1}, "what": "tea" }`, wire.HeaderKey, key1)
	if again.StatusCode != 201 || again.Header.Get("Location") != "/orders/a-1" || same != body || again.Header.Get("Set-Cookie") != "" ||
		again.Header.Get(wire.HeaderReplayed) != "true" || again.Header.Get("Content-Type") != json1 || again.Header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("%s %v %s", again.Status, again.Header, same)
	}
	form, _ := s.post(t, "/de/a/orders", form1, "what=tea&sizes.x=1&sizes.y=2&sizes.z=3&_page=/", wire.HeaderKey, key1)
	if form.StatusCode != 303 || form.Header.Get("Location") != "/de/orders/a-1" || form.Header.Get(wire.HeaderReplayed) != "true" {
		t.Errorf("%s %v", form.Status, form.Header)
	}
	s.has(t, 1)
	s.Pass(24 * time.Hour)
	if r, body := s.post(t, "/a/orders", json1, `{"what":"tea","sizes":{"x":1,"y":2,"z":3}}`, wire.HeaderKey, key1); r.StatusCode != 201 || body != `{"id":"a-2","what":"tea"}` {
		t.Errorf("after a day: %s %s", r.Status, body)
	}
}

// Without output and without Then it is the same.
func TestOnceOfNothing(t *testing.T) {
	s := newShop(t)
	for n := range 2 {
		if r, body := s.post(t, "/a/none", json1, `{"what":"tea"}`, wire.HeaderKey, key1); r.StatusCode != 204 || body != "" || (r.Header.Get(wire.HeaderReplayed) != "") != (n == 1) {
			t.Errorf("%s %v %s", r.Status, r.Header, body)
		}
		if r, body := s.post(t, "/a/others", json1, `{"what":"tea"}`, wire.HeaderKey, key1); r.StatusCode != 200 || body != `{"id":"a-2","what":"tea"}` || r.Header.Get("Location") != "" {
			t.Errorf("%s %v %s", r.Status, r.Header, body)
		}
	}
	if r, _ := s.post(t, "/a/none", form1, "what=tea", wire.HeaderKey, key1); r.StatusCode != 303 || r.Header.Get("Location") != "/?from=here" {
		t.Errorf("%s %v", r.Status, r.Header)
	}
	s.has(t, 2)
}

// Keys belong to a caller and an endpoint.
func TestOnceKeysBelongToTheirCaller(t *testing.T) {
	s := newShop(t)
	n := 0
	for _, path := range []string{"/a/orders", "/a/others"} {
		for _, user := range []string{"ada", "bob", ""} {
			key := "k"
			if user == "" {
				key = key1
			}
			n++
			for range 2 {
				if r, body := s.post(t, path, json1, `{"what":"tea"}`, wire.HeaderKey, key, "User", user); r.StatusCode >= 300 || !strings.Contains(body, fmt.Sprintf(`"a-%d"`, n)) {
					t.Errorf("%s as %q: %s %s", path, user, r.Status, body)
				}
			}
		}
	}
	s.has(t, n)
}

// The same key with another input is refused, wherever the input is other.
func TestOnceOtherInput(t *testing.T) {
	s := newShop(t)
	s.post(t, "/a/orders", json1, `{"what":"tea"}`, wire.HeaderKey, key1)
	for _, c := range [][2]string{{"/a/orders", `{"what":"milk"}`}, {"/b/orders", `{"what":"tea"}`}, {"/a/orders?urgent=true", `{"what":"tea"}`}, {"/a/orders", `{"what":"tea","tags":["a"]}`}} {
		r, body := s.post(t, c[0], json1, c[1], wire.HeaderKey, key1)
		if r.StatusCode != 422 || !strings.Contains(body, `"code":"idempotency-key"`) || strings.Contains(body, key1) {
			t.Errorf("%q: %s %s", c, r.Status, body)
		}
	}
	if r, _ := s.post(t, "/a/orders", form1, "what=milk", wire.HeaderKey, key1); r.StatusCode != 422 {
		t.Error(r.Status)
	}
	s.has(t, 1)
}

func TestOnceKeysAreChecked(t *testing.T) {
	s := newShop(t)
	for _, c := range []struct {
		user string
		keys []string
	}{
		{"ada", []string{""}}, {"ada", []string{"a b"}}, {"ada", []string{"ä"}}, {"ada", []string{"\x7f"}}, {"ada", []string{strings.Repeat("x", 65)}}, {"ada", []string{"a", "b"}},
		{"", []string{strings.Repeat("x", 15)}},
	} {
		r := httptest.NewRequest("POST", "/a/orders", strings.NewReader(`{"what":"tea"}`))
		r.Header = http.Header{"Content-Type": {json1}, "Accept": {json1}, "User": {c.user}, wire.HeaderKey: c.keys}
		w := httptest.NewRecorder()
		s.site.ServeHTTP(w, r)
		if w.Code != 400 || !strings.Contains(w.Body.String(), wire.HeaderKey) {
			t.Errorf("%q: %d %s", c.keys, w.Code, w.Body)
		}
	}
	s.has(t, 0)
	for _, c := range [][2]string{{"ada", "k"}, {"ada", strings.Repeat("~", 64)}, {"", strings.Repeat("x", 16)}} {
		if r, body := s.post(t, "/a/orders", json1, `{"what":"tea"}`, wire.HeaderKey, c[1], "User", c[0]); r.StatusCode != 201 {
			t.Errorf("%q: %s %s", c, r.Status, body)
		}
	}
}

// Errors are not remembered.
func TestOnceErrors(t *testing.T) {
	s := newShop(t)
	for what, status := range map[string]int{"taken": 422, "broken": 500, "panic": 500, "large": 500, "strange": 404} {
		for range 2 {
			r, body := s.post(t, "/a/orders", json1, `{"what":"`+what+`"}`, wire.HeaderKey, key1, "User", what)
			if r.StatusCode != status || r.Header.Get(wire.HeaderReplayed) != "" {
				t.Errorf("%s: %s %s", what, r.Status, body)
			}
		}
	}
	if !strings.Contains(s.site.Log(), "the answer is larger than what is kept: return less, or leave Once out") {
		t.Error("the log does not say why")
	}
	s.has(t, 0)
}

// While a call is running, a program is told so, and a form waits for its
// answer.
func TestOnceWhileItRuns(t *testing.T) {
	s := newShop(t)
	answers := make(chan int, 2)
	send := func() {
		r := ask(t, s.site, "POST", "/a/orders", form1, "what=slow", wire.HeaderKey, key1, "Accept", "text/html")
		answers <- r.StatusCode
	}
	go send()
	<-s.hold
	r, body := s.post(t, "/a/orders", json1, `{"what":"slow"}`, wire.HeaderKey, key1)
	if r.StatusCode != 409 || r.Header.Get("Retry-After") != "1" || !strings.Contains(body, "still running") {
		t.Errorf("%s %v %s", r.Status, r.Header, body)
	}
	asked := s.Place().Asked()
	go send()
	for s.Place().Asked() == asked {
		time.Sleep(time.Millisecond)
	}
	s.hold <- struct{}{}
	if a, b := <-answers, <-answers; a != 303 || b != 303 {
		t.Error(a, b)
	}
	s.has(t, 1)
}

// A form waits no longer than Timeout.
func TestOnceWaitEnds(t *testing.T) {
	s := newShop(t)
	done := make(chan int)
	go func() {
		done <- ask(t, s.site, "POST", "/a/brief", form1, "what=slow", wire.HeaderKey, key1).StatusCode
	}()
	<-s.hold
	if r, _ := s.post(t, "/a/brief", form1, "what=slow", wire.HeaderKey, key1); r.StatusCode != 504 {
		t.Error(r.Status)
	}
	s.hold <- struct{}{}
	if status := <-done; status != 303 {
		t.Error(status)
	}
	s.has(t, 1)
}

// A form that is sent twice within 10 seconds without a key is one, if it is
// known who sends it.
func TestOnceDoubleClick(t *testing.T) {
	for _, c := range []struct {
		name, path, kind, body, user, second string
		pass                                 time.Duration
		want                                 int
	}{
		{"a double click", "/a/orders", form1, "what=tea", "ada", "ada", 0, 1},
		{"just in time", "/a/orders", form1, "what=tea", "ada", "ada", 10*time.Second - 1, 1},
		{"later", "/a/orders", form1, "what=tea", "ada", "ada", 10 * time.Second, 2},
		{"another user", "/a/orders", form1, "what=tea", "ada", "bob", 0, 2},
		{"unknown", "/a/orders", form1, "what=tea", "", "", 0, 2},
		{"a program", "/a/orders", json1, `{"what":"tea"}`, "ada", "ada", 0, 2},
		{"secret", "/logins", form1, "name=tea&word=x", "ada", "ada", 0, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t)
			first, _ := s.post(t, c.path, c.kind, c.body, "User", c.user)
			s.Pass(c.pass)
			second, _ := s.post(t, c.path, c.kind, c.body, "User", c.second)
			if (second.Header.Get("Location") == first.Header.Get("Location")) != (c.want == 1) && c.path != "/logins" && c.kind == form1 {
				t.Errorf("%s, then %s", first.Header.Get("Location"), second.Header.Get("Location"))
			}
			s.has(t, c.want)
		})
	}
	s := newShop(t)
	s.post(t, "/a/orders", form1, "what=tea", "User", "ada")
	s.post(t, "/a/orders", form1, "what=milk", "User", "ada")
	s.post(t, "/b/orders", form1, "what=tea", "User", "ada")
	s.post(t, "/a/others", form1, "what=tea", "User", "ada")
	s.has(t, 4)
}

// Files are compared by their content.
func TestOnceFiles(t *testing.T) {
	s := newShop(t)
	send := func(content, name string) int {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		_ = form.WriteField("what", "cake")
		file, err := form.CreateFormFile("photo", name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(file, content)
		_ = form.Close()
		r, _ := s.post(t, "/a/orders", form.FormDataContentType(), body.String(), wire.HeaderKey, key1)
		return r.StatusCode
	}
	for _, c := range []struct {
		content, name string
		want          int
	}{{"abc", "a.jpg", 303}, {"abc", "a.jpg", 303}, {"abd", "a.jpg", 422}, {"abc", "b.jpg", 422}, {"abc", "a.jpg", 303}} {
		if got := send(c.content, c.name); got != c.want {
			t.Errorf("%v: %d", c, got)
		}
	}
	if r, _ := s.post(t, "/a/orders", form1, "what=cake", wire.HeaderKey, key1); r.StatusCode != 422 {
		t.Errorf("without the file: %s", r.Status)
	}
	s.has(t, 1)
}

// A page of another origin may read whether an answer was replayed.
func TestOnceIsShared(t *testing.T) {
	s := newShop(t)
	r, _ := s.post(t, "/a/orders", json1, `{"what":"tea"}`, "Origin", "https://app.example.com", "Sec-Fetch-Site", "cross-site")
	if got := r.Header.Get("Access-Control-Expose-Headers"); !strings.Contains(got, wire.HeaderReplayed) {
		t.Error(got)
	}
}

type noLedger struct{ *oncetest.Memory }

func (noLedger) Validate() error { return errors.New("there is no database") }

func TestOnceFaults(t *testing.T) {
	get := api.Endpoint[api.None, placed]{Path: "GET /orders", Once: oncetest.New(), Handle: func(context.Context, api.None) (placed, error) { return placed{}, nil }}
	none := api.Endpoint[api.None, placed]{Path: "POST /orders", Once: noLedger{}, Handle: get.Handle}
	err := gorgon.App{Name: "app", Parts: []gorgon.Part{get, none}}.Validate()
	for _, want := range []string{"Once: a GET changes nothing", "Once: there is no database"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}
