// When pages are made, and what they answer.

package main

import (
	"bufio"
	"net/http"
	neturl "net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/testbed"
)

func TestEveryExhibitIsThereInEveryLanguage(t *testing.T) {
	at := served(t)
	for _, g := range exhibits {
		for _, e := range g.exhibits {
			for _, language := range languages {
				prefix := ""
				if language != "en" {
					prefix = "/" + language
				}
				res, body := get(t, at+prefix+e.path)
				if want := 200; res.StatusCode != want && !(e.name == "guarded" && res.StatusCode == 403) {
					t.Errorf("%s%s: %d", prefix, e.path, res.StatusCode)
				}
				for _, want := range []string{`<html lang="` + language + `" dir="`, `<h2>` + e.name + `.go</h2>`, `hreflang="ar"`, `id="main"`} {
					if !strings.Contains(body, want) {
						t.Errorf("%s%s: it does not hold %s", prefix, e.path, want)
					}
				}
			}
		}
	}
}

// The code beside a page is the code that runs.
func TestCodeIsItsOwn(t *testing.T) {
	for _, g := range exhibits {
		for _, e := range g.exhibits {
			source, err := embedded.ReadFile(e.name + ".go")
			if err != nil {
				t.Error(err)
			} else if !strings.Contains(string(source), "var "+e.name+" = exhibit{") {
				t.Errorf("%s.go does not make the exhibit %s", e.name, e.name)
			}
		}
	}
}

func TestBuiltPagesStayAsTheyAre(t *testing.T) {
	at := served(t)
	for _, path := range []string{"/built", "/paths/marble", "/de/heads"} {
		first, body := get(t, at+path)
		again, same := get(t, at+path)
		if body != same || first.Header.Get("Etag") == "" || first.Header.Get("Etag") != again.Header.Get("Etag") {
			t.Errorf("%s: it is another the second time", path)
		}
	}
	if res, _ := get(t, at+"/paths/chalk"); res.StatusCode != 404 {
		t.Errorf("a path that was not listed for the build: %d", res.StatusCode)
	}
}

func TestIncrementalPagesAreMadeOnceAndKept(t *testing.T) {
	s := own(t, dist, "one", "")
	first, body := get(t, s.URL+"/incremental/97")
	if status := first.Header.Get("Cache-Status"); !strings.Contains(status, "fwd=uri-miss") || !strings.Contains(body, "97 = 97") {
		t.Errorf("the first time: %s", status)
	}
	again, same := get(t, s.URL+"/incremental/97")
	if status := again.Header.Get("Cache-Status"); !strings.Contains(status, "hit") || same != body {
		t.Errorf("the second time: %s", status)
	}
	for _, path := range []string{"/incremental/1", "/incremental/1001", "/incremental/007", "/incremental/x"} {
		if res, _ := get(t, s.URL+path); res.StatusCode != 404 {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}

// A visitor who comes too late gets the old page and has the next one made.
func TestRevalidatedPagesAreMadeAgainBehindVisitors(t *testing.T) {
	at := served(t)
	_, first := get(t, at+"/revalidated")
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, body := get(t, at+"/revalidated"); body != first {
			return
		}
		if time.Now().After(end) {
			t.Fatal("it is never made again")
		}
	}
}

func TestRequestTimePagesSeeTheRequest(t *testing.T) {
	at := served(t)
	tab := open(t, at+"/request")
	tab.Run(`document.querySelector("input[name=name]").value = "Perseus </p>"; document.querySelector("form button").click()`)
	tab.Wait(`document.querySelector("#greeting").textContent === "Hello, Perseus </p>!"`)
	check(t, tab, "a form by GET is a navigation", `first && location.search === "?name=Perseus+%3C%2Fp%3E"`)

	bare := testbed.NewTab(t)
	bare.WithoutScript()
	bare.Open(at + "/de/request")
	bare.Run(`document.querySelector("input[name=name]").value = "Andromeda"`)
	bare.Click("form button")
	bare.Wait(`document.querySelector("#greeting")?.textContent === "Hallo, Andromeda!"`)

	res, _ := get(t, at+"/request")
	if got := res.Header.Get("Cache-Control"); got != "private, no-store" {
		t.Errorf("caches are told %q", got)
	}
}

func TestBothHalvesOfAPage(t *testing.T) {
	at := served(t)
	part := func(id string) string {
		_, body := get(t, at+"/both")
		return regexp.MustCompile(`id="` + id + `">([^<]+)<`).FindStringSubmatch(body)[1]
	}
	made, asked := part("made"), part("asked")
	for end := time.Now().Add(10 * time.Second); part("asked") == asked; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the request's half stays the same")
		}
	}
	if part("made") != made {
		t.Error("the built half is another")
	}
}

