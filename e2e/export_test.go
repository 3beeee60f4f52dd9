// An exported site on a plain file server is the same as the served site.

package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/paths"
)

// strategies finds what the program says of the page at a path.
func (s *stand) strategies() func(path string) (pattern string, strategy []string) {
	s.t.Helper()
	var routes []struct {
		Pattern, Kind string
		Strategy      []string
	}
	if err := json.Unmarshal([]byte(s.run("routes", "--json")), &routes); err != nil {
		s.t.Fatal(err)
	}
	words := map[string][]string{}
	var definitions []*gorgon.Definition
	for _, r := range routes {
		if r.Kind == "page" {
			words[r.Pattern] = r.Strategy
			definitions = append(definitions, gorgon.Page[string]{Path: r.Pattern}.Definition())
		}
	}
	router := paths.NewRouter(definitions, (*gorgon.Definition).PathPattern)
	return func(path string) (string, []string) {
		d := router.Match(path)
		if d == nil {
			return "", nil
		}
		return d.Path, words[d.Path]
	}
}

// checkExport exports a site, and crawls it on a file server beside the
// program itself, up to as many addresses as are allowed. Of those that are
// not exported it asks the program for some.
func checkExport(t *testing.T, s *stand, most, some int) {
	const base = "/docs/"
	out := t.TempDir()
	s.run("export", "--partial", "--out", out, "--base", base, "--dist", s.dist, "--compress", "fast")
	files := httptest.NewServer(http.StripPrefix(base, http.FileServer(http.Dir(out))))
	defer files.Close()
	v := s.serve("--base", base)
	served := strings.TrimSuffix(v.url, strings.TrimSuffix(base, "/"))
	strategies := s.strategies()
	same, left := 0, map[string]int{}
	visited, err := crawl(files.URL, base, most, func(uri string) ([]byte, error) {
		exported, err := fetch(files.URL + uri)
		if err != nil {
			return nil, err
		}
		if exported.status == http.StatusNotFound {
			u, err := url.Parse(uri)
			if err != nil {
				return nil, err
			}
			pattern, strategy := strategies("/" + strings.TrimPrefix(u.Path, base))
			if !slices.Contains(strategy, "incremental") && !slices.Contains(strategy, "per request") {
				return nil, fmt.Errorf("%s is not exported, and is a page of %q (%s)", uri, pattern, strategy)
			}
			if left[pattern]++; left[pattern] <= some {
				if a, err := fetch(served + uri); err != nil || a.status != http.StatusOK {
					t.Errorf("%s is linked to, and the program answers %v, %v", uri, a, err)
				}
			}
			return nil, nil
		}
		original, err := fetch(served + uri)
		if err != nil {
			return nil, err
		}
		if exported.status != http.StatusOK || original.status != http.StatusOK || !bytes.Equal(exported.body, original.body) {
			t.Errorf("%s: the export has %v, and the program %v", uri, exported, original)
		}
		same++
		if !strings.HasPrefix(original.header.Get("Content-Type"), "text/html") {
			return nil, nil
		}
		return exported.body, nil
	})
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d addresses: %d are the same, and not exported are %v", visited, same, left)
	if same < 5 || len(left) == 0 {
		t.Error("that is too little to say anything")
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	checkExport(t, newStand(t, self(t)), 100, 1)
}

// The main example, with every package of the standard library.
func TestExportMainExample(t *testing.T) {
	t.Parallel()
	checkExport(t, newStand(t, release(t, godoc)), 600, 5)
}
