// Behaviour of browsers when one page follows another.

package e2e_test

import (
	"net/http"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/serve"
)

// policy is an app's that lets pages have scripts and styles of their own.
func policy(value string) func(*gorgon.App) {
	return func(a *gorgon.App) { a.Headers = http.Header{"Content-Security-Policy": {value}} }
}

var lax = policy("default-src 'self' 'unsafe-inline' data:; frame-src *; base-uri 'self'")

// ran is a script that says that it ran, where every document of the tab can
// read it at once.
func ran(name string) string {
	return `window.name += "` + name + ` "`
}

func signedIn(r *http.Request) bool {
	c, err := r.Cookie("session")
	return err == nil && c.Value == "ok"
}

func guard(refuse func(http.ResponseWriter, *http.Request)) []func(http.Handler) http.Handler {
	return []func(http.Handler) http.Handler{func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if signedIn(r) {
				next.ServeHTTP(w, r)
				return
			}
			refuse(w, r)
		})
	}}
}

func forbidden(w http.ResponseWriter, r *http.Request) {
	serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindForbidden, Message: "no"})
}

func toLogin(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/login?to="+r.URL.Path, http.StatusSeeOther)
}

// loginInFront is what login proxies and middleware do once a session is over.
func loginInFront(a *gorgon.App) {
	a.Middleware = []func(http.Handler) http.Handler{func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c, err := r.Cookie("session"); err == nil && c.Value == "over" && r.URL.Path != "/login" && r.URL.Path != "/site.css" {
				http.Redirect(w, r, "/login", http.StatusFound)
				return
			}
			next.ServeHTTP(w, r)
		})
	}}
}

var members = map[string]leaf{
	"/":        {main: `<a id="private" href="/private">p</a> <a id="b" href="/b">b</a><form id="f" action="/private"><input name="q" value="1"><button id="send">send</button></form>`},
	"/private": {main: `<p>{state}</p><a id="b" href="/b">b</a>`, each: true, guards: guard(toLogin)},
	"/hidden":  {main: `<p>{state}</p>`, each: true, guards: guard(forbidden)},
	"/login":   {main: `<form method="post" action="/posted"><button id="in">in</button></form>`},
}

// places are a page with much to go to.
var places = map[string]leaf{
	"/":  {main: `<a id="b" href="/b">b</a> <a id="name" href="/b#named">n</a> <a id="inside" href="/b#inner">i</a> <a id="deep" href="/b#deep">d</a> <a id="text" href="/b#:~:text=needle">t</a> <a id="gone" href="/b#nowhere">g</a> <a id="top" href="/b#top">t</a> <a id="encoded" href="/b#caf%C3%A9">e</a><form action="/b#deep"><button id="send">s</button></form>` + tall},
	"/b": {main: `<a id="a" href="/">home</a> <a id="jump" href="#deep">j</a>` + tall + `<details id="question"><summary>q</summary><p id="inner">inner</p></details>` + tall + `<a name="named"></a>` + tall + `<h2 id="deep" tabindex="-1">Deep</h2><p id="café">café</p><p>the needle</p>` + tall},
}

func main(text string) map[string]leaf { return map[string]leaf{"/": {main: text}} }

