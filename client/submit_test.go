// Forms by POST; package e2e compares them with the browser's own.

package client_test

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// form is a page with a form that is posted to /save, and more after it.
func form(inside, after string) page {
	return page{title: "Form", main: `<h1>Form</h1><form id="f" action="/save" method="post" data-gorgon="form">` + inside + `<button id="send" name="by" value="x">send</button></form>` + after}
}

const (
	atForm = `document.querySelector("h1")?.textContent === "Form"`
	title  = `<input id="title" name="title">`
)

// newForms serves a form at /, and what answers it.
func newForms(t *testing.T, p page, save func(s *site, w http.ResponseWriter, r *http.Request)) *site {
	s := newSite(t, map[string]page{"/": p, "/b": two()["/b"]})
	s.settings["failed"] = `<p>The server is away.</p>`
	s.posts = map[string]func(http.ResponseWriter, *http.Request){"/save": func(w http.ResponseWriter, r *http.Request) { save(s, w, r) }}
	return s
}

// leadsTo answers a form as package serve does.
func leadsTo(location string) func(*site, http.ResponseWriter, *http.Request) {
	return func(_ *site, w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Location", location)
		w.WriteHeader(http.StatusNoContent)
	}
}

func TestFormIsSentAsTheBrowserWould(t *testing.T) {
	for name, c := range map[string]struct{ inside, kind, want string }{
		"encoded": {title + `<textarea name="text">a&#10;b</textarea>`, "application/x-www-form-urlencoded", "title=%C3%BC+x&text=a%0D%0Ab&by=x"},
		"parts":   {title + `<textarea name="text">a&#10;b</textarea>`, "multipart/form-data", "a\r\nb"},
	} {
		t.Run(name, func(t *testing.T) {
			got := make(chan [4]string, 1)
			p := form(c.inside, "")
			p.main = strings.Replace(p.main, "<form", `<form enctype="`+c.kind+`"`, 1)
			s := newForms(t, p, func(s *site, w http.ResponseWriter, r *http.Request) {
				kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
				body, _ := io.ReadAll(r.Body)
				got <- [4]string{kind, string(body), r.Header.Get("Accept"), r.Header.Get("Gorgon-Form")}
				leadsTo("/b?x=1#deep")(s, w, r)
			})
			tab := s.open("/")
			tab.Run(`title.value = "ü x"`)
			tab.Click("#send")
			tab.Wait(atB)
			check(t, tab, "the page is exchanged, and its place is kept", `first && location.href.endsWith("/b?x=1#deep") && document.querySelector(":target").id === "deep"`)
			if g := <-got; g[0] != c.kind || !strings.Contains(g[1], c.want) || !strings.Contains(g[2], "text/html") || g[3] == "" {
				t.Errorf("sent: %q", g)
			}
		})
	}
}

// A refused form is shown again in its place, with the focus on the first fault.
func TestRefusedFormIsShownInItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ inside, focus string }{
		"autofocus": {title + `<input id="bad" name="bad" aria-invalid="true"><input id="auto" autofocus aria-invalid="true">`, "auto"},
		"invalid":   {title + `<details id="hint" open><summary>h</summary><input id="bad" name="bad" aria-invalid="true"></details>`, "bad"},
		"alert":     {`<p id="alert" role="alert">No.</p>` + title, "alert"},
		"nothing":   {title, "send"},
	} {
		t.Run(name, func(t *testing.T) {
			after := `<form id="o"><input id="other" name="o"><input id="word" type="password"></form><details id="more"><summary>m</summary>x</details>` + tall
			s := newForms(t, form(title+`<details id="hint"><summary>h</summary>x</details>`, after), func(s *site, w http.ResponseWriter, r *http.Request) {
				again := form(c.inside, after)
				again.menu = "refused"
				again.title = "Refused"
				s.document(w, http.StatusUnprocessableEntity, "one", again)
			})
			tab := s.open("/")
			tab.Run(`events = []; for (const e of ["submit", "submitted", "load", "navigate"]) document.addEventListener("gorgon:" + e, ({type, detail}) => events.push(type.slice(7) + (detail.status || "")));
				other.value = "kept"; word.value = "secret"; more.open = true; scrollTo(0, 30); length = history.length`)
			tab.Run(`send.focus(); send.click()`)
			tab.Wait(`document.title === "Refused" && events.includes("submitted422")`)
			check(t, tab, "address, history and document stay", `first && location.pathname === "/" && history.length === length`)
			check(t, tab, "focus", `document.activeElement.id === "`+c.focus+`"`)
			check(t, tab, "what was typed elsewhere stays", `other.value === "kept" && word.value === "secret" && more.open && scrollY === 30`)
			check(t, tab, "regions and events", `layout.textContent.includes("refused") && events.join() === "submit,load,submitted422"`)
			check(t, tab, "it can be submitted again", `!f.hasAttribute("aria-busy") && !send.hasAttribute("aria-disabled") && !document.documentElement.hasAttribute("data-gorgon-loading")`)
			tab.Run(`events = []; send.click()`)
			tab.Wait(`events.includes("submitted422")`)
			if n := s.count("/save"); n != 2 {
				t.Errorf("%d writes", n)
			}
		})
	}
}

