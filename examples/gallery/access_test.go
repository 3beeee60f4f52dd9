// Accessibility: axe finds nothing on any page in any language.

package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/gorgon-go/gorgon/testbed"
)

// axe is the source of axe-core, which scripts/servers installs.
func axe(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(cache, "gorgon-testbed", "npm", "node_modules", "axe-core", "axe.min.js"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("axe: %v", testbed.ErrMissing)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// everyPage lists a path of each page of the gallery, error views included, in
// every language.
func everyPage() (list []string) {
	for _, language := range languages {
		prefix := "/" + language
		if language == "en" {
			prefix = ""
		}
		list = append(list, prefix+"/")
		if prefix != "" {
			list[len(list)-1] = prefix
		}
		for _, g := range exhibits {
			for _, e := range g.exhibits {
				list = append(list, prefix+e.path)
			}
		}
		for _, path := range []string{"/nothing", "/answers/gone", "/failures/broken", "/transition/large", "/loading/slow"} {
			list = append(list, prefix+path)
		}
	}
	return list
}

func TestPagesAreAccessible(t *testing.T) {
	source := axe(t)
	at := served(t)
	tab := testbed.NewTab(t)
	for i, path := range everyPage() {
		scheme := []string{"light", "dark"}[i%2]
		tab.Prefer("prefers-color-scheme", scheme)
		tab.Open(at + path)
		if strings.HasSuffix(path, "/failing") {
			tab.Wait(`!document.querySelector("#popup").hidden`)
		}
		tab.Run(source) // through the DevTools: the page's policy does not allow it otherwise
		for _, v := range violations(t, tab) {
			for _, n := range v.Nodes {
				t.Errorf("%s in %s: %s: %s\n%s\n%s", path, scheme, v.ID, v.Help, n.HTML, n.FailureSummary)
			}
		}
	}
	// It would have found something.
	tab.Run(`document.documentElement.removeAttribute("lang"); document.querySelector("h1").style = "color: #ccc; background: #fff"`)
	if found := violations(t, tab); len(found) != 2 {
		t.Errorf("of two faults axe finds %v", found)
	}
}

type violation struct {
	ID, Help string
	Nodes    []struct{ HTML, FailureSummary string }
}

func violations(t *testing.T, tab *testbed.Tab) (list []violation) {
	t.Helper()
	said := testbed.Eval[string](tab, `axe.run({resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`)
	if err := json.Unmarshal([]byte(said), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// Who uses a keyboard comes to the content first, and from page to page.
func TestTheKeyboardIsEnough(t *testing.T) {
	tab := open(t, served(t)+"/prefetch")
	press := func(keys string) { tab.Do(chromedp.KeyEvent(keys)) }
	press("\t")
	check(t, tab, "the way to the content comes first", `document.activeElement.className === "skip" && document.activeElement.getBoundingClientRect().top >= 0`)
	press("\r")
	tab.Wait(`location.hash === "#main"`)
	for range 20 {
		press("\t")
		if testbed.Eval[bool](tab, `document.activeElement.id === "intent"`) {
			break
		}
	}
	press("\r")
	tab.Wait(`document.querySelector("#stone")?.textContent === "Granite" && first`)
	press("\t")
	check(t, tab, "the new page begins where every page does", `document.activeElement.className === "skip"`)
}
