// Forms by POST: what a visitor has after submitting them.

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/testbed"
)

// A note is what the forms of the scenarios send.
type note struct {
	Title string     `json:"title" check:"min=3,max=40"`
	Text  string     `json:"text,omitempty"`
	Tags  []string   `json:"tags,omitempty" check:"max=3"`
	Lines []noteLine `json:"lines,omitempty"`
	By    string     `json:"by,omitempty"`
}

type noteLine struct {
	Text string `json:"text" check:"min=2"`
}

// A photo is what the form with a file sends.
type photo struct {
	Title string   `json:"title" check:"min=3"`
	File  api.File `json:"file"`
}

// A board is an app with forms.
type board struct {
	save, stay, closed api.Endpoint[note, api.None]
	upload             api.Endpoint[photo, api.None]
	view               func(b *board, ctx context.Context) string // of the page /new
}

// handle takes a note, or fails as its title says.
func handle(_ context.Context, n note) (api.None, error) {
	switch n.Title {
	case "broken":
		return api.None{}, errors.New("the press is broken")
	case "taken":
		return api.None{}, gorgon.Refuse("/title", "there is one")
	case "forbidden":
		return api.None{}, &gorgon.Error{Kind: gorgon.KindForbidden, Message: "not today"}
	}
	return api.None{}, nil
}

func newBoard(view func(b *board, ctx context.Context) string) *board {
	b := &board{view: view}
	then := func(n note, _ api.None) string {
		return "/made?" + url.Values{"title": {n.Title}, "text": {n.Text}, "by": {n.By}, "tag": n.Tags}.Encode() + "#p"
	}
	b.save = api.Endpoint[note, api.None]{Path: "POST /save", Name: "save", Handle: handle, Then: then}
	b.stay = api.Endpoint[note, api.None]{Path: "POST /stay", Name: "stay", Handle: handle}
	b.closed = api.Endpoint[note, api.None]{Path: "POST /closed", Name: "closed", Handle: handle, Then: then, Guards: guard(toLogin)}
	b.upload = api.Endpoint[photo, api.None]{Path: "POST /upload", Name: "upload", MaxBody: 100_000,
		Handle: func(context.Context, photo) (api.None, error) { return api.None{}, nil },
		Then: func(p photo, _ api.None) string {
			return "/made?" + url.Values{"title": {p.Title}, "file": {p.File.Name}, "size": {fmt.Sprint(p.File.Size)}}.Encode()
		}}
	return b
}

// add adds the forms to the app of a scenario.
func (b *board) add(a *gorgon.App) {
	a.Parts = append(a.Parts, b.save, b.stay, b.closed, b.upload, gorgon.Page[string]{
		Path: "/new", Head: func(string) gorgon.Head { return gorgon.Head{Title: "New page"} },
		View: func(string) gorgon.Component {
			return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
				_, err := io.WriteString(w, "<h1>New</h1>"+b.view(b, ctx))
				return err
			})
		},
	},
		gorgon.Handler{Pattern: "POST /none", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })},
		gorgon.Handler{Pattern: "POST /text", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "plain text") })},
		gorgon.Handler{Pattern: "POST /shown", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = serve.Render(w, r, serve.View{Head: gorgon.Head{Title: "Shown"}, Main: gorgon.HTML(`<h1>Shown</h1><p>` + html.EscapeString(r.FormValue("title")) + `</p>`)})
		})},
		gorgon.Handler{Pattern: "POST /abroad", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			serve.Redirect(w, r, "http://localhost:"+portOf(r)+"/b")
		})},
	)
}

// attrs writes attributes.
func attrs(a map[string]any, more string) string {
	text := ""
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if on, ok := a[name].(bool); ok && on {
			text += " " + name
		} else {
			text += fmt.Sprintf(` %s="%s"`, name, html.EscapeString(fmt.Sprint(a[name])))
		}
	}
	return text + " " + more
}

func rendered(ctx context.Context, c gorgon.Component) string {
	var b strings.Builder
	if err := c.Render(ctx, &b); err != nil {
		panic(err)
	}
	return b.String()
}