var scenarios = []scenario{
	// Plain ways.
	{name: "a link", steps: []step{click("#b", "B")}},
	{name: "a link from far down", steps: []step{scroll(2000), click("#low", "B")}},
	{name: "back to where it was", kept: true, steps: []step{scroll(1200), eval(`document.querySelector("#b").click()`), wait(at("B")), scroll(700), back("Home")}},
	{name: "forward to where it was", kept: true, steps: []step{click("#b", "B"), scroll(700), back("Home"), forward("B")}},
	{name: "back, and another way on", kept: true, steps: []step{click("#b", "B"), click("#a", "Home"), back("B"), back("Home"), click("#b", "B")}},
	{name: "reload", steps: []step{click("#b", "B"), scroll(900), reload("B")}, whole: true},
	{name: "reload, then back", kept: true, either: true, steps: []step{scroll(300), eval(`document.querySelector("#b").click()`), wait(at("B")), reload("B"), back("Home")}, whole: true},
	{name: "reload without session storage", whole: true, steps: []step{scroll(900), reload("Home")}, before: `Object.defineProperty(window, "sessionStorage", {get() { throw new Error("closed") }})`},
	{name: "back without session storage", kept: true, steps: []step{scroll(900), eval(`document.querySelector("#b").click()`), wait(at("B")), back("Home")}, before: `Object.defineProperty(window, "sessionStorage", {get() { throw new Error("closed") }})`},
	{name: "a link to the page itself", pages: main(`<a id="self" href="/">self</a><p>{state}</p><a id="b" href="/b">b</a>`), steps: []step{click("#b", "B"), click("#a", "Home"), eval(`document.querySelector("h1").textContent = "old"`), click("#self", "Home")}},
	{name: "a page of no title", pages: map[string]leaf{"/c": {main: "c", head: ""}, "/": {main: `<a id="c" href="/c">c</a>`}}, steps: []step{click("#c", "C")}},
	{name: "what was typed comes back", kept: true, pages: main(`<form><input id="text"><input id="box" type="checkbox"><textarea id="area"></textarea><select id="list"><option>1<option>2</select></form><a id="b" href="/b">b</a>`),
		steps: []step{enter("#text", "typed"), eval(`area.value = "x"; box.click(); list.value = "2"`), click("#b", "B"), back("Home")}},
	{name: "typed, then reload", pages: main(`<form><input id="text"><textarea id="area"></textarea></form>`), steps: []step{enter("#text", "typed"), reload("Home")}, except: []string{"fields"}, whole: true},
	{name: "the same page twice", pages: main(`<input id="text"><a id="b" href="/b">b</a>`), steps: []step{enter("#text", "typed"), click("#b", "B"), click("#a", "Home")}},
	{name: "what the layout has open", steps: []step{clickAway("#menu-summary", `document.querySelector("#menu").open`), click("#menu-b", "B")}},
	{name: "a popover of the layout", steps: []step{clickAway("#popper", `document.querySelector(":popover-open")`), click("#pop-b", "B")}},
	{name: "a dialog of the layout", steps: []step{eval(`modal.showModal()`), click("#modal-b", "B")}},
	{name: "what was typed into the layout", steps: []step{enter("#field", "query"), key("\r", at("B"))}},
	{name: "a selection", pages: main(`<p id="some">some text</p><a id="b" href="/b">b</a>`), steps: []step{eval(`getSelection().selectAllChildren(document.querySelector("header"))`), eval(`document.querySelector("#b").click()`), wait(at("B"))}},
	{name: "no element of the runtime", steps: []step{click("#b", "B")}, extra: map[string]string{"markup": `document.querySelectorAll("dialog,h1,h2,button").length`}},
	{name: "blank lines of a pre", kept: true, pages: map[string]leaf{"/c": {main: "<pre id=\"pre\">\n\ntwo lines</pre><a id=\"b\" href=\"/b\">b</a>"}, "/": {main: `<a id="c" href="/c">c</a>`}},
		steps: []step{open("/c"), click("#b", "B"), back("C")}, extra: map[string]string{"pre": `JSON.stringify(pre.textContent)`}},
	{name: "blank lines of a pre, there", pages: map[string]leaf{"/c": {main: "<textarea id=\"area\">\n\ntwo lines</textarea>"}, "/": {main: `<a id="c" href="/c">c</a>`}}, steps: []step{click("#c", "C")}},
	{name: "what a script changed", app: lax, pages: main(`<p id="p">sent</p><a id="b" href="/b">b</a>`), steps: []step{eval(`p.textContent = "changed"`), click("#b", "B"), click("#a", "Home")}},
	{name: "back to an address that the app wrote", kept: true, pages: map[string]leaf{"/b": {main: `<p id="p">b</p><a id="a" href="/">a</a>`}}, steps: []step{click("#b", "B"), eval(`history.pushState({tab: 1}, "", "?tab=1"); p.textContent = "tab 1"`), later(`history.back()`, `!location.search`)}},
	{name: "forward to an address that the app wrote", kept: true, steps: []step{click("#b", "B"), eval(`history.pushState({tab: 1}, "", "?tab=1"); p.textContent = "tab 1"`), later(`history.back()`, `!location.search`), later(`history.forward()`, `location.search === "?tab=1"`)}},
	{name: "an address that the app replaced", kept: true, steps: []step{click("#b", "B"), eval(`history.replaceState({tab: 1}, "", "?tab=1"); p.textContent = "tab 1"`), click("#a", "Home"), back("B")}, except: []string{"text"}},
	{name: "out of an address that the app wrote", kept: true, steps: []step{click("#b", "B"), eval(`history.pushState({tab: 1}, "", "?tab=1")`), click("#a", "Home"), back("B"), later(`history.back()`, `!location.search`), back("Home")}},
	{name: "state that the app keeps", kept: true, steps: []step{eval(`history.replaceState({mine: 1}, "")`), click("#b", "B"), back("Home")}},
	{name: "a script goes to a page", steps: []step{later(`location.href = "/b"`, at("B"))}, whole: true},
	{name: "a script clicks", steps: []step{eval(`document.querySelector("#low").click()`), wait(at("B"))}},
	{name: "a click that the app takes", steps: []step{eval(`document.addEventListener("click", e => e.preventDefault())`), clickAway("#b", at("Home"))}},
	{name: "one who would rather stay", steps: []step{eval(`addEventListener("beforeunload", () => window.name = "asked")`), click("#b", "B")}},

	// Places within pages.
	{name: "a name", pages: places, steps: []step{click("#name", "B"), wait(`scrollY > 0`)}},
	{name: "in a closed details", pages: places, steps: []step{click("#inside", "B"), wait(`scrollY > 0`)}},
	{name: "a target", pages: places, steps: []step{click("#deep", "B"), wait(`scrollY > 0`)}},
	{name: "a text", pages: places, steps: []step{click("#text", "B"), wait(`scrollY > 0`)}, whole: true},
	{name: "a place that is not there", pages: places, steps: []step{click("#gone", "B")}},
	{name: "the top", pages: places, steps: []step{scroll(1000), eval(`document.querySelector("#top").click()`), wait(at("B"))}},
	{name: "a place with an accent", pages: places, steps: []step{click("#encoded", "B"), wait(`scrollY > 0`)}},
	{name: "a form with a place", pages: places, steps: []step{click("#send", "B"), wait(`scrollY > 0`)}},
	{name: "a place, then back", kept: true, pages: places, steps: []step{click("#deep", "B"), back("Home")}},
	{name: "places of one page", kept: true, pages: places, steps: []step{click("#b", "B"), clickAway("#jump", `scrollY > 5000`), later(`history.back()`, `!location.hash && scrollY < 100`)}},
	{name: "places, another page, back", kept: true, pages: places, steps: []step{click("#b", "B"), clickAway("#jump", `scrollY > 5000`), eval(`document.querySelector("#a").click()`), wait(at("Home")), back("B"), later(`history.back()`, `!location.hash && scrollY < 100`)}},
	{name: "a margin above places", pages: places, app: lax, static: map[string]string{"/margin.css": `h2 { scroll-margin-top: 50px }`}, layout: `<link rel="stylesheet" href="/margin.css">`, steps: []step{click("#deep", "B"), wait(`scrollY > 0`)}},
	{name: "smooth scrolling", pages: places, static: map[string]string{"/smooth.css": `html { scroll-behavior: smooth }`}, layout: `<link rel="stylesheet" href="/smooth.css">`, steps: []step{scroll(1500), eval(`document.querySelector("#b").click()`), wait(at("B")), wait(`scrollY === 0`)}},

	// Focus.
	{name: "focus", steps: []step{click("#b", "B")}},
	{name: "focus by autofocus", pages: map[string]leaf{"/b": {main: `<input id="one"><input id="two" autofocus>`}}, steps: []step{click("#b", "B")}},
	{name: "autofocus and a place", pages: map[string]leaf{"/": {main: `<a id="b" href="/b#deep">b</a>`}, "/b": {main: `<input id="two" autofocus>` + tall + `<h2 id="deep">d</h2>`}}, steps: []step{click("#b", "B")}},
	{name: "the key that follows a click", pages: map[string]leaf{"/b": {main: `<a id="first" href="/">1</a>`}}, steps: []step{click("#b", "B"), key("\t", `document.activeElement !== document.body`)}},
	{name: "the key that follows a place", pages: map[string]leaf{"/": {main: `<a id="b" href="/b#deep">b</a>`}, "/b": {main: `<a id="first" href="/">1</a>` + tall + `<h2 id="deep">d</h2><a id="after" href="/">2</a>`}}, steps: []step{click("#b", "B"), key("\t", `document.activeElement !== document.body`)}},
	{name: "a link by the keyboard", steps: []step{eval(`document.querySelector("#b").focus()`), key("\r", at("B"))}},

	// Links that ask for more.
	{name: "a base with a target", layout: `<base target="_blank">`, steps: []step{modified("#b", "altKey"), asksPage("#b", "/b")}},
	{name: "another window", pages: main(`<a id="b" href="/b" target="_blank">b</a>`), steps: []step{asksPage("#b", "/b")}},
	{name: "this window by name", pages: main(`<a id="b" href="/b" target="mine">b</a>`), steps: []step{eval(`window.name = "mine"`), click("#b", "B")}},
	{name: "the window on top", pages: main(`<a id="b" href="/b" target="_top">b</a>`), steps: []step{click("#b", "B")}},
	{name: "a control key", steps: []step{modified("#b", "ctrlKey")}},
	{name: "a download", kept: true, pages: main(`<a id="get" href="/plain" download="x.txt">d</a>`), steps: []step{asks("#get", "GET /plain")}},
	{name: "an attachment", pages: main(`<a id="get" href="/attached">d</a>`), steps: []step{asks("#get", "GET /attached")}},
	{name: "no content", pages: main(`<a id="get" href="/nothing">d</a>`), steps: []step{asks("#get", "GET /nothing")}},
	{name: "plain text", pages: main(`<a id="get" href="/plain">d</a>`), steps: []step{clickAway("#get", `document.body.innerText === "plain text"`)}, whole: true},
	{name: "a page that is an attachment", pages: map[string]leaf{"/": {main: `<a id="get" href="/file">d</a>`}, "/file": {main: "x", each: true, header: http.Header{"Content-Disposition": {"attachment"}}}}, steps: []step{asksPage("#get", "/file")}},
	{name: "a ping", pages: main(`<a id="b" href="/b" ping="/ping">b</a>`), steps: []step{asks("#b", "POST /ping"), wait(at("B"))}},
	{name: "a referrer policy", pages: main(`<a id="b" href="/b" referrerpolicy="no-referrer">b</a>`), steps: []step{click("#b", "B")}, extra: map[string]string{"referrer": `document.referrer`}, whole: true},
	{name: "no referrer", pages: main(`<a id="b" href="/b" rel="noreferrer">b</a>`), steps: []step{click("#b", "B")}, extra: map[string]string{"referrer": `document.referrer`}, whole: true},
	{name: "a link in an image", pages: main(`<svg width="100" height="20"><a id="b" href="/b"><text y="15">b</text></a></svg>`), steps: []step{click("#b text", "B")}},
	{name: "an area of a map", app: lax, pages: main(`<img usemap="#m" width="50" height="50" src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><map name="m"><area id="b" href="/b" shape="default" alt="b"></map>`), steps: []step{eval(`document.querySelector("#b").click()`), wait(at("B"))}},
	{name: "text that can be edited", pages: main(`<div contenteditable><a id="b" href="/b">b</a></div>`), steps: []step{clickAway("#b", at("Home"))}, except: []string{"focus"}},
	{name: "a page that is not there", pages: main(`<a id="none" href="/none">n</a>`), steps: []step{click("#none", "Not Found")}, whole: true},
	{name: "an address in other letters", pages: map[string]leaf{"/": {main: `<a id="c" href="/caf%c3%a9">c</a>`}, "/café": {main: "x"}}, steps: []step{clickAway("#c", `location.pathname !== "/"`)}},
	{name: "a slash too many", pages: main(`<a id="b" href="/b/">b</a>`), steps: []step{click("#b", "B")}, whole: true},

	// Forms.
	{name: "a form", pages: main(`<form action="/b?gone=1"><input name="a" value="1 2"><input name="b" value="ü"><button id="send" name="by" value="x">s</button></form>`), steps: []step{click("#send", "B")}},
	{name: "a form whose controls have its words", pages: main(`<form action="/b"><input name="action" value="/x"><input name="method" value="post"><input name="closest" value="1"><button id="send">s</button></form>`), steps: []step{click("#send", "B")}},
	{name: "a form with an action of a button", pages: main(`<form action="/x" method="post"><input name="a" value="1"><button id="send" formaction="/b" formmethod="get">s</button></form>`), steps: []step{click("#send", "B")}, whole: true},
	{name: "a form with an image", app: lax, pages: main(`<form action="/b"><input id="send" type="image" name="i" width="20" height="20" alt="s" src="data:image/gif;base64,R0lGODlhAQABAAAAACw="></form>`), steps: []step{click("#send", "B")}},
	{name: "a form of lines", pages: main("<form action=\"/b\"><textarea name=\"t\">a\nb</textarea><button id=\"send\">s</button></form>"), steps: []step{click("#send", "B")}},
	{name: "a form by POST", pages: main(`<form action="/echo" method="post"><input name="a" value="1"><button id="send" name="by" value="2">s</button></form>`), steps: []step{click("#send", "Echo")}, whole: true},
	{name: "a form of parts", pages: main(`<form action="/echo" method="post" enctype="multipart/form-data"><input name="a" value="1"><button id="send">s</button></form>`), steps: []step{click("#send", "Echo")}, whole: true},
	{name: "back after a POST", kept: true, either: true, pages: main(`<form action="/echo" method="post"><input id="a" name="a" value="1"><button id="send">s</button></form>`), steps: []step{enter("#a", "2"), click("#send", "Echo"), back("Home")}},
	{name: "a POST that is sent on", pages: main(`<form action="/posted" method="post"><button id="send">s</button></form>`), steps: []step{click("#send", "B")}, whole: true},
	{name: "a form of a dialog", pages: main(`<dialog id="d"><form method="dialog"><button id="send" value="x">s</button></form></dialog>`), steps: []step{eval(`d.showModal()`), clickAway("#send", `!d.open`)}, except: []string{"focus"}},
	{name: "a form that is not valid", pages: main(`<form action="/b"><input id="need" name="a" required><button id="send">s</button></form>`), steps: []step{clickAway("#send", `document.querySelector(":user-invalid")`)}},
	{name: "a form of another window", pages: main(`<form action="/b" target="_blank"><button id="send">s</button></form>`), steps: []step{asksPage("#send", "/b")}},
	{name: "a form that is sent by a script", pages: main(`<form id="f" action="/b"><input name="a" value="1"></form>`), steps: []step{later(`f.requestSubmit()`, at("B"))}},

	// Answers.
	{name: "sent on", pages: main(`<a id="away" href="/away">a</a>`), steps: []step{click("#away", "B")}, whole: true},
	{name: "sent on, with a place", pages: map[string]leaf{"/": {main: `<a id="away" href="/away#deep">a</a>`}, "/b": {main: tall + `<h2 id="deep">d</h2>` + tall}}, steps: []step{click("#away", "B"), wait(`scrollY > 0`)}, whole: true},
	{name: "a guard that sends to a login", pages: members, steps: []step{click("#private", "Login")}, whole: true},
	{name: "a guard, by a form", pages: members, steps: []step{click("#send", "Login")}, whole: true},
	{name: "a guard, after resting on the link", pages: members, steps: []step{hover("#private"), click("#private", "Login")}, whole: true},
	{name: "a guard, on the way back", kept: true, either: true, pages: members, steps: []step{fetches("/set/ok"), click("#private", "Private"), click("#b", "B"), fetches("/set/none"), back("Login")}, whole: true},
	{name: "a guard, through the login", kept: true, pages: members, steps: []step{fetches("/set/ok"), click("#private", "Private"), click("#b", "B"), back("Private")}, except: []string{"text"}},
	{name: "signed out after resting on the link", pages: map[string]leaf{"/": {main: `<a id="hidden" href="/hidden">h</a>`}, "/hidden": members["/hidden"]}, steps: []step{fetches("/set/ok"), hover("#hidden"), fetches("/set/none"), click("#hidden", "Forbidden")}, whole: true},
	{name: "signed out, then back", kept: true, either: true, pages: map[string]leaf{"/": {main: `<a id="hidden" href="/hidden">h</a>`}, "/hidden": members["/hidden"]}, steps: []step{fetches("/set/ok"), click("#hidden", "Hidden"), click("#home", "Home"), fetches("/set/none"), back("Forbidden")}, whole: true},
	{name: "a guard that sends elsewhere", pages: map[string]leaf{"/": {main: `<a id="p" href="/p">p</a>`}, "/p": {main: "p", guards: guard(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://localhost:"+portOf(r)+"/b", http.StatusFound)
	})}}, steps: []step{click("#p", "B")}, extra: map[string]string{"host": `location.hostname`}, whole: true},
	{name: "a login in front", app: loginInFront, pages: members, steps: []step{fetches("/set/over"), click("#b", "Login")}, whole: true},
	{name: "a login in front, by a form", app: loginInFront, pages: members, steps: []step{fetches("/set/over"), click("#send", "Login")}, whole: true},
	{name: "a login in front, on the way back", kept: true, either: true, app: loginInFront, pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<a id="b" href="/b">b</a>`, each: true}, "/login": {}}, steps: []step{click("#c", "C"), click("#b", "B"), fetches("/set/over"), back("Login")}, whole: true},
	{name: "made once for one click", pages: map[string]leaf{"/": {main: `<a id="s" href="/search?x=1">s</a>`}, "/search": {main: `<p>{state}</p>`, each: true}}, steps: []step{hover("#s"), click("#s", "Search")}},
	{name: "back to what is made for each request", kept: true, pages: map[string]leaf{"/": {main: `<a id="s" href="/search?x=1">s</a>`}, "/search": {main: `<p>{state}</p><a id="b" href="/b">b</a>`, each: true}}, steps: []step{click("#s", "Search"), click("#b", "B"), back("Search")}, except: []string{"text"}},
	{name: "the server is away, and comes back", kept: true, either: true, pages: map[string]leaf{"/": {main: `<a id="s" href="/search?x=1">s</a>`}, "/search": {main: `<a id="b" href="/b">b</a>`, each: true}},
		steps: []step{click("#s", "Search"), click("#b", "B"), offline(true), later(`history.back()`, `document.querySelector("#gorgon-error[open]") || location.protocol === "chrome-error:" || `+at("Search")), offline(false), eval(`document.querySelector("#gorgon-error")?.close()`), forwardOrStay("B")}, except: []string{"focus"}},
	{name: "back without the server", kept: true, pages: map[string]leaf{"/b": {main: `<a id="a" href="/">home</a>`}}, steps: []step{click("#b", "B"), offline(true), back("Home")}},

	// Pages that are documents of their own.
	{name: "a shadow root", pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<div id="host"><template shadowrootmode="open"><p>in the shadow <slot></slot></p></template>in the light</div>`}}, steps: []step{click("#c", "C")}, extra: map[string]string{"shadow": `host.shadowRoot?.innerHTML`}, whole: true},
	{name: "a shadow root, on the way back", kept: true, either: true, pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<div id="host"><template shadowrootmode="open"><p>in the shadow <slot></slot></p></template>in the light</div><a id="b" href="/b">b</a>`}}, steps: []step{open("/c"), click("#b", "B"), back("C")}, extra: map[string]string{"shadow": `host.shadowRoot?.innerHTML`}, except: []string{"focus"}},
	{name: "a page that refreshes itself", pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<a id="b" href="/b">b</a>`, head: `<meta http-equiv="refresh" content="4">`}}, steps: []step{click("#c", "C"), click("#b", "B"), eval(`new Promise(done => setTimeout(done, 4500))`)}, whole: true},
	{name: "a page that leads on", pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `c`, head: `<meta http-equiv="refresh" content="0; url=/b">`}}, steps: []step{click("#c", "B")}, whole: true},
	{name: "a page that leads on by a header", pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `c`, header: http.Header{"Refresh": {"0; url=/b"}}}}, steps: []step{click("#c", "B")}, whole: true},
	{name: "a base of its own", app: lax, pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<a id="rel" href="x">x</a><a id="b" href="/b">b</a>`, head: `<base href="/deep/">`}}, steps: []step{click("#c", "C")}, extra: map[string]string{"relative": `rel.href.slice(location.origin.length)`}, whole: true},
	{name: "away from a base of its own", app: lax, pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<a id="b" href="/b">b</a>`, head: `<base href="/deep/">`}, "/b": {main: `<a id="rel" href="x">x</a>`}}, steps: []step{click("#c", "C"), click("#b", "B")}, extra: map[string]string{"relative": `rel.href.slice(location.origin.length)`}, whole: true},
	{name: "a frame", kept: true, either: true, pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<iframe name="f" src="/inner.html"></iframe><a id="b" href="/b">b</a>`}}, static: map[string]string{"/inner.html": `<a href="/second.html">on</a>`, "/second.html": `second`},
		steps: []step{click("#c", "C"), wait(`frames[0].document.querySelector("a")`), eval(`frames[0].document.querySelector("a").click()`), wait(`frames[0].document.body.textContent === "second"`), click("#b", "B"), back("C"), later(`history.back()`, `frames[0].location.pathname === "/inner.html"`)}, extra: map[string]string{"frame": `frames[0].location.pathname`}, whole: true},
	{name: "scripts", app: lax, static: map[string]string{"/one.js": ran("one"), "/two.js": ran("two"), "/three.js": ran("three")}, pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<script>` + ran("inline") + `</script><script src="/one.js" defer></script><script src="/two.js"></script><script type="module">` + ran("module") + `</script><script>` + ran("last") + `; addEventListener("DOMContentLoaded", () => { ` + ran("ready") + ` }); addEventListener("load", () => { ` + ran("loaded") + ` })</script>`}}, steps: []step{click("#c", "C"), wait(`window.name.includes("loaded")`)}, whole: true},
	{name: "scripts, each time", app: lax, static: map[string]string{"/one.js": ran("one")}, pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<script type="module" src="/one.js"></script><script>const once = 1;` + ran("inline") + `</script>`}}, steps: []step{click("#c", "C"), click("#home", "Home"), click("#c", "C"), wait(`window.name.split("one").length === 3`)}, whole: true},
	{name: "what a script leaves running", app: lax, pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<a id="b" href="/b">b</a><script>let n = 0; setInterval(() => { document.title = "still " + ++n }, 20)</script>`}}, steps: []step{click("#c", "C"), wait(`document.title.startsWith("still")`), click("#b", "B"), eval(`new Promise(done => setTimeout(done, 100))`)}, whole: true},
	{name: "a script in the head", app: lax, static: map[string]string{"/one.js": ran("one")}, pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {head: `<script src="/one.js"></script>`, main: `c`}}, steps: []step{click("#c", "C")}, whole: true},
	{name: "data in a script", pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<script type="application/ld+json">{"a":1}</script>`}}, steps: []step{click("#c", "C")}},
	{name: "no script", pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<noscript><meta http-equiv="refresh" content="0; url=/b">without</noscript>`}}, steps: []step{click("#c", "C")}},
	{name: "a style of an element", pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<p id="p" style="text-align: right">right</p>`}}, steps: []step{click("#c", "C")}, extra: map[string]string{"align": `getComputedStyle(p).textAlign`}},
	{name: "styles in their order", app: lax, static: map[string]string{"/1.css": `#p { color: rgb(1, 1, 1) }`, "/2.css": `#p { color: rgb(2, 2, 2) }`}, pages: map[string]leaf{"/": {head: `<link rel="stylesheet" href="/1.css"><link rel="stylesheet" href="/2.css">`, main: `<a id="c" href="/c">c</a>`}, "/c": {head: `<link rel="stylesheet" href="/2.css"><link rel="stylesheet" href="/1.css">`, main: `<p id="p">p</p>`}}, steps: []step{click("#c", "C")}, extra: map[string]string{"color": `getComputedStyle(p).color`}},
	{name: "a style in the page", app: lax, static: map[string]string{"/1.css": `#p { color: rgb(1, 1, 1) }`}, pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<link rel="stylesheet" href="/1.css"><p id="p">p</p>`}}, steps: []step{click("#c", "C")}, extra: map[string]string{"color": `getComputedStyle(p).color`}, whole: true},
	{name: "a policy of its own", app: lax, pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<img id="i" alt="" src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw=="><p id="p" style="color: rgb(1, 1, 1)">p</p>`, header: http.Header{"Content-Security-Policy": {"default-src 'self'"}}}}, steps: []step{click("#c", "C")}, extra: map[string]string{"color": `getComputedStyle(p).color`, "width": `i.naturalWidth`}, whole: true},
	{name: "away from a policy of its own", app: policy("default-src 'self'"), pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<a id="b" href="/b">b</a>`, header: http.Header{"Content-Security-Policy": {"default-src 'self' 'unsafe-inline'"}}}, "/b": {main: `<p id="p" style="color: rgb(1, 1, 1)">p</p>`}}, steps: []step{click("#c", "C"), click("#b", "B")}, extra: map[string]string{"color": `getComputedStyle(p).color`}, whole: true},
	{name: "another type than HTML", pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: "c", header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}}}, steps: []step{clickAway("#c", `document.contentType === "text/plain"`)}, extra: map[string]string{"type": `document.contentType`}, except: []string{"text"}, whole: true},
	{name: "elements that are not closed", pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<p>c</main><p id="outside">outside</p>`}}, steps: []step{click("#c", "C")}, extra: map[string]string{"parent": `outside.parentElement.localName`}, whole: true},
	{name: "emphasis that is not closed", pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<p>c <b>bold`}}, steps: []step{click("#c", "C")}, extra: map[string]string{"bold": `document.querySelectorAll("b").length`}, whole: true},
	{name: "trusted types", app: policy("default-src 'self'; require-trusted-types-for 'script'"), steps: []step{hover("#b"), click("#b", "B")}},
	{name: "no trusted type at all", app: policy("default-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"), steps: []step{hover("#b"), click("#b", "B")}, whole: true},
	{name: "a policy that lets nothing be fetched", app: policy("default-src 'self'; connect-src 'none'"), steps: []step{click("#b", "B")}, whole: true},

	// Names that a page can take.
	{name: "a heading with the runtime's name", pages: map[string]leaf{"/": {main: `<h2 id="gorgon">Gorgon</h2><a id="b" href="/b">b</a>`}}, steps: []step{click("#b", "B")}},
	{name: "ids of globals", kept: true, pages: map[string]leaf{"/": {main: `<p id="navigation"></p><p id="settings"></p><p id="trustedTypes"></p><p id="customElements"></p><p id="requestIdleCallback"></p><a id="b" href="/b">b</a>`}}, steps: []step{click("#b", "B"), back("Home")}},
	{name: "names of the document's own", app: lax, pages: map[string]leaf{"/": {main: `<img name="body" alt=""><img name="head" alt=""><form name="title"></form><form name="querySelectorAll"></form><form name="createRange"></form><form name="documentElement"></form><form name="scripts"></form><a id="b" href="/b">b</a>`}}, steps: []step{eval(`Reflect.get(Document.prototype, "documentElement", document).dataset.x = 1`), clickB}, except: []string{"focus"}},
	{name: "a meta with the runtime's name", pages: map[string]leaf{"/": {head: `<meta name="gorgon" content='{"base":"/x","navigate":false}'>`, main: `<a id="b" href="/b">b</a>`}}, steps: []step{click("#b", "B")}},

	// The document.
	{name: "attributes that a script set", steps: []step{eval(`document.documentElement.dataset.theme = "dark"`), click("#b", "B")}, except: []string{"classes"}},
	{name: "a picture", app: lax, pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<picture><source media="(min-width: 1px)" srcset="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw=="><img id="i" alt=""></picture>`}}, steps: []step{click("#c", "C"), wait(`document.querySelector("#i").complete`)}, extra: map[string]string{"width": `i.naturalWidth`}},
	{name: "details of one name", pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<details id="d1" name="n" open><summary>1</summary></details><details id="d2" name="n" open><summary id="s2">2</summary></details>`}}, steps: []step{click("#c", "C"), clickAway("#s2", `d2.open`)}},
	{name: "buttons of another form", pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<form id="f" action="/b"><input name="a" value="1"></form><button id="send" form="f" name="by" value="2">s</button>`}}, steps: []step{click("#c", "C"), click("#send", "B")}},
	{name: "radio buttons", kept: true, pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<input id="r1" type="radio" name="r" checked><input id="r2" type="radio" name="r"><a id="b" href="/b">b</a>`}}, steps: []step{click("#c", "C"), eval(`r2.click()`), click("#b", "B"), back("C")}},
	{name: "right to left", pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a>`}, "/c": {main: `<p dir="rtl" lang="ar">c</p>`}}, steps: []step{click("#c", "C")}},
	{name: "two clicks", steps: []step{eval(`document.querySelector("#b").click(); document.querySelector("#low").click()`), wait(at("B"))}},
	{name: "two links", pages: map[string]leaf{"/": {main: `<a id="c" href="/c">c</a><a id="b" href="/b">b</a>`}, "/c": {main: "c"}}, steps: []step{eval(`document.querySelector("#c").click(); document.querySelector("#b").click()`), wait(at("B"))}},
}
