// Parse: a directory of Go files becomes a go/doc package, as the host builds it.

package library

import (
	"bytes"
	"context"
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// A parsed package is read-only once made.
type parsed struct {
	loc     location
	fset    *token.FileSet
	doc     *doc.Package
	symbols map[string]bool // its top-level names
	files   []File
	goos    string
	goarch  string
	imports map[string]map[string]string // file → name → import path
	spans   map[token.Pos]span           // declarations as they were before go/doc took the bodies out
}

// A span is a stretch of a source file, with the doc comment left out.
type span struct {
	file       string
	start, end int // byte offsets
	line       int
}

// load returns the parsed package at loc, kept or new.
func (l *Library) load(ctx context.Context, loc location) (*parsed, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	info, err := os.Stat(loc.dir)
	if err != nil {
		return nil, notFound("package", loc.path)
	}
	return l.parsed.get(loc.dir, info.ModTime(), func() (*parsed, error) {
		return l.parse(loc)
	})
}

// parse reads and parses the package at loc, with its examples.
func (l *Library) parse(loc location) (*parsed, error) {
	names, sources, err := readGo(loc.dir, true)
	if err != nil {
		return nil, notFound("package", loc.path)
	}
	p := &parsed{loc: loc, imports: make(map[string]map[string]string), spans: make(map[token.Pos]span)}
	for _, target := range l.targets() {
		var built []string
		for _, name := range names {
			if ok, err := matchFile(target, loc.dir, name, sources[name]); err == nil && ok {
				built = append(built, name)
			}
		}
		if p.parseFiles(built, sources) {
			p.goos, p.goarch = target.GOOS, target.GOARCH
			p.listFiles(names, built, sources)
			return p, nil
		}
	}
	return nil, notFound("package", loc.path)
}

// targets are what a package is read for: the host, and for packages that exist
// only elsewhere (syscall/js, a Windows module) the first target that has them.
func (l *Library) targets() []build.Context {
	host := build.Default
	host.GOROOT = l.goroot
	if tags := releaseTags(l.GoVersion()); tags != nil {
		host.ReleaseTags = tags
	}
	targets := []build.Context{host}
	for _, t := range [][2]string{{"linux", "amd64"}, {"js", "wasm"}, {"windows", "amd64"}, {"darwin", "arm64"}} {
		c := host
		c.GOOS, c.GOARCH, c.CgoEnabled = t[0], t[1], t[0] != "js"
		targets = append(targets, c)
	}
	return targets
}

// releaseTags are go1.1 … go1.N for a version "go1.N.P": the installed Go may
// be newer than the one that built this program.
func releaseTags(version string) []string {
	minor, _, _ := strings.Cut(strings.TrimPrefix(version, "go1."), ".")
	if i := strings.IndexFunc(minor, func(r rune) bool { return r < '0' || r > '9' }); i > 0 {
		minor = minor[:i] // go1.27rc1
	}
	n, err := strconv.Atoi(minor)
	if err != nil || n < 1 || n > 999 {
		return nil
	}
	tags := make([]string, n)
	for i := range tags {
		tags[i] = "go1." + strconv.Itoa(i+1)
	}
	return tags
}

// readGo reads the Go files of a directory; test files only when asked for.
func readGo(dir string, tests bool) ([]string, map[string][]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	var names []string
	sources := make(map[string][]byte)
	for _, e := range entries {
		name := e.Name()
		if !e.Type().IsRegular() || !goFile(name) || (!tests && strings.HasSuffix(name, "_test.go")) {
			continue
		}
		src, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, nil, err
		}
		names = append(names, name)
		sources[name] = src
	}
	return names, sources, nil
}

// goFile reports whether name is one the go command looks at.
func goFile(name string) bool {
	return strings.HasSuffix(name, ".go") && !strings.HasPrefix(name, "_") && !strings.HasPrefix(name, ".")
}

// matchFile reports whether the target builds the file, without reading it again.
func matchFile(target build.Context, dir, name string, src []byte) (bool, error) {
	target.OpenFile = func(string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(src)), nil
	}
	return target.MatchFile(dir, name)
}