func TestAnswers(t *testing.T) {
	at := served(t)
	for _, scripts := range []bool{true, false} {
		for id, want := range map[string]string{"moved": "Built", "missing": "There is no such page", "gone": "This page is gone for good"} {
			tab := testbed.NewTab(t)
			if !scripts {
				tab.WithoutScript()
			}
			tab.Open(at + "/answers")
			tab.Click("#" + id)
			tab.Wait(heading(want))
		}
	}
	for path, want := range map[string]int{"/answers/moved": 308, "/answers/missing": 404, "/answers/gone": 410, "/failures/x": 500} {
		res, body := get(t, at+path)
		if res.StatusCode != want || strings.Contains(body, "cause") {
			t.Errorf("%s: %d %s", path, res.StatusCode, body)
		}
	}
	if res, _ := get(t, at+"/de/answers/moved"); res.Header.Get("Location") != "/de/built" {
		t.Errorf("a redirect leaves its language: %s", res.Header.Get("Location"))
	}
}

func TestErrorsSpeakTheLanguageOfTheirPage(t *testing.T) {
	onBoth(t, func(t *testing.T, at string) {
		for path, want := range map[string]string{"/nothing": "There is no such page", "/de/nothing": "Diese Seite gibt es nicht", "/ar/nothing": "لا توجد صفحة كهذه"} {
			if strings.HasPrefix(at, exported(t)) {
				path = strings.Replace(path, "nothing", "404.html", 1) // which hosts answer with
			}
			if _, body := get(t, at+path); !strings.Contains(body, "<h1>"+want+"</h1>") {
				t.Errorf("%s: %s", path, body)
			}
		}
	})
}

func TestTheGuardStandsBeforeWhateverLeadsToThePage(t *testing.T) {
	at := served(t)
	for _, path := range []string{"/guarded", "/de/guarded", "/_gorgon/page/guarded.json", "/_gorgon/page/de/guarded.json"} {
		res, body := get(t, at+path)
		if res.StatusCode != 403 || strings.Contains(body, "You are in") || strings.Contains(body, "Sie sind drin") {
			t.Errorf("%s without the key: %d", path, res.StatusCode)
		}
		if res, _ := get(t, at+path, "Cookie", "gallery_key=stone"); res.StatusCode != 200 {
			t.Errorf("%s with the key: %d", path, res.StatusCode)
		}
	}
	for _, scripts := range []bool{true, false} {
		tab := testbed.NewTab(t)
		if !scripts {
			tab.WithoutScript()
		}
		tab.Open(at + "/de/guarded")
		tab.Click("form button")
		tab.Wait(`document.querySelector(".big")?.textContent === "Sie sind drin."`)
	}
	for path, want := range map[string]string{"/key": "/guarded", "/ar/key": "/ar/guarded", "/xx/key": ""} {
		res, err := http.DefaultTransport.RoundTrip(post(t, at+path, nil))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := res.Header.Get("Location"); got != want {
			t.Errorf("the key at %s leads to %q, want %q", path, got, want)
		}
	}
}

