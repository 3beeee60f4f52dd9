// Two builds side by side: each answers with its own view and assets, and finds
// those of the other.

package e2e_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

var stylesheet = regexp.MustCompile(`<link rel="stylesheet" href="([^"]+)"`)

// beside is a stand with another program and its own seed over the same store.
func (s *stand) beside(p program) *stand {
	s.t.Helper()
	other := s.as(p)
	other.build()
	return other
}

// as is a stand with another program over the same store, which is not built yet.
func (s *stand) as(p program) *stand {
	other := *s
	other.program, other.dist = p, s.t.TempDir()
	return &other
}

// wantOwn asks a server for a page, which has to be all of its build, and
// returns the path of its stylesheet.
func (v *server) wantOwn(path, version string) string {
	v.t.Helper()
	a, shown, err := v.page(path)
	if err != nil {
		v.t.Fatal(err)
	}
	link := stylesheet.FindSubmatch(a.body)
	if a.status != 200 || link == nil || shown.Version != version {
		v.t.Fatalf("%s of build %s: %+v, %s", path, version, shown, a)
	}
	css, err := v.get(string(link[1]))
	if err != nil {
		v.t.Fatal(err)
	}
	if css.status != 200 || !strings.Contains(string(css.body), "version "+version+" ") {
		v.t.Fatalf("%s of build %s links to %s: %s", path, version, link[1], css)
	}
	return string(link[1])
}

// wantAsset asks a server for the stylesheet of a build that is not its own.
func (v *server) wantAsset(path, version string) {
	v.t.Helper()
	until(v.t, "the other build's asset is there", func() bool {
		a, err := v.get(path)
		if err != nil {
			v.t.Fatal(err)
		}
		if a.status == 200 && (!strings.Contains(string(a.body), "version "+version+" ") || !strings.Contains(a.header.Get("Cache-Control"), "immutable")) {
			v.t.Fatalf("%s: %s, %s", path, a.header.Get("Cache-Control"), a)
		}
		return a.status == 200
	})
}

func TestSkew(t *testing.T) {
	t.Parallel()
	grounds(t, func(t *testing.T, g ground) {
		one := on(t, g)
		two := one.beside(release(t, next))
		a, b := one.serve(), two.serve()
		ask := func() (ofA, ofB string) {
			for n := range 5 {
				for _, path := range []string{"/about", "/notes/big", fmt.Sprint("/made/", n), fmt.Sprint("/timed/", n)} {
					for range 3 {
						ofA, ofB = a.wantOwn(path, "1"), b.wantOwn(path, "2")
					}
				}
			}
			return ofA, ofB
		}
		ofA, ofB := ask()
		a.wantAsset(ofB, "2")
		b.wantAsset(ofA, "1")
		one.purge("--all", "--expire")
		ask()
		two.purge("--tag", "all-made")
		ask()

		// The first is gone, and the second goes: pages of theirs that are open
		// in a browser are still whole.
		a.stop()
		c := one.beside(release(t, third)).serve()
		b.stop()
		ofC := c.wantOwn("/about", "3")
		c.wantAsset(ofA, "1")
		c.wantAsset(ofB, "2")
		if ofA == ofB || ofB == ofC {
			t.Errorf("the builds' assets have the same path: %s, %s, %s", ofA, ofB, ofC)
		}
		if gone, err := c.get(strings.Replace(ofA, ".css", "x.css", 1)); err != nil || gone.status != 404 || !strings.Contains(gone.header.Get("Cache-Control"), "no-store") {
			t.Errorf("an asset of no build: %s, %v", gone, err)
		}
	})
}
