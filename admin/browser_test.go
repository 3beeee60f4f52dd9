package admin_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/gorgon-go/gorgon/admin"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/testbed"
)

func TestMain(m *testing.M) {
	code := m.Run()
	testbed.CloseBrowser()
	os.Exit(code)
}

// In a browser figures change while the page is open, nothing is asked of others,
// and nothing offends the policy. ADMIN_SHOTS names a folder for pictures.
func TestBrowser(t *testing.T) {
	s := newStage(true)
	server := httptest.NewServer(open(t, s, admin.Config{}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	tab := testbed.NewTab(t)
	tab.Before(`document.addEventListener("securitypolicyviolation", e => console.log("violation: " + e.violatedDirective + " " + e.blockedURI))`)
	tab.Open(server.URL + "/pages")
	tab.Run(`document.querySelector("th a").focus(); window.first = document.querySelector("th a")`)
	for range 5000 {
		s.request(metrics.Request{Route: "/search", Status: 200, Took: time.Millisecond})
	}
	tab.Wait(`document.querySelector("tbody tr td:nth-child(2)").textContent.startsWith("5,")`)
	if !testbed.Eval[bool](tab, `document.activeElement === window.first && window.first.isConnected`) {
		t.Error("the focus was lost by a change")
	}
	for _, r := range tab.Requests() {
		if !strings.HasPrefix(r.URL, server.URL+"/") {
			t.Errorf("%s %s is not of these pages", r.Method, r.URL)
		}
	}
	tab.Open(server.URL + "/jobs/17")
	tab.Click(`a[href^="/confirm?act=retry"]`)
	tab.Wait(`document.querySelector("form.act")`)
	tab.Click("form.act button")
	tab.Wait(`document.querySelector(".notice")`)
	if did := s.changes(); did != "retry 17" {
		t.Errorf("the form did %q", did)
	}
	for _, line := range tab.Console() {
		t.Error(line)
	}
}

// Each page is readable for all, in light and dark, on a desk and on a phone.
func TestAccessible(t *testing.T) {
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	axe, err := os.ReadFile(filepath.Join(cache, "gorgon-testbed", "npm", "node_modules", "axe-core", "axe.min.js"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("axe: %v", testbed.ErrMissing)
	}
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(open(t, newStage(true), admin.Config{}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	shots := os.Getenv("ADMIN_SHOTS")
	tab := testbed.NewTab(t)
	paths := append(all(), "/jobs/17", "/why?what=/products/7", "/confirm?act=remove&id=17", "/confirm?act=purge&kind=all", "/log?show=warnings", "/nothing")
	for _, scheme := range []string{"light", "dark"} {
		tab.Prefer("prefers-color-scheme", scheme)
		for name, size := range map[string][2]int64{"desk": {1280, 900}, "phone": {360, 740}} {
			if shots == "" && (scheme == "dark") != (name == "phone") {
				continue // both colors and both sizes are looked at
			}
			tab.Do(chromedp.EmulateViewport(size[0], size[1]))
			for i, path := range paths {
				tab.Open(server.URL + path)
				if wide := testbed.Eval[int64](tab, `document.documentElement.scrollWidth`); wide > size[0] {
					t.Errorf("%s on a %s is %d wide", path, name, wide)
				}
				tab.Run(string(axe))
				found := testbed.Eval[string](tab, `axe.run({resultTypes: ["violations"], rules: {"target-size": {enabled: true}}}).then(r => JSON.stringify(r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html + " " + n.failureSummary))))`)
				var violations []string
				if err := json.Unmarshal([]byte(found), &violations); err != nil {
					t.Fatal(err)
				}
				for _, v := range violations {
					t.Errorf("%s on a %s, %s: %s", path, name, scheme, v)
				}
				if shots != "" {
					tall := testbed.Eval[int64](tab, `document.documentElement.scrollHeight`)
					tab.Do(chromedp.EmulateViewport(size[0], max(size[1], tall)))
					tab.Screenshot(filepath.Join(shots, fmt.Sprintf("%s-%s-%02d.png", name, scheme, i)))
					tab.Do(chromedp.EmulateViewport(size[0], size[1]))
				}
			}
		}
	}
}