// formOf writes a form with the fields of those names.
func formOf(ctx context.Context, f *api.Form, more string, names ...string) string {
	text := "<form" + attrs(f.Attributes(), more) + ">" + rendered(ctx, f.Hidden())
	if f.Message != "" {
		text += `<p role="alert" id="alert">` + html.EscapeString(f.Message) + `</p>`
	}
	for _, name := range names {
		field := f.Field(name)
		text += "<p><label for=" + field.ID + ">" + name + "</label> <input" + attrs(field.Input(), "") + ">" + rendered(ctx, field.Message()) + "</p>"
	}
	return text + `<button id="send" name="by" value="first">save</button></form>`
}

// saves is a page with a form of that endpoint, and more around it.
func saves(more, after string, of func(*board) api.Endpoint[note, api.None], names ...string) func(*gorgon.App) {
	return newBoard(func(b *board, ctx context.Context) string {
		return formOf(ctx, of(b).Form(ctx), more, names...) + after
	}).add
}

func ofSave(b *board) api.Endpoint[note, api.None]   { return b.save }
func ofStay(b *board) api.Endpoint[note, api.None]   { return b.stay }
func ofClosed(b *board) api.Endpoint[note, api.None] { return b.closed }

// posting is a page with a plain form that the runtime may submit.
func posting(form string) func(*gorgon.App) {
	return newBoard(func(*board, context.Context) string { return form }).add
}

// made is the page that forms lead to, and that of the sign-in.
var made = map[string]leaf{
	"/made":  {main: `<p id="p">{state}</p><a id="b" href="/b">b</a>`, each: true},
	"/login": {main: `<a id="b" href="/b">b</a>`},
}

// shownAgain waits for the form that is shown again.
var shownAgain = wait(`document.querySelector(".error,#alert") && !document.querySelector("[aria-busy]")`)

func press(selector string) step {
	return func(v *visit) { v.t.Helper(); v.press(selector) }
}

// chooses puts a file into a field.
func chooses(selector, name string, size int) step {
	return eval(fmt.Sprintf(`{
		const t = new DataTransfer();
		t.items.add(new File(["x".repeat(%d)], %q, {type: "image/png"}));
		document.querySelector(%q).files = t.files;
	}`, size, name, selector))
}

// only does a step with the runtime alone.
func only(soft bool, then step) step {
	return func(v *visit) {
		v.t.Helper()
		if v.soft == soft {
			then(v)
		}
	}
}

// holds fails the scenario unless an expression of JavaScript is true with the
// runtime.
func holds(law, expression string) step {
	return only(true, func(v *visit) {
		v.t.Helper()
		if !testbed.Eval[bool](v.Tab, "!!("+expression+")") {
			v.t.Errorf("%s: not %s; it is %v", law, expression, v.look(nil))
		}
	})
}

// stays is what a refused form promises beyond the browser: neither the address
// nor the history changes.
var staysHere = []string{"url", "length", "scroll"}

const onNew = `<a id="b" href="/b">b</a>`

