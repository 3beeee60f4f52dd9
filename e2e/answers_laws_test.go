// The laws of forms, on the example app, and what finds them broken.

package e2e_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/sync/errgroup"

	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/mem"
)

// posted is the response to a form, as a browser without scripts sends it.
func posted(h http.Handler, path string, values url.Values, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(values.Encode()))
	for i, name := range []string{"Content-Type", "Accept", "Origin", "Sec-Fetch-Site"} {
		r.Header.Set(name, []string{"application/x-www-form-urlencoded", "text/html", "http://example.com", "same-origin"}[i])
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return served(h, r)
}

// served is the response to a request, with status 0 if it was cut off.
func served(h http.Handler, r *http.Request) (w *httptest.ResponseRecorder) {
	w = httptest.NewRecorder()
	defer func() {
		if p := recover(); p != nil {
			w.Code = 0
		}
	}()
	h.ServeHTTP(w, r)
	return w
}

func got(h http.Handler, path string) *httptest.ResponseRecorder {
	return served(h, httptest.NewRequest(http.MethodGet, path, nil))
}

var marks = regexp.MustCompile(`visitor-[0-9]+-`)

// foreign counts the bytes that responses have of other visitors: some post
// wrong forms at once, each with a text of its own, and others get the page.
func foreign(h http.Handler, visitors int) (bytes int, err error) {
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(40)
	for n := range visitors {
		group.Go(func() error {
			mine := fmt.Sprintf("visitor-%d-", n)
			prefix := []string{"", "/de"}[n%2]
			refused := posted(h, prefix+"/send", url.Values{"_page": {"/send"}, "title": {mine + strings.Repeat("x", 80)}, "steps.3.text": {mine + "text"}, "tags": {mine + "tag", ""}})
			if refused.Code != http.StatusUnprocessableEntity || strings.Count(refused.Body.String(), mine) != 3 {
				return fmt.Errorf("a wrong form is not shown again: %d with %d of 3 texts", refused.Code, strings.Count(refused.Body.String(), mine))
			}
			page := got(h, prefix+"/send")
			if page.Code != http.StatusOK || !strings.Contains(page.Body.String(), `name="steps.0.text"`) {
				return fmt.Errorf("the page of the form: %d", page.Code)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, found := range marks.FindAllString(refused.Body.String(), -1) {
				if found != mine {
					bytes += len(found)
				}
			}
			bytes += len(strings.Join(marks.FindAllString(page.Body.String(), -1), ""))
			return nil
		})
	}
	return bytes, group.Wait()
}

// leaks says where a password is that was sent wrong.
func leaks(h http.Handler, log func() string) error {
	const password = "hunter2-and-more"
	values := url.Values{"name": {"cook"}, "password": {password}, "_page": {"/sign-in"}, "next": {"/kitchen"}}
	var faults []error
	check := func(what string, w *httptest.ResponseRecorder, status int) {
		if w.Code != status {
			faults = append(faults, fmt.Errorf("%s: %d", what, w.Code))
		}
		if strings.Contains(w.Body.String()+fmt.Sprint(w.Header()), password) {
			faults = append(faults, fmt.Errorf("%s has the password", what))
		}
	}
	check("the wrong password", posted(h, "/sign-in", values), http.StatusUnprocessableEntity)
	values.Set("password", password+strings.Repeat("x", 200))
	check("the long password", posted(h, "/de/sign-in", values), http.StatusUnprocessableEntity)
	values["password"] = []string{password, password}
	check("the password given twice", posted(h, "/sign-in", values), http.StatusUnprocessableEntity)
	values.Del("name")
	check("the form without a page", posted(h, "/sign-in", values, "Accept", "application/json"), http.StatusUnprocessableEntity)
	for _, body := range []string{`{"name":"cook","password":"` + password + `"}`, `{"name":"cook","password":"` + password + `","PASSWORD":"` + password + `"}`, `{"name":"cook","password":"` + password + `"`} {
		r := httptest.NewRequest(http.MethodPost, "/sign-in", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		check("JSON", w, cmp.Or(map[bool]int{true: http.StatusBadRequest}[!json.Valid([]byte(body))], http.StatusUnprocessableEntity))
	}
	if strings.Contains(log(), password) {
		faults = append(faults, errors.New("the log has the password"))
	}
	return errors.Join(faults...)
}

// again says whether a form that was refused is shown again with its texts and
// its faults, in a language.
func again(h http.Handler, prefix, fault string, values url.Values) error {
	w := posted(h, prefix+"/send", values)
	body := w.Body.String()
	for _, want := range []string{`value="ab"`, `value="Soak &lt;the&gt; lentils"`, `aria-invalid="true"`, `aria-describedby="sendRecipe-title-error"`, fault, `lang="` + cmp.Or(strings.TrimPrefix(prefix, "/"), "en") + `"`} {
		if !strings.Contains(body, want) {
			return fmt.Errorf("%s is not in it: %d", want, w.Code)
		}
	}
	if w.Code != http.StatusUnprocessableEntity || w.Header().Get("Cache-Control") != "private, no-store" || w.Header().Get("ETag") != "" {
		return fmt.Errorf("%d %v", w.Code, w.Header())
	}
	return nil
}

func wrongForm() url.Values {
	return url.Values{"_page": {"/send"}, "title": {"ab"}, "steps.7.text": {"Soak <the> lentils"}}
}

func TestAnswersLaws(t *testing.T) {
	s := openRecipes(t, gorgontest.Options{}, false)
	t.Run("a kept form shows nothing of one visitor", func(t *testing.T) {
		n, err := foreign(s, 200)
		t.Logf("200 visitors: %d foreign bytes", n)
		if n != 0 || err != nil {
			t.Errorf("%d, %v\n%s", n, err, s.Log())
		}
	})
	t.Run("a wrong password is nowhere", func(t *testing.T) {
		if err := leaks(s, s.Log); err != nil {
			t.Error(err)
		}
	})
	t.Run("another case", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodPost, "/send", strings.NewReader(`{"title":"abc","TITLE":"x"}`))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != 422 || w.Header().Get("Content-Type") != "application/problem+json" || !strings.Contains(w.Body.String(), `{"pointer":"/TITLE","detail":`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		t.Log(w.Code, w.Body)
	})
	t.Run("shown again", func(t *testing.T) {
		for prefix, fault := range map[string]string{"": "Please write at least 3 characters.", "/de": "Bitte schreiben Sie mindestens 3 Zeichen."} {
			if err := again(s, prefix, fault, wrongForm()); err != nil {
				t.Error(prefix, err)
			}
		}
	})
	t.Run("another site", func(t *testing.T) {
		for _, path := range []string{"/send", "/sign-in", "/list/caprese", "/de/list/caprese", "/sign-out"} {
			if w := posted(s, path, wrongForm(), "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
				t.Errorf("%s: %d", path, w.Code)
			}
		}
	})
	t.Run("a guard holds for forms and JSON", func(t *testing.T) {
		for _, kind := range []string{"application/x-www-form-urlencoded", "application/json"} {
			if w := posted(s, "/kitchen/caprese", url.Values{"title": {"Mine"}}, "Content-Type", kind); w.Code != http.StatusUnauthorized {
				t.Errorf("%s: %d", kind, w.Code)
			}
		}
	})
	t.Run("next leads nowhere else", func(t *testing.T) {
		for next, want := range map[string]string{"/de/list": "/de/list", "//evil.example": "/kitchen", "https://evil.example": "/kitchen", `/\evil.example`: "/kitchen", "": "/kitchen", "/kitchen/caprese?a=b": "/kitchen/caprese?a=b"} {
			w := posted(s, "/sign-in", url.Values{"name": {"cook"}, "password": {cooksPassword}, "next": {next}})
			if w.Code != http.StatusSeeOther || w.Header().Get("Location") != want || !strings.Contains(w.Header().Get("Set-Cookie"), "HttpOnly; SameSite=Lax") {
				t.Errorf("%q: %d %v", next, w.Code, w.Header())
			}
		}
	})
	t.Run("an edit purges what shows it, and a refusal nothing", func(t *testing.T) {
		cook := s.Visitor()
		cook.Post("/sign-in", url.Values{"name": {"cook"}, "password": {cooksPassword}}).Want(200)
		values := url.Values{"title": {"Plum cake with cinnamon"}, "summary": {"As before, with cinnamon."}, "servings": {"8"}, "level": {"easy"}, "ingredients": {"plums"}, "steps.0.text": {"Bake."}}
		tags := s.Purged(func() { cook.Post("/kitchen/plum-cake", values).Want(200, "Plum cake with cinnamon") })
		if want := []string{"db:main.recipes", "db:main.recipes:plum-cake"}; !slices.Equal(tags, want) {
			t.Errorf("the edit purged %q, want %q", tags, want)
		}
		for _, path := range []string{"/recipes/plum-cake", "/", "/feed.json"} {
			cook.Get(path).Want(200, "Plum cake with cinnamon")
		}
		s.Get("/de/recipes/plum-cake").Want(200, "Pflaumenkuchen")
		tags = s.Purged(func() {
			cook.Post("/kitchen/nothing", values).Want(404)
			values.Set("servings", "0")
			cook.Post("/kitchen/plum-cake", values).Want(422)
		})
		if len(tags) > 0 {
			t.Errorf("refusals purged %q", tags)
		}
	})
	t.Run("a form of the previous build", func(t *testing.T) {
		store := mem.Open(mem.Options{})
		t.Cleanup(func() { _ = store.Close() })
		old := openRecipes(t, gorgontest.Options{Store: store, Build: "one"}, false)
		next := openRecipes(t, gorgontest.Options{Store: store, Build: "two"}, false)
		page := old.Get("/de/send")
		form := page.Find("main form")
		values := url.Values{}
		for _, name := range form.Find("[name]").Map(func(_ int, e *goquery.Selection) string { return e.AttrOr("name", "") }) {
			values.Set(name, form.Find(`[name="`+name+`"]`).AttrOr("value", ""))
		}
		for name, value := range map[string]string{"title": "Brief an die Zukunft", "summary": "Von der letzten Version geschickt.", "servings": "2", "level": "easy", "ingredients": "Papier", "steps.0.text": "Schreiben."} {
			if !values.Has(name) {
				t.Fatalf("the form has no field %s", name)
			}
			values.Set(name, value)
		}
		values.Set("servings", "none")
		if w := posted(next, form.AttrOr("action", ""), values); w.Code != 422 || !strings.Contains(w.Body.String(), "Bitte schreiben Sie eine ganze Zahl.") || !strings.Contains(w.Body.String(), "Brief an die Zukunft") {
			t.Errorf("wrong: %d %s", w.Code, w.Body)
		}
		values.Set("servings", "2")
		if w := posted(next, form.AttrOr("action", ""), values); w.Code != 303 || w.Header().Get("Location") != "/de/sent" {
			t.Errorf("right: %d %v", w.Code, w.Header())
		}
	})
}

// TestAnswersFindWhatIsWrong breaks rules on purpose.
func TestAnswersFindWhatIsWrong(t *testing.T) {
	s := openRecipes(t, gorgontest.Options{}, false)
	t.Run("the page of the form is not sent", func(t *testing.T) {
		values := wrongForm()
		values.Del("_page")
		if err := again(s, "", "", values); err == nil {
			t.Error("not found")
		}
	})
	t.Run("a refused form is kept", func(t *testing.T) {
		var mu sync.Mutex
		var kept []byte
		keeping := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := httptest.NewRecorder()
			s.ServeHTTP(rec, r)
			mu.Lock()
			defer mu.Unlock()
			if rec.Code == http.StatusUnprocessableEntity {
				kept = bytes.Clone(rec.Body.Bytes())
			} else if kept != nil {
				rec.Body = bytes.NewBuffer(kept)
			}
			w.WriteHeader(rec.Code)
			_, _ = w.Write(rec.Body.Bytes())
		})
		if n, err := foreign(keeping, 20); n == 0 {
			t.Error("not found", err)
		}
	})
	t.Run("a password is echoed", func(t *testing.T) {
		echoing := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			sent, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			r.Body = io.NopCloser(bytes.NewReader(sent))
			rec := httptest.NewRecorder()
			s.ServeHTTP(rec, r)
			w.WriteHeader(rec.Code)
			_, _ = w.Write(append(rec.Body.Bytes(), sent...))
		})
		if err := leaks(echoing, s.Log); err == nil {
			t.Error("not found")
		}
		logged := func() string { return "level=DEBUG body=password=hunter2-and-more" }
		if err := leaks(s, logged); err == nil {
			t.Error("not found in the log")
		}
	})
	t.Run("messages are English everywhere", func(t *testing.T) {
		if err := again(s, "/de", "Please write at least 3 characters.", wrongForm()); err == nil {
			t.Error("not found")
		}
	})
}

// What the checks of the form find is said in both languages, for each kind of
// fault.
func TestAnswersInTwoLanguages(t *testing.T) {
	s := openRecipes(t, gorgontest.Options{}, false)
	for prefix, wants := range map[string][]string{
		"":    {"fill in this field", "a whole number", "at least 10 characters", "at most 80 characters", "24 or less", "0 or more"},
		"/de": {"dieses Feld aus", "eine ganze Zahl", "mindestens 10 Zeichen", "höchstens 80 Zeichen", "24 oder weniger", "0 oder mehr"},
	} {
		values := url.Values{"_page": {"/send"}, "title": {strings.Repeat("x", 81)}, "summary": {"short"}, "servings": {"25"}, "level": {"easy"}, "steps.0.minutes": {"-1"}, "steps.1.minutes": {"some"}}
		s.Post(prefix+"/send", values).Want(422, wants...).WantNot("must ", "is required")
	}
}