// parseFiles parses the built files and reports whether they make a package.
// Files that do not parse are left out: a module may hold anything.
func (p *parsed) parseFiles(names []string, sources map[string][]byte) bool {
	p.fset = token.NewFileSet()
	var code, tests []*ast.File
	for _, name := range names {
		src, mode := sources[name], parser.ParseComments
		if test := strings.HasSuffix(name, "_test.go"); !test {
			mode |= parser.SkipObjectResolution // only examples need objects
		} else if !bytes.Contains(src, []byte("func Example")) {
			continue
		}
		f, err := parser.ParseFile(p.fset, name, src, mode)
		if f == nil || f.Name == nil || f.Name.Name == "_" || (err != nil && len(f.Decls) == 0) {
			continue
		}
		if strings.HasSuffix(name, "_test.go") {
			tests = append(tests, f)
		} else {
			code = append(code, f)
		}
	}
	code = samePackage(code)
	if len(code) == 0 {
		return false
	}
	for _, f := range code {
		p.remember(f)
	}
	var mode doc.Mode
	if p.loc.importPath == "builtin" && p.loc.module == "" {
		mode = doc.AllDecls
	}
	d, err := doc.NewFromFiles(p.fset, append(code, tests...), p.loc.importPath, mode)
	if err != nil {
		return false
	}
	if mode == doc.AllDecls {
		ungroup(d)
	}
	p.doc, p.symbols = d, symbolNames(d)
	return true
}

// samePackage keeps the files of the package most of them belong to.
func samePackage(files []*ast.File) []*ast.File {
	count := make(map[string]int)
	best := ""
	for _, f := range files {
		name := f.Name.Name
		count[name]++
		if best == "" || count[name] > count[best] {
			best = name
		}
	}
	var same []*ast.File
	for _, f := range files {
		if f.Name.Name == best {
			same = append(same, f)
		}
	}
	return same
}

// remember notes the imports of a file and where its declarations end.
func (p *parsed) remember(f *ast.File) {
	file := p.fset.File(f.Pos())
	imports := make(map[string]string)
	for _, spec := range f.Imports {
		if importPath, err := strconv.Unquote(spec.Path.Value); err == nil {
			name := importName(importPath)
			if spec.Name != nil {
				name = spec.Name.Name
			}
			imports[name] = importPath
		}
	}
	p.imports[file.Name()] = imports
	note := func(key, start, end token.Pos) {
		if end > token.Pos(file.Base()+file.Size()) {
			end = token.Pos(file.Base() + file.Size())
		}
		p.spans[key] = span{file: file.Name(), start: file.Offset(start), end: file.Offset(end), line: file.Line(start)}
	}
	for _, d := range f.Decls {
		note(d.Pos(), d.Pos(), d.End())
		if gen, ok := d.(*ast.GenDecl); ok {
			shorten(gen)
			for _, spec := range gen.Specs {
				if gen.Lparen.IsValid() {
					note(spec.Pos(), spec.Pos(), spec.End())
				} else {
					note(spec.Pos(), gen.Pos(), gen.End())
				}
			}
		}
	}
}

// shorten takes the elements out of long composite literals (the tables of
// unicode): a declaration is shown to say what there is, the source has the rest.
func shorten(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		values, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for _, v := range values.Values {
			if u, ok := v.(*ast.UnaryExpr); ok {
				v = u.X
			}
			if lit, ok := v.(*ast.CompositeLit); ok && len(lit.Elts) > 12 {
				lit.Elts, lit.Rbrace, lit.Incomplete = nil, lit.Lbrace+1, true
			}
		}
	}
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// importName guesses the name a package is used by from its import path.
func importName(importPath string) string {
	base := path.Base(importPath)
	if majorVersion.MatchString(base) {
		base = path.Base(path.Dir(importPath))
	}
	base, _, _ = strings.Cut(base, ".v") // gopkg.in/yaml.v3
	return strings.TrimPrefix(base, "go-")
}

// ungroup lists the functions of package builtin as functions: go/doc takes
// new and make for constructors of the stand-in type Type.
func ungroup(d *doc.Package) {
	for _, t := range d.Types {
		d.Funcs = append(d.Funcs, t.Funcs...)
		t.Funcs = nil
	}
	sort.Slice(d.Funcs, func(i, j int) bool { return d.Funcs[i].Name < d.Funcs[j].Name })
}

// listFiles fills the list of files, those that are built first.
func (p *parsed) listFiles(names, built []string, sources map[string][]byte) {
	in := make(map[string]bool)
	for _, name := range built {
		in[name] = true
	}
	for _, name := range names {
		p.files = append(p.files, File{
			Name:  name,
			Lines: bytes.Count(sources[name], []byte("\n")),
			Built: in[name],
			Test:  strings.HasSuffix(name, "_test.go"),
		})
	}
	sort.SliceStable(p.files, func(i, j int) bool { return p.files[i].Built && !p.files[j].Built })
}
