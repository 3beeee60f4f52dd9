// Since when symbols exist.

package library

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAdded(t *testing.T) {
	l := installed(t)
	if _, err := os.Stat(filepath.Join(l.goroot, "api", "go1.txt")); err != nil {
		t.Fatalf("the Go that runs this test has no api directory: %v", err)
	}
	for _, tt := range []struct{ path, name, want string }{
		{"net/http", "", "go1.0"},
		{"slices", "", "go1.21"},
		{"log/slog", "", "go1.21"},
		{"strings", "Cut", "go1.18"},
		{"net/http", "Server", "go1.0"},
		{"net/http", "ListenAndServe", "go1.0"},
		{"net/http", "Server.Shutdown", "go1.8"},
		{"net/http", "ServeMux.Handler", "go1.1"},
		{"net/http", "StatusEarlyHints", "go1.13"},
		{"net/http", "ErrServerClosed", "go1.8"},
		{"sync/atomic", "Pointer", "go1.19"},      // of a type
		{"sync/atomic", "Pointer.Load", "go1.19"}, // a method of it
		{"slices", "SortFunc", "go1.21"},
		{"testing", "T.Error", "go1.0"},     // of what it embeds
		{"testing", "T.TempDir", "go1.15"},  //
		{"bytes", "Title", "go1.0"},         // deprecated in 1.18
		{"io", "SeekStart", "go1.7"},        //
		{"syscall", "Read", "go1.0"},        // of some systems
		{"context", "Context", "go1.7"},     // an interface
		{"reflect", "Type", "go1.0"},        // with unexported methods
		{"testing", "TB", "go1.2"},          //
		{"net/http", "Nonsense", ""},        //
		{"nonsense", "", ""},                //
		{"net/http", "Server.Addr", ""},     // a field
		{"golang.org/x/mod/semver", "", ""}, //
	} {
		if got := l.Added(tt.path, tt.name); got != tt.want {
			t.Errorf("%s.%s is there since %q, want %q", tt.path, tt.name, got, tt.want)
		}
	}
	// Everything that is documented is in some file.
	c, err := l.Catalog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	unknown := 0
	for _, p := range c.Packages {
		switch p.Path {
		case "builtin", "unsafe", "syscall/js": // are not in them
			continue
		}
		if l.Added(p.Path, "") == "" && len(p.Symbols) > 0 {
			t.Errorf("it is not known since when %s is there", p.Path)
		}
		for _, s := range p.Symbols {
			if l.Added(p.Path, s.Name) == "" {
				unknown++
				t.Logf("it is not known since when %s.%s is there", p.Path, s.Name)
			}
		}
	}
	if unknown > 0 {
		t.Errorf("of %d symbols it is not known since when they are there", unknown)
	}

	// An installation without these files says nothing.
	if got := New(t.TempDir(), "").Added("strings", "Cut"); got != "" {
		t.Errorf("without files it says %q", got)
	}
	dir := t.TempDir()
	write(t, dir, map[string]string{"api/go1.18.txt": "pkg strings, func Cut(string)\n"})
	if got := New(dir, "").Added("strings", "Cut"); got != "" {
		t.Errorf("without the first file it says %q", got)
	}
}

func TestPagesSayWhatWasAdded(t *testing.T) {
	l := installed(t)
	pkg, err := l.Package(t.Context(), "strings")
	if err != nil || pkg.Added != "go1.0" {
		t.Fatalf("%q, %v", pkg.Added, err)
	}
	added := make(map[string]string)
	for _, f := range pkg.Funcs {
		added[f.ID] = f.Added
	}
	for _, typ := range pkg.Types {
		added[typ.Name] = typ.Added
		for _, f := range append(typ.Funcs, typ.Methods...) {
			added[f.ID] = f.Added
		}
	}
	for name, want := range map[string]string{"Cut": "go1.18", "Index": "go1.0", "Builder": "go1.10", "Builder.Cap": "go1.12", "NewReader": "go1.0"} {
		if added[name] != want {
			t.Errorf("strings.%s is there since %q, want %q", name, added[name], want)
		}
		if s, err := l.Symbol(t.Context(), "strings", name); err != nil || s.Added != want {
			t.Errorf("the page of strings.%s says %q, %v", name, s.Added, err)
		}
	}
	of := func(path, name string) string {
		pkg, err := l.Package(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range append(pkg.Consts, pkg.Vars...) {
			for _, n := range v.Names {
				if n == name {
					return v.Added
				}
			}
		}
		return "not there"
	}
	if got := of("io", "SeekStart"); got != "go1.7" {
		t.Errorf("the group of io.SeekStart is there since %q", got)
	}
	if got := of("net/http", "StatusOK"); got != "" {
		t.Errorf("the group of http.StatusOK, to which some were added, is there since %q", got)
	}
}
