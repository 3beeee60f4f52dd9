// Index: the names of everything that is installed, for searches.

package library

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/mod/semver"
)

// An Index has the names of the standard library and of the newest version of
// each module, in about 40 bytes a name. The zero value is empty. Its methods
// may be called at the same time by many goroutines.
type Index struct {
	mu       sync.RWMutex
	standard *shelf
	catalog  Catalog
	modules  map[string]*shelf // by path@version
	uses     map[string]int    // packages of modules that import a path
	waiting  int
	stamp    string // of the module cache that it was last brought up to
}

// A shelf is the packages of one module, or of the Go installation.
type shelf struct {
	module   string // empty for the Go installation
	packages []shelved
	imports  []string
}

// A shelved package keeps the names of its symbols in one string.
type shelved struct {
	path, name, synopsis string
	command, deprecated  bool
	uses                 int // of the Go installation
	names                string
	ends                 []uint32 // of each name
	kinds                []kind
	letters              []letters
}

func (p *shelved) symbol(i int) string {
	start := uint32(0)
	if i > 0 {
		start = p.ends[i-1]
	}
	return p.names[start:p.ends[i]]
}

// A kind is that of a symbol or package, in the order of results that fit as
// well.
type kind uint8

const (
	kindPackage kind = iota
	kindCommand
	kindType
	kindConst
	kindFunc
	kindVar
	kindMethod
)

var kinds = [...]string{"package", "command", "type", "const", "func", "var", "method"}

func (k kind) String() string { return kinds[k] }

// order is that among results that fit as well.
func (k kind) order() int {
	switch k {
	case kindPackage, kindCommand:
		return 0
	case kindType:
		return 1
	case kindMethod:
		return 3
	}
	return 2
}

func kindOf(name string) kind { return kind(max(0, slices.Index(kinds[:], name))) }

// letters are those that a text has, a bit for each, whatever their case: what
// lacks one of a query's letters does not fit the query.
type letters uint32

func lettersOf(text string) (set letters) {
	for i := range len(text) {
		switch c := asciiLower(text[i]); {
		case 'a' <= c && c <= 'z':
			set |= 1 << (c - 'a')
		case '0' <= c && c <= '9':
			set |= 1 << 26
		case c == '.':
			set |= 1 << 27
		}
	}
	return set
}

func (set letters) has(other letters) bool { return set&other == other }

func shelve(module string, packages, commands []CatalogPackage) *shelf {
	s := &shelf{module: module}
	imports := make(map[string]bool)
	for i, list := range [...][]CatalogPackage{packages, commands} {
		for _, p := range list {
			var names strings.Builder
			kept := shelved{
				path: strings.Clone(p.Path), name: strings.Clone(p.Name), synopsis: strings.Clone(p.Synopsis), uses: p.Uses,
				command: i == 1, deprecated: p.Deprecated,
				ends: make([]uint32, 0, len(p.Symbols)), kinds: make([]kind, 0, len(p.Symbols)), letters: make([]letters, 0, len(p.Symbols)),
			}
			for _, sym := range p.Symbols {
				names.WriteString(sym.Name)
				kept.ends = append(kept.ends, uint32(names.Len()))
				kept.kinds = append(kept.kinds, kindOf(sym.Kind))
				kept.letters = append(kept.letters, lettersOf(sym.Name))
			}
			kept.names = strings.Clone(names.String())
			s.packages = append(s.packages, kept)
			for _, path := range p.Imports {
				imports[path] = true
			}
		}
	}
	for path := range imports {
		s.imports = append(s.imports, strings.Clone(path))
	}
	return s
}

// SetCatalog has the standard library found. It costs nothing for the catalog
// that it was called with before.
func (x *Index) SetCatalog(c Catalog) {
	same := func() bool {
		return x.standard != nil && len(c.Packages) == len(x.catalog.Packages) && (len(c.Packages) == 0 || &c.Packages[0] == &x.catalog.Packages[0])
	}
	x.mu.RLock()
	done := same()
	x.mu.RUnlock()
	if done {
		return
	}
	s := shelve("", c.Packages, c.Commands)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.standard, x.catalog = s, c
}

// Update brings the index up to what the module cache holds now. contents is
// asked for each module that is not in the index yet; where the cache has not
// changed since, it is not asked. One call at a time.
func (x *Index) Update(ctx context.Context, l *Library, contents func(ctx context.Context, mod string) (Contents, error)) error {
	stamp, err := l.Stamp(ctx) // before the modules are listed: what arrives meanwhile changes it again
	if err != nil {
		return err
	}
	x.mu.RLock()
	same := stamp == x.stamp
	x.mu.RUnlock()
	if same {
		return nil
	}
	modules, err := l.Modules(ctx)
	if err != nil {
		return err
	}
	missing := x.keep(newest(modules))
	var failed error
	for i, mod := range missing {
		c, err := contents(ctx, mod)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && !isGone(err) {
			failed = cmp.Or(failed, fmt.Errorf("library: reading %s: %w", mod, err))
		}
		x.add(mod, c, len(missing)-1-i)
	}
	if failed != nil {
		return failed
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.stamp = stamp
	return nil
}

// newest is the newest version of each module. Versions with a suffix, such as
// v1.0.0-rc.1, count only where there are no others.
func newest(modules []Module) []string {
	best := make(map[string]string)
	for _, m := range modules {
		have, ok := best[m.Path]
		finished, others := semver.Prerelease(m.Version) == "", semver.Prerelease(have) == ""
		if !ok || finished && !others || finished == others && semver.Compare(m.Version, have) > 0 {
			best[m.Path] = m.Version
		}
	}
	var names []string
	for path, version := range best {
		names = append(names, path+"@"+version)
	}
	slices.Sort(names)
	return names
}

// keep drops the modules that are not among the names, and returns those that
// are missing.
func (x *Index) keep(names []string) (missing []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	wanted := make(map[string]bool)
	for _, name := range names {
		wanted[name] = true
		if x.modules[name] == nil {
			missing = append(missing, name)
		}
	}
	for name, s := range x.modules {
		if !wanted[name] {
			delete(x.modules, name)
			x.count(s, -1)
		}
	}
	x.waiting = len(missing)
	return missing
}

func (x *Index) add(mod string, c Contents, waiting int) {
	s := shelve(mod, c.Packages, c.Commands)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.modules == nil {
		x.modules, x.uses = make(map[string]*shelf), make(map[string]int)
	}
	x.modules[mod] = s
	x.count(s, 1)
	x.waiting = waiting
}

// count counts what a module imports, once for each module.
func (x *Index) count(s *shelf, n int) {
	for _, path := range s.imports {
		if x.uses[path] += n; x.uses[path] == 0 {
			delete(x.uses, path)
		}
	}
}

// An IndexSize is how much an [Index] holds.
type IndexSize struct {
	Modules int  // that are searched
	Waiting int  // that are yet to be read
	Unknown bool // it is not known yet which there are
}

// Size is how much it holds now.
func (x *Index) Size() IndexSize {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return IndexSize{Modules: len(x.modules), Waiting: x.waiting, Unknown: x.stamp == "" && x.modules == nil && x.waiting == 0}
}