func post(t *testing.T, at string, form neturl.Values) *http.Request {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

func TestHeads(t *testing.T) {
	onBoth(t, func(t *testing.T, at string) {
		tab := open(t, at+"/")
		tab.Run(`document.querySelector("a[href='/heads']").click()`)
		tab.Wait(heading("Heads"))
		check(t, tab, "the head is the page's", `first && document.title === "Heads · Gorgon"
			&& document.querySelector("link[rel=canonical]").href.endsWith("/heads")
			&& document.querySelector("meta[name=author]").content === 'Medusa </head> "&'
			&& document.querySelectorAll("link[rel=alternate][hreflang]").length === 4`)
		tab.Run(`document.querySelector("header a").click()`)
		tab.Wait(heading("The gallery"))
		check(t, tab, "and goes with it", `first && !document.querySelector("meta[name=author]")`)
	})
}

func TestNestedFragmentsAreMadeAgainByThemselves(t *testing.T) {
	at := served(t)
	read := func() (whole, weighed string) {
		_, body := get(t, at+"/fragments")
		return regexp.MustCompile(`<h2>Granite</h2><p>([^<]+)<`).FindStringSubmatch(body)[1], regexp.MustCompile(`class="weighed">([^<]+)<`).FindStringSubmatch(body)[1]
	}
	whole, weighed := read()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		now, again := read()
		if now != whole {
			t.Fatal("the fragment around it was made again")
		}
		if again != weighed {
			return
		}
		if time.Now().After(end) {
			t.Fatal("it is never made again")
		}
	}
}

// What comes before the live part is there before it is made, and nothing of
// it needs a script.
func TestLiveFragmentsStreamInPlace(t *testing.T) {
	at := served(t)
	res, err := http.Get(at + "/live")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	r := bufio.NewReader(res.Body)
	var before strings.Builder
	for !strings.Contains(before.String(), `id="made"`) {
		piece, err := r.ReadString('>')
		if err != nil {
			t.Fatal(err)
		}
		before.WriteString(piece)
	}
	if strings.Contains(before.String(), `id="clock"`) {
		t.Error("the live part came first")
	}
	tab := testbed.NewTab(t)
	tab.WithoutScript()
	tab.Open(at + "/live")
	check(t, tab, "it is in its place", `document.querySelector("#made + #clock + p").textContent === "What stands after it comes after it."`)
	soft := open(t, at+"/")
	soft.Run(`document.querySelector("a[href='/live']").click()`)
	soft.Wait(`document.querySelector("#clock")`)
	check(t, soft, "as it is in a payload", `first`)
}

func TestDeferredFragments(t *testing.T) {
	onBoth(t, func(t *testing.T, at string) {
		for path, stone := range map[string]string{"/deferred": "Slate", "/de/deferred": "Schiefer", "/ar/deferred": "أردواز"} {
			tab := open(t, at+path)
			tab.Wait(`document.querySelector("gorgon-fragment #later")`)
			check(t, tab, "it is there, in its language", `document.querySelector("#later .big").textContent === "`+stone+`" && document.querySelector("#popup").hidden`)

			bare := testbed.NewTab(t)
			bare.WithoutScript()
			bare.Open(at + path)
			check(t, bare, "without a script it is a link", `!document.querySelector("#later") && document.querySelector("gorgon-fragment > a").textContent.startsWith("`+stone+`")`)
			bare.Click("gorgon-fragment > a")
			bare.Wait(`document.querySelector("main #later .big")?.textContent === "` + stone + `"`)
		}
	})
}

func TestFailingFragmentsLeaveThePage(t *testing.T) {
	at := served(t)
	tab := open(t, at+"/failing")
	tab.Wait(`document.querySelector("gorgon-fragment[data-gorgon-error]")`)
	check(t, tab, "the page lives", heading("Failing")+` && document.querySelector("main").textContent.includes("The page lives.")`)
	check(t, tab, "the error view is in its place, with an id for the log", `document.querySelector(".failed .id code").textContent.length > 8`)
	check(t, tab, "the fallback stays", `document.querySelector("gorgon-fragment > a").textContent === "What would be here"`)
	tab.Wait(`!document.querySelector("#popup").hidden`)
	tab.Click("#popup button")
	check(t, tab, "the popup goes", `document.querySelector("#popup").hidden`)
	id := testbed.Eval[string](tab, `document.querySelector(".failed .id code").textContent`)
	if _, body := get(t, at+"/failing"); strings.Contains(body, "the cause that only the log knows</") || strings.Contains(body, id) {
		t.Error("the cause is shown, or the id is always the same")
	}
	if res, _ := get(t, at+"/failing"); res.StatusCode != 200 {
		t.Errorf("its status is %d", res.StatusCode)
	}
}