// While a form is being sent, it is not sent once more, by whatever means.
func TestFormIsSentOnce(t *testing.T) {
	gate := make(chan struct{})
	s := newForms(t, form(title, ""), func(s *site, w http.ResponseWriter, r *http.Request) {
		<-gate
		leadsTo("/b")(s, w, r)
	})
	tab := s.open("/")
	tab.Run(`title.focus(); send.click(); send.click()`)
	tab.Wait(`f.getAttribute("aria-busy") === "true"`)
	tab.Click("#send")
	tab.Run(`title.focus()`)
	tab.Do(chromedp.KeyEvent("\r"))
	tab.Run(`f.requestSubmit()`)
	check(t, tab, "it is marked, and usable", `send.getAttribute("aria-disabled") === "true" && !send.disabled && document.documentElement.hasAttribute("data-gorgon-loading") && `+atForm)
	close(gate)
	tab.Wait(atB)
	check(t, tab, "the document stays", `first`)
	if n := s.count("/save"); n != 1 {
		t.Errorf("%d writes", n)
	}
}

func TestSlowNetworkSendsOneForm(t *testing.T) {
	s := newForms(t, form(title, ""), leadsTo("/b"))
	tab := s.open("/")
	tab.Throttle(300*time.Millisecond, 20<<10)
	tab.Do(chromedp.DoubleClick(chromedp.CSS("#send")))
	tab.Wait(atB)
	if n := s.count("/save"); n != 1 {
		t.Errorf("%d writes", n)
	}
}

// The server dies while it has the form: nothing that was typed is lost, and
// the visitor can try again.
func TestServerThatDiesKeepsWhatWasTyped(t *testing.T) {
	for name, returns := range map[string]bool{"and returns": true, "for good": false} {
		t.Run(name, func(t *testing.T) {
			var dead atomic.Bool
			s := newForms(t, form(title+`<input id="word" type="password">`, ""), func(s *site, w http.ResponseWriter, r *http.Request) {
				if !dead.Swap(true) {
					if !returns {
						_ = s.Listener.Close()
					}
					panic(http.ErrAbortHandler)
				}
				leadsTo("/b")(s, w, r)
			})
			s.Config.SetKeepAlivesEnabled(false) // browsers send a request again whose old connection breaks
			tab := s.open("/")
			tab.Run(`title.value = "typed"; word.value = "secret"; document.addEventListener("gorgon:submitted", e => status = e.detail.status)`)
			tab.Click("#send")
			lost := `document.querySelector("#gorgon-error[open]")?.textContent === "The server is away." && window.status === "0"`
			tab.Wait(lost)
			check(t, tab, "nothing is lost", `first && title.value === "typed" && word.value === "secret" && !f.hasAttribute("aria-busy") && !send.hasAttribute("aria-disabled")`)
			if n := s.count("/save"); n != 1 {
				t.Errorf("%d writes", n)
			}
			tab.Run(`document.querySelector("#gorgon-error").close(); status = ""`)
			tab.Click("#send")
			if returns {
				tab.Wait(atB)
				return
			}
			tab.Wait(lost)
			check(t, tab, "nothing is lost, again", `first && title.value === "typed" && word.value === "secret"`)
		})
	}
}