var formScenarios = []scenario{
	{name: "a form accepted", pages: made, also: "/new", app: saves("", "", ofSave, "title", "text"), steps: []step{open("/new"), enter("#save-title", "a title"), enter("#save-text", "ü & x"), click("#send", "Made")}},
	{name: "a form accepted by Enter", pages: made, also: "/new", app: saves("", "", ofSave, "title"), steps: []step{open("/new"), enter("#save-title", "a title"), key("\r", at("Made"))}},
	{name: "a form without a button", pages: made, also: "/new", app: posting(`<form action="/save" method="post" data-gorgon="form"><input id="t" name="title" value="a title"></form>`), steps: []step{open("/new"), enter("#t", "x"), key("\r", at("Made"))}},
	{name: "a form submitted by a script", pages: made, also: "/new", app: posting(`<form id="f" action="/save" method="post" data-gorgon="form"><input name="title" value="a title"></form>`), steps: []step{open("/new"), later("f.requestSubmit()", at("Made"))}},
	{name: "a form accepted, then back", kept: true, either: true, pages: made, also: "/new", app: saves("", "", ofSave, "title"), steps: []step{open("/new"), enter("#save-title", "a title"), click("#send", "Made"), back("New")}, except: []string{"focus"}},
	{name: "a form accepted, then back and forward", kept: true, either: true, pages: made, also: "/new", app: saves("", "", ofSave, "title"), steps: []step{open("/new"), enter("#save-title", "a title"), click("#send", "Made"), back("New"), forward("Made")}, except: []string{"text"}},
	{name: "a form accepted on its own page", either: true, pages: made, also: "/new", app: saves("", "", ofStay, "title"), steps: []step{open("/new"), enter("#stay-title", "a title"), press("#send"), func(v *visit) {
		v.until("the write", func() bool { return v.asked("POST /stay") })
	}, wait(`document.querySelector("#stay-title").value === ""`)}, except: []string{"length"}},
	{name: "a form refused", pages: made, also: "/new", app: saves("novalidate", "", ofSave, "title", "text"), steps: []step{open("/new"), enter("#save-title", "ab"), enter("#save-text", "kept"), press("#send"), shownAgain,
		holds("the address stays, and nothing is entered", `location.pathname === "/new" && first`)}, except: staysHere},
	{name: "a form refused twice, then accepted", pages: made, also: "/new", app: saves("novalidate", "", ofSave, "title", "text"), steps: []step{open("/new"), press("#send"), shownAgain, enter("#save-title", "taken"), press("#send"),
		wait(`document.querySelector(".error")?.textContent.includes("there is one")`), eval(`document.querySelector("#save-title").value = ""`), enter("#save-title", "a title"), click("#send", "Made")}, except: []string{"length"}},
	{name: "a form refused, then back", kept: true, either: true, pages: made, also: "/new", app: saves("novalidate", "", ofSave, "title"), steps: []step{open("/new"), enter("#save-title", "ab"), press("#send"), shownAgain, only(true, back("Home")), only(true, forward("New")), only(false, back("New"))},
		except: []string{"focus", "length", "text"}},
	{name: "a form refused, then on and back", kept: true, either: true, pages: made, also: "/new", app: saves("novalidate", onNew, ofSave, "title"), steps: []step{open("/new"), enter("#save-title", "ab"), press("#send"), shownAgain, click("#b", "B"), only(true, back("New")),
		holds("what was typed is there", `document.querySelector("#save-title").value === "ab"`), only(false, later(`history.go(-2)`, at("New")))}, except: []string{"focus", "length"}},
	{name: "a form refused, then reload", whole: true, pages: made, also: "/new", app: saves("novalidate", "", ofSave, "title"), steps: []step{open("/new"), enter("#save-title", "ab"), press("#send"), shownAgain, only(true, reload("New")),
		holds("nothing is sent once more", `document.querySelector("#save-title").value === "ab" && !document.querySelector(".error")`)}, except: []string{"url", "length", "text", "focus", "classes"}},
	{name: "fields that repeat", pages: made, also: "/new", app: saves("novalidate", "", ofSave, "title", "tags", "tags", "lines.0.text", "lines.1.text"), steps: []step{open("/new"), enter("#save-title", "a title"), eval(`for (const e of document.querySelectorAll("[name=tags]")) e.value = "t"`), enter("#save-lines-0-text", "one"), enter("#save-lines-1-text", "x"), press("#send"), shownAgain}, except: staysHere},
	{name: "the button counts", pages: made, also: "/new", app: saves(`id="f"`, `<button id="second" form="f" name="by" value="second">s</button>`, ofSave, "title"), steps: []step{open("/new"), enter("#save-title", "a title"), click("#second", "Made")}},
	{name: "a button with its own address", pages: made, also: "/new", app: saves(`id="f"`, `<button id="second" form="f" name="by" value="second" formaction="/stay" formnovalidate>s</button>`, ofSave, "title"), steps: []step{open("/new"), enter("#save-title", "ab"), asks("#second", "POST /stay"), wait(`document.querySelector("#send") && !document.querySelector("[aria-busy]")`)}, except: append([]string{"focus"}, staysHere...)},
	{name: "a button with its own encoding", pages: made, also: "/new", app: posting(`<form action="/echo" method="post" data-gorgon="form"><input name="a" value="1"><button id="send" formenctype="multipart/form-data">s</button></form>`), steps: []step{open("/new"), clickAway("#send", `document.body.textContent.includes("multipart") || location.protocol === "blob:"`)}, except: []string{"url"}, whole: true},
	{name: "a form in another window", pages: made, also: "/new", app: saves(`target="_blank"`, "", ofSave, "title"), steps: []step{open("/new"), enter("#save-title", "a title"), asks("#send", "POST /save")}},
	{name: "a form as plain text", pages: made, also: "/new", app: posting(`<form action="/text" method="post" enctype="text/plain" data-gorgon="form"><button id="send">s</button></form>`), steps: []step{open("/new"), clickAway("#send", `document.body.innerText === "plain text"`)}, whole: true},
	{name: "a form that the browser refuses", pages: made, also: "/new", app: saves("", "", ofSave, "title"), steps: []step{open("/new"), press("#send"), wait(`document.activeElement.id === "save-title"`)}},
	{name: "a form that a script refuses", pages: made, also: "/new", app: saves("novalidate", "", ofSave, "title"), steps: []step{open("/new"), eval(`document.addEventListener("submit", e => { e.preventDefault(); window.name = "refused" })`), clickAway("#send", `window.name === "refused"`)}},
	{name: "lines and words of other languages", pages: made, also: "/new", app: posting(`<form action="/save" method="post" data-gorgon="form"><input name="title" value="שלום"><textarea name="text">
one
two</textarea><button id="send">s</button></form>`), steps: []step{open("/new"), click("#send", "Made")}},
	{name: "right to left, refused", pages: made, also: "/new", app: saves(`novalidate dir="rtl" lang="ar"`, "", ofSave, "title"), steps: []step{open("/new"), enter("#save-title", "ab"), press("#send"), shownAgain}, except: staysHere},
	{name: "a form with a file", pages: made, also: "/new", app: newBoard(func(b *board, ctx context.Context) string {
		return formOf(ctx, b.upload.Form(ctx), "", "title", "file") + onNew
	}).add,
		steps: []step{open("/new"), enter("#upload-title", "a title"), chooses("#upload-file", "é.png", 3000), eval(`document.querySelector("#send").name = ""`), click("#send", "Made")}},
	{name: "a form with a file, refused", pages: made, also: "/new", app: newBoard(func(b *board, ctx context.Context) string {
		return formOf(ctx, b.upload.Form(ctx), "novalidate", "title", "file") + onNew
	}).add,
		steps: []step{open("/new"), enter("#upload-title", "ab"), chooses("#upload-file", "é.png", 3000), eval(`document.querySelector("#send").name = ""`), press("#send"), shownAgain}, except: staysHere},
	{name: "a form with a file that is too large", pages: made, also: "/new", app: newBoard(func(b *board, ctx context.Context) string {
		return formOf(ctx, b.upload.Form(ctx), "", "title", "file")
	}).add,
		steps: []step{open("/new"), enter("#upload-title", "a title"), chooses("#upload-file", "é.png", 150_000), click("#send", "Request Entity Too Large")}, except: []string{"url"}},
	{name: "a form that fails", pages: made, also: "/new", app: saves("", "", ofSave, "title", "text"), steps: []step{open("/new"), enter("#save-title", "broken"), enter("#save-text", "kept"), press("#send"), shownAgain, holds("the message has the focus", `document.activeElement.id === "alert"`)}, except: append([]string{"focus"}, staysHere...)},
	{name: "a form forbidden", pages: made, also: "/new", app: saves("", "", ofSave, "title"), steps: []step{open("/new"), enter("#save-title", "forbidden"), click("#send", "Forbidden")}, except: []string{"url"}},
	{name: "a form forbidden, then back", kept: true, either: true, pages: made, also: "/new", app: saves("", "", ofSave, "title"), steps: []step{open("/new"), enter("#save-title", "forbidden"), click("#send", "Forbidden"), back("New")}, except: []string{"focus"}},
	{name: "a form with a guard", pages: made, also: "/new", app: saves("", "", ofClosed, "title"), steps: []step{open("/new"), enter("#closed-title", "a title"), click("#send", "Login")}},
	{name: "a form answered with a view", pages: made, also: "/new", app: posting(`<form action="/shown" method="post" data-gorgon="form"><input name="title" value="x"><button id="send">s</button></form>`), steps: []step{open("/new"), click("#send", "Shown")}, except: []string{"url"}},
	{name: "a form answered with text", pages: made, also: "/new", app: posting(`<form action="/text" method="post" data-gorgon="form"><button id="send">s</button></form>`), steps: []step{open("/new"), clickAway("#send", `document.body.innerText === "plain text"`)}, except: []string{"url"}, whole: true},
	{name: "a form answered with nothing", pages: made, also: "/new", app: posting(`<form action="/none" method="post" data-gorgon="form"><input id="t" name="title"><button id="send">s</button></form>`), steps: []step{open("/new"), enter("#t", "kept"), asks("#send", "POST /none"), wait(`!document.querySelector("[aria-busy]")`)}},
	{name: "a form that leads to another site", pages: made, also: "/new", app: func(a *gorgon.App) {
		posting(`<form action="/abroad" method="post" data-gorgon="form"><button id="send">s</button></form>`)(a)
		policy("default-src 'self'; form-action *")(a)
	}, steps: []step{open("/new"), click("#send", "B")}, extra: map[string]string{"host": `location.hostname`}, whole: true},
	{name: "a form with a policy that lets nothing be fetched", pages: made, also: "/new", app: func(a *gorgon.App) {
		saves("", "", ofSave, "title")(a)
		policy("default-src 'self'; connect-src 'none'")(a)
	}, steps: []step{open("/new"), enter("#save-title", "a title"), click("#send", "Made")}, whole: true},
	{name: "a form with trusted types", pages: made, also: "/new", app: func(a *gorgon.App) {
		saves("novalidate", "", ofSave, "title")(a)
		policy("default-src 'self'; require-trusted-types-for 'script'")(a)
	}, steps: []step{open("/new"), enter("#save-title", "ab"), press("#send"), shownAgain}, except: staysHere},
	{name: "a form whose controls have the names of its properties", pages: made, also: "/new", app: posting(`<form action="/echo" method="post" data-gorgon="form"><input name="action" value="/x"><input name="method" value="get"><input name="getAttribute"><input name="querySelector"><input name="setAttribute"><input name="enctype"><button id="send">s</button></form>`), steps: []step{open("/new"), clickAway("#send", `document.body.textContent.includes("applicatio") || location.protocol === "blob:"`)}, except: []string{"url"}, whole: true},
	{name: "a form that is pressed twice", pages: made, also: "/new", app: saves("", "", ofSave, "title"), steps: []step{open("/new"), enter("#save-title", "a title"), only(true, eval(`document.querySelector("#send").click(); document.querySelector("#send").click()`)), only(false, press("#send")), wait(at("Made"))}},
	{name: "a form on a page with a script", pages: made, also: "/new", app: func(a *gorgon.App) { saves("novalidate", "<script>1</script>", ofSave, "title")(a); lax(a) }, steps: []step{open("/new"), enter("#save-title", "ab"), press("#send"), shownAgain}, whole: true},
	{name: "what else is on the page", pages: made, also: "/new", app: saves("novalidate", `<form id="other"><input id="typed" name="q"><input id="word" type="password"><input id="box" type="checkbox"></form><details id="more"><summary>m</summary>x</details>`+tall, ofSave, "title"),
		steps: []step{open("/new"), enter("#save-title", "ab"), enter("#typed", "kept"), enter("#word", "secret"), eval(`box.click(); more.open = true`), press("#send"), shownAgain,
			holds("it stays", `typed.value === "kept" && word.value === "secret" && box.checked && more.open`)}, except: append([]string{"fields", "open", "text"}, staysHere...)},
}
