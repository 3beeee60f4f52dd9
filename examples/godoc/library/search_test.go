// What searches find, and how fast.

package library

import (
	"strings"
	"testing"
)

func TestSearch(t *testing.T) {
	x := standard(t)
	for _, tt := range []struct{ query, first string }{
		{"net/http", "net/http"},
		{"http", "net/http"},
		{"json", "encoding/json"},
		{"http.Server", "net/http.Server"},
		{"http server", "net/http.Server"},
		{"net/http.ListenAndServe", "net/http.ListenAndServe"},
		{"listenandserve", "net/http.ListenAndServe"},
		{"LaS", "net/http.ListenAndServe"},
		{"Server.Shutdown", "net/http.Server.Shutdown"},
		{"server shutdown", "net/http.Server.Shutdown"},
		{"strings.Cut", "strings.Cut"},
		{"cmd/go", "cmd/go"},
		{"append", "builtin.append"},
		{"EOF", "io.EOF"},
		{"WaitGroup", "sync.WaitGroup"},
		{"Server", "net/http.Server"},
		{"server", "net/http.Server"},
		{"Client", "net/http.Client"},
		{"Reader", "io.Reader"},
		{"Duration", "time.Duration"},
		{"time", "time"},
		{"context", "context"},
		{"Context", "context.Context"},
		{"httptest", "net/http/httptest"},
	} {
		results, total := x.Search(tt.query, MaxResults)
		if len(results) == 0 || name(results[0]) != tt.first {
			t.Errorf("Search(%q) starts with %v, want %s", tt.query, results[:min(len(results), 3)], tt.first)
		}
		if len(results) != min(total, MaxResults) {
			t.Errorf("Search(%q): %d results of %d", tt.query, len(results), total)
		}
	}
	for _, query := range []string{"", "  ", "nosuchthinganywhere", "\x00", "\xff", strings.Repeat("a", 1000)} {
		if results, _ := x.Search(query, MaxResults); len(results) != 0 {
			t.Errorf("Search(%.20q) finds %v", query, results[0])
		}
	}
}

// standard is an index of the Go that runs the tests.
func standard(t testing.TB) *Index {
	t.Helper()
	c, err := installed(t).Catalog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	x := new(Index)
	x.SetCatalog(c)
	return x
}

func name(r Result) string {
	if r.Name == "" {
		return r.Path
	}
	return r.Path + "." + r.Name
}

func TestHumps(t *testing.T) {
	for _, tt := range []struct {
		name, query string
		want        bool
	}{
		{"ListenAndServe", "LAS", true},
		{"ListenAndServe", "LaS", true},
		{"ListenAndServe", "LisServe", true},
		{"ListenAndServeTLS", "LASTLS", true},
		{"Server.Shutdown", "SSh", true},
		{"ListenAndServe", "LS", true},
		{"ListenAndServe", "LX", false},
		{"ListenAndServe", "AS", false},
		{"", "A", false},
	} {
		if got := humps(tt.name, tt.query); got != tt.want {
			t.Errorf("humps(%q, %q) = %v", tt.name, tt.query, got)
		}
	}
}

func FuzzSearch(f *testing.F) {
	x := new(Index)
	x.SetCatalog(Catalog{Packages: []CatalogPackage{{Path: "net/http", Name: "http", Symbols: []CatalogSymbol{{Name: "Server.Shutdown", Kind: "method"}}}}})
	f.Add("LaS")
	f.Fuzz(func(t *testing.T, query string) { x.Search(query, MaxResults) })
}

func BenchmarkSearch(b *testing.B) {
	x := standard(b)
	for _, query := range []string{"s", "http.Server", "LaS"} {
		b.Run(query, func(b *testing.B) {
			for b.Loop() {
				x.Search(query, MaxResults)
			}
		})
	}
}