// An answer that no document of the app has is shown as it came.
func TestAnswersThatAreNoPages(t *testing.T) {
	answer := func(status int, kind, body, disposition string) func(*site, http.ResponseWriter, *http.Request) {
		return func(_ *site, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			if disposition != "" {
				w.Header().Set("Content-Disposition", disposition)
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, c := range map[string]struct {
		save  func(*site, http.ResponseWriter, *http.Request)
		so    string
		whole bool
	}{
		"text":            {answer(200, "text/plain", "a text", ""), `document.body.innerText === "a text"`, true},
		"foreign HTML":    {answer(403, "text/html", `<html><head><title>W</title></head><h1>Wall</h1><a id="x" href="/b">b</a>`, ""), `document.querySelector("h1")?.textContent === "Wall" && x.href.startsWith("http://127") && x.pathname === "/b"`, true},
		"a failing proxy": {answer(502, "text/html", "<h1>Bad</h1>", ""), `document.querySelector("#gorgon-error[open]") && ` + atForm, false},
		"a download":      {answer(200, "text/plain", "a text", `attachment; filename*=UTF-8''%C3%BC.txt`), `window.saved === "ü.txt" && ` + atForm, false},
		"another site":    {leadsTo("http://127.0.0.2:1/"), `!window.first`, true},
		"no address":      {leadsTo("javascript:document.body.remove()"), `document.querySelector("#gorgon-error[open]") && ` + atForm, false},
		"another layout": {func(s *site, w http.ResponseWriter, _ *http.Request) {
			s.document(w, 422, "one", page{title: "Other", main: "<h1>Other</h1>", unmarked: true})
		}, `document.querySelector("h1")?.textContent === "Other"`, true},
		"another build": {func(s *site, w http.ResponseWriter, _ *http.Request) {
			s.document(w, 422, "two", form(`<p id="again">again</p>`, ""))
		}, `document.querySelector("#again")`, false},
		"elements open": {func(s *site, w http.ResponseWriter, _ *http.Request) {
			s.document(w, 422, "one", page{title: "Open", main: "<h1>Open</h1></main>"})
		}, `document.querySelector("h1")?.textContent === "Open"`, true},
		"a redirect":       {func(_ *site, w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/b", http.StatusSeeOther) }, atB, true},
		"a redirect again": {func(_ *site, w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusSeeOther) }, atForm + ` && !window.first`, true},
		"not a page":       {leadsTo("/_gorgon/assets/gorgon.js"), `document.body.innerText.includes("gorgon")`, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newForms(t, form(title, ""), c.save)
			tab := s.open("/")
			tab.Run(`const click = HTMLAnchorElement.prototype.click; HTMLAnchorElement.prototype.click = function() { saved = this.download; click.call(this) }`)
			tab.Click("#send")
			tab.Wait(c.so)
			check(t, tab, "whether it is another document", fmt.Sprint(c.whole, " === !window.first"))
			if n := s.count("/save"); n != 1 {
				t.Errorf("%d writes", n)
			}
		})
	}
}

func TestSubmitCanBeCancelled(t *testing.T) {
	s := newForms(t, form(title, ""), leadsTo("/b"))
	tab := s.open("/")
	tab.Run(`f.addEventListener("gorgon:submit", e => { e.preventDefault(); where = e.detail.url }, {once: true})`)
	tab.Click("#send")
	tab.Wait(`window.where === location.origin + "/save"`)
	check(t, tab, "it can be submitted later", `!f.hasAttribute("aria-busy")`)
	if n := s.count("/save"); n != 0 {
		t.Errorf("%d writes", n)
	}
	tab.Click("#send")
	tab.Wait(atB)
}

// A link that is followed meanwhile wins, as in browsers.
func TestFormIsOvertakenByALink(t *testing.T) {
	gone := make(chan struct{})
	s := newForms(t, form(title, `<a id="next" href="/b">b</a>`), func(_ *site, _ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
		close(gone)
	})
	tab := s.open("/")
	tab.Click("#send")
	tab.Wait(`f.hasAttribute("aria-busy")`)
	tab.Click("#next")
	tab.Wait(atB)
	select {
	case <-gone:
	case <-time.After(30 * time.Second):
		t.Error("the form is still being sent")
	}
	check(t, tab, "nothing of the form appears", `first && !document.querySelector("#gorgon-error") && location.pathname === "/b"`)
}

// Pages that were fetched before a form was handled are not shown after it.
func TestPagesAreAskedForAgainAfterAForm(t *testing.T) {
	s := newForms(t, form(title, `<a id="next" href="/b">b</a>`), func(s *site, w http.ResponseWriter, _ *http.Request) {
		s.document(w, 422, "one", form(`<p id="again" role="alert">no</p>`, `<a id="next" href="/b">b</a>`))
	})
	b := s.pages["/b"]
	b.control = "public, max-age=0, must-revalidate"
	s.pages["/b"] = b
	tab := s.open("/")
	tab.Run(`gorgon.prefetch("/b")`)
	tab.Wait(`performance.getEntriesByName(location.origin + "/_gorgon/page/b.json").length === 1`)
	tab.Click("#send")
	tab.Wait(`document.querySelector("#again")`)
	tab.Click("#next")
	tab.Wait(atB)
	if n := s.count("/_gorgon/page/b.json"); n != 1 {
		t.Errorf("the page was asked for %d times after the form", n)
	}
}

func TestUploadShowsItsProgress(t *testing.T) {
	size := new(atomic.Int64)
	p := form(`<input id="file" name="file" type="file"><progress id="bar" data-gorgon="upload"></progress>`, "")
	p.main = strings.Replace(p.main, "<form", `<form enctype="multipart/form-data"`, 1)
	s := newForms(t, p, func(s *site, w http.ResponseWriter, r *http.Request) {
		file, header, err := r.FormFile("file")
		if err == nil {
			size.Store(header.Size)
			_ = file.Close()
		}
		leadsTo("/b")(s, w, r)
	})
	tab := s.open("/")
	tab.Throttle(0, 400<<10)
	tab.Run(`seen = []; new MutationObserver(() => seen.push(bar.value / bar.max)).observe(bar, {attributes: true});
		const t = new DataTransfer(); t.items.add(new File([new Uint8Array(600000)], "a.bin")); file.files = t.files`)
	tab.Click("#send")
	tab.Wait(atB)
	check(t, tab, "it grows to the end", `seen.length > 1 && seen.at(-1) === 1 && seen.some(v => v > 0 && v < 1)`)
	if n := size.Load(); n != 600000 {
		t.Errorf("the file has %d bytes", n)
	}
}

// A form in a region of the layout is exchanged with it. Elsewhere in the layout
// it would not be part of an answer: the browser submits it.
func TestFormsOfTheLayout(t *testing.T) {
	region := func(inside string) page {
		p := form("", "")
		p.menu, p.main = strings.TrimPrefix(p.main, "<h1>Form</h1>"), "<h1>Form</h1>"
		p.menu = strings.Replace(p.menu, "<button", inside+"<button", 1)
		return p
	}
	s := newForms(t, region(title), func(s *site, w http.ResponseWriter, _ *http.Request) {
		s.document(w, 422, "one", region(`<p id="alert" role="alert">No.</p>`))
	})
	tab := s.open("/")
	tab.Click("#send")
	tab.Wait(`document.activeElement.id === "alert" && first`)
	tab.Run(`layout.append(f)`)
	tab.Click("#send")
	tab.Wait(`document.querySelector("#alert") && !window.first && location.pathname === "/save"`)
}

// Without navigation the browser does it all.
func TestWithoutNavigationFormsAreTheBrowsers(t *testing.T) {
	s := newForms(t, form(title, ""), func(_ *site, w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Gorgon-Form") != "" {
			t.Error("the runtime sent it")
		}
		http.Redirect(w, r, "/b", http.StatusSeeOther)
	})
	s.settings["navigate"] = false
	tab := s.open("/")
	tab.Click("#send")
	tab.Wait(atB + ` && !window.first`)
}
