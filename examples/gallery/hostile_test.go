// Input from people who wish us ill.

package main

import (
	"net/http"
	neturl "net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/testbed"
)

// What a visitor says comes back as text, in documents and in payloads.
func TestHostileStateIsText(t *testing.T) {
	at := served(t)
	for _, name := range []string{
		`</script><script>evil=1</script>`, `<img src=x onerror=evil=1>`, "\u2028evil=1//", `"><svg onload=evil=1>`,
		`<!--gorgon:main--><!--/gorgon:main-->`, `javascript:evil=1`, `</title><base href=//evil.example>`, `{{evil}}`, `'"` + "`",
	} {
		query := "?name=" + neturl.QueryEscape(name)
		direct := testbed.NewTab(t)
		direct.Open(at + "/request" + query)
		soft := open(t, at+"/")
		soft.Run(`gorgon.navigate("/request` + query + `")`)
		soft.Wait(heading("Request time"))
		for way, tab := range map[string]*testbed.Tab{"direct": direct, "soft": soft} {
			want := strings.ReplaceAll(strings.ReplaceAll(name, `\`, `\\`), "`", "\\`")
			check(t, tab, way+" "+name, "typeof evil === 'undefined' && document.querySelector('#greeting').textContent === `Hello, "+want+"!` && document.querySelector('input[name=name]').value === `"+want+"` && !document.querySelector('main img, main svg, base') && document.querySelectorAll('main').length === 1")
		}
	}
}

func TestHostileLinksAreTheBrowsersOwn(t *testing.T) {
	tab := open(t, served(t)+"/")
	tab.Run(`addEventListener("click", e => { taken = e.defaultPrevented; e.preventDefault() })`)
	for _, href := range []string{"javascript:evil=1", "data:text/html,x", "//evil.example/built", `/\\evil.example/built`, "https:evil.example", "/_gorgon/locale?to=de&path=/", "/_gorgon/assets/x.js", "http://user@" + strings.TrimPrefix(served(t), "http://") + "/built"} {
		tab.Run(`e = document.createElement("a"); e.href = "` + href + `"; document.body.append(e); e.click()`)
		check(t, tab, href, `taken === false && typeof evil === "undefined"`)
	}
	tab.Run(`gorgon.navigate("//evil.example/").then(() => answer = "went", e => answer = e.name)`)
	tab.Wait(`window.answer === "TypeError"`)
}

func TestRedirectsLeadNowhereElse(t *testing.T) {
	at := served(t)
	for _, path := range []string{
		"/_gorgon/locale?to=de&path=//evil.example", "/_gorgon/locale?to=de&path=/%5Cevil.example", "/_gorgon/locale?to=de&path=https://evil.example",
		"/_gorgon/locale?to=de&path=/%0d%0aLocation:%20//evil.example", "/_gorgon/locale?to=xx&path=/", "/_gorgon/locale?to=//evil.example&path=/",
		"//evil.example", "//evil.example/..", "/%5Cevil.example", "/de//evil.example/", "/built//", "/.//evil.example",
	} {
		res, _ := get(t, at+path, "Host", "evil.example", "X-Forwarded-Host", "evil.example", "Referer", "https://evil.example/de/x")
		if to := res.Header.Get("Location"); strings.Contains(to, "evil") || res.StatusCode < 400 && strings.Contains(path, "evil") {
			t.Errorf("%s: %d to %q", path, res.StatusCode, to)
		}
		if len(res.Header["Set-Cookie"]) > 0 {
			t.Errorf("%s sets %s", path, res.Header["Set-Cookie"])
		}
	}
	for path, want := range map[string]string{"/built/": "/built", "/de/built/?a=b": "/de/built?a=b", "/answers/moved": "/built"} {
		if res, _ := get(t, at+path, "X-Forwarded-Host", "evil.example", "X-Forwarded-Prefix", "//evil.example"); res.StatusCode != http.StatusPermanentRedirect || res.Header.Get("Location") != want {
			t.Errorf("%s: %d to %q, want %s", path, res.StatusCode, res.Header.Get("Location"), want)
		}
	}
}

// A forged cookie can only select a language that the site has.
func TestLocaleCookiesFromOutside(t *testing.T) {
	at := served(t)
	for cookie, want := range map[string]string{
		"gorgon_locale=ar": "/ar", "gorgon_locale=//evil.example": "/de", "gorgon_locale=../../x": "/de", `gorgon_locale="de"; gorgon_locale=ar`: "/de",
		"gorgon_locale=": "/de", "gorgon_locale=AR": "/de", "gorgon_locale=en": "", "gorgon_locale=" + strings.Repeat("a", 4000): "/de",
	} {
		res, _ := get(t, at+"/", "Cookie", cookie, "Accept-Language", "de")
		if got := res.Header.Get("Location"); got != want {
			t.Errorf("%.60s: to %q, want %q", cookie, got, want)
		}
	}
}

// What a payload or fragment is does not hang on what the asker says.
func TestHeaderAndQueryGames(t *testing.T) {
	at := served(t)
	_, document := get(t, at+"/deferred")
	src := regexp.MustCompile(`<gorgon-fragment src="([^"]+)"`).FindStringSubmatch(document)[1]
	asset := regexp.MustCompile(`href="(/_gorgon/assets/app[^"]+)"`).FindStringSubmatch(document)[1]
	for _, path := range []string{"/built", "/_gorgon/page/built.json", src, asset, "/deferred"} {
		plain, want := get(t, at+path)
		for _, header := range [][]string{
			{"Accept", "text/html"}, {"Accept", "application/json"}, {"X-Requested-With", "XMLHttpRequest"}, {"X-HTTP-Method-Override", "DELETE"},
			{"X-Original-URL", "/guarded"}, {"X-Rewrite-URL", "/guarded"}, {"Sec-Purpose", "prefetch"}, {"Purpose", "prefetch"},
			{"Surrogate-Capability", `x="ESI/1.0"`}, {"X-Forwarded-Host", "evil.example"}, {"X-Forwarded-Proto", "gopher"}, {"Origin", "https://evil.example"}, {"Range", "bytes=0-3"},
		} {
			res, got := get(t, at+path, header...)
			if header[0] == "Range" && res.StatusCode == http.StatusPartialContent && strings.HasPrefix(want, got) {
				continue
			}
			if got != want || res.StatusCode != 200 || res.Header.Get("Content-Type") != plain.Header.Get("Content-Type") || res.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s with %v: %d, %.100s", path, header, res.StatusCode, got)
			}
		}
		for _, query := range []string{"?build=x", "?locale=de", "?_gorgon=page", "?format=json", "?%00", "?;a=b&&&=", "?" + strings.Repeat("a=b&", 300)} {
			res, got := get(t, at+path+query)
			if res.StatusCode == http.StatusOK && got != want {
				t.Errorf("%s%.40s: another answer", path, query)
			}
			if res.StatusCode >= 500 {
				t.Errorf("%s%.40s: %d", path, query, res.StatusCode)
			}
		}
		if kind := plain.Header.Get("X-Content-Type-Options"); kind != "nosniff" {
			t.Errorf("%s may be sniffed", path)
		}
	}
	name, rest, _ := strings.Cut(strings.TrimPrefix(src, "/_gorgon/fragment/"), "/")
	closed, _, _ := strings.Cut(rest, "/")
	for _, path := range []string{
		"/_gorgon/fragment/" + name, "/_gorgon/fragment/" + name + "/" + closed, "/_gorgon/fragment/" + name + "/" + closed + "/built", "/_gorgon/fragment/" + name + "/" + closed + "/de/deferred",
		"/_gorgon/fragment/broken/" + closed + "/deferred", "/_gorgon/fragment/" + name + "/" + forged(closed) + "/deferred", "/_gorgon/fragment/clock/%7B%7D/live",
		"/_gorgon/page/_gorgon/page/built.json.json", "/_gorgon/page/../built.json", "/_gorgon/page/%2e%2e/%2e%2e/etc/passwd.json", "/_gorgon/page//evil.example.json",
		"/_gorgon/assets/", "/_gorgon/assets/app.css", "/_gorgon/assets/../page/built.json", "/_gorgon/assets/%2e%2e%2fapp.go", "/_gorgon/", "/_gorgon/nothing", "/de/_gorgon/page/built.json",
	} {
		res, body := get(t, at+path)
		if res.StatusCode != 404 && res.StatusCode != 400 {
			t.Errorf("%s: %d %.200s", path, res.StatusCode, body)
		}
	}
}

// forged is a sealed value with another first character.
func forged(sealed string) string {
	if sealed[0] == 'A' {
		return "B" + sealed[1:]
	}
	return "A" + sealed[1:]
}
