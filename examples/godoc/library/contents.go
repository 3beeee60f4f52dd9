// Contents: what searches know of a package, a module, and the whole cache.

package library

import (
	"context"
	"errors"
	"go/ast"
	"go/build"
	"go/doc"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Contents are the packages of one module version that others can import, and
// its commands, as a search finds them. They take a few hundred kilobytes of
// JSON for a large module.
type Contents struct {
	Packages []CatalogPackage `json:"p,omitempty"`
	Commands []CatalogPackage `json:"c,omitempty"`
}

// maxIndexed is the size of a file above which its symbols are not listed: such
// files are made by machines, for machines.
const maxIndexed = 1 << 20

// Contents reads a module version, named like "golang.org/x/mod@v0.42.0". It
// takes as long as parsing the module does.
func (l *Library) Contents(ctx context.Context, mod string) (Contents, error) {
	refs, err := l.ModulePackages(ctx, mod)
	if err != nil {
		return Contents{}, err
	}
	var c Contents
	targets := l.targets()
	for _, ref := range refs {
		if err := ctx.Err(); err != nil {
			return Contents{}, err
		}
		loc, err := l.inModule(ref.Path)
		if err != nil {
			continue
		}
		if ref.Name == "main" {
			c.Commands = append(c.Commands, CatalogPackage{Path: loc.importPath, Name: ref.Name, Synopsis: ref.Synopsis})
			continue
		}
		p, sources := l.sketch(loc, targets)
		if p == nil {
			continue
		}
		e := p.entry(sources)
		e.Path, e.Imports = loc.importPath, slices.DeleteFunc(p.doc.Imports, func(path string) bool { return !strings.Contains(path, ".") })
		c.Packages = append(c.Packages, *e)
	}
	return c, nil
}

// sketch parses the files of a package that the first fitting target builds,
// and reads no others.
func (l *Library) sketch(loc location, targets []build.Context) (*parsed, map[string][]byte) {
	entries, err := os.ReadDir(loc.dir)
	if err != nil {
		return nil, nil
	}
	for _, target := range targets {
		p := &parsed{loc: loc, imports: make(map[string]map[string]string), spans: make(map[token.Pos]span)}
		var names []string
		sources := make(map[string][]byte)
		for _, e := range entries {
			name := e.Name()
			if !e.Type().IsRegular() || !goFile(name) || strings.HasSuffix(name, "_test.go") {
				continue
			}
			if built, err := target.MatchFile(loc.dir, name); err != nil || !built { // reads no more than the head
				continue
			}
			if src, err := readIndexed(filepath.Join(loc.dir, name)); err == nil {
				names = append(names, name)
				sources[name] = src
			}
		}
		if p.parseFiles(names, sources) {
			return p, sources
		}
	}
	return nil, nil
}

func readIndexed(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxIndexed {
		return nil, errors.New("made by a machine")
	}
	return os.ReadFile(name)
}

// entry is what the catalog keeps of a package. The sources are those that it
// was parsed from.
func (p *parsed) entry(sources map[string][]byte) *CatalogPackage {
	d := p.doc
	e := &CatalogPackage{Path: p.loc.path, Name: d.Name, Synopsis: d.Synopsis(d.Doc), Deprecated: deprecated(d.Doc)}
	add := func(name, kind, signature, text string) {
		e.Symbols = append(e.Symbols, CatalogSymbol{Name: name, Kind: kind, Signature: signature, Synopsis: shortened(d.Synopsis(text))})
	}
	addValues := func(values []*doc.Value, kind string) {
		for _, v := range values {
			own := valueDocs(v)
			for _, name := range exportedNames(v.Names) {
				add(name, kind, "", own[name])
			}
		}
	}
	addFuncs := func(funcs []*doc.Func, kind, prefix string) {
		for _, f := range funcs {
			add(prefix+f.Name, kind, p.written(f.Decl.Name.End(), f.Decl.Type.End(), sources), f.Doc)
		}
	}
	addValues(d.Consts, "const")
	addValues(d.Vars, "var")
	addFuncs(d.Funcs, "func", "")
	for _, t := range d.Types {
		add(t.Name, "type", p.typeInShort(t, sources), t.Doc)
		addFuncs(t.Funcs, "func", "")
		addFuncs(t.Methods, "method", t.Name+".")
		addValues(t.Consts, "const")
		addValues(t.Vars, "var")
	}
	return e
}

// maxShort bounds what a search shows of a symbol, in bytes.
const maxShort = 160

// shortened is a text for one line of a list.
func shortened(text string) string {
	if len(text) <= maxShort {
		return text
	}
	text = strings.ToValidUTF8(text[:maxShort], "")
	if at := strings.LastIndexByte(text, ' '); at > 0 {
		text = text[:at]
	}
	return text + " …"
}

// written is a stretch of source in one line: "(addr string, handler Handler) error".
func (p *parsed) written(from, to token.Pos, sources map[string][]byte) string {
	file := p.fset.File(from)
	if file == nil || !to.IsValid() || p.fset.File(to) != file {
		return ""
	}
	src, start, end := sources[file.Name()], file.Offset(from), file.Offset(to)
	if start > end || end > len(src) {
		return ""
	}
	var line []string
	for text := range strings.Lines(string(src[start:end])) {
		text, _, _ = strings.Cut(text, "//")
		line = append(line, strings.Fields(text)...)
	}
	return shortened(strings.NewReplacer("( ", "(", ", )", ")").Replace(strings.Join(line, " ")))
}

// typeInShort says what a type is: "struct", "interface", or all of it.
func (p *parsed) typeInShort(t *doc.Type, sources map[string][]byte) string {
	if len(t.Decl.Specs) != 1 {
		return ""
	}
	spec, ok := t.Decl.Specs[0].(*ast.TypeSpec)
	if !ok {
		return ""
	}
	switch spec.Type.(type) {
	case *ast.StructType:
		return "struct"
	case *ast.InterfaceType:
		return "interface"
	}
	return p.written(spec.Type.Pos(), spec.Type.End(), sources)
}

// valueDocs is what is written at each name of a declaration, in place of what
// is written above a group of many.
func valueDocs(v *doc.Value) map[string]string {
	own := make(map[string]string)
	for _, s := range v.Decl.Specs {
		spec, ok := s.(*ast.ValueSpec)
		if !ok {
			continue
		}
		text := first(spec.Doc.Text(), spec.Comment.Text())
		if len(v.Decl.Specs) == 1 {
			text = first(v.Doc, text)
		}
		for _, name := range spec.Names {
			own[name.Name] = text
		}
	}
	return own
}

// isGone reports whether a module was removed while it was read.
func isGone(err error) bool { return errors.Is(err, fs.ErrNotExist) }
