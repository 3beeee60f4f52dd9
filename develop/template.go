// Templates: Go generated from them, and their texts for an app that runs.

package develop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/format"
	"go/parser"
	"go/scanner"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/a-h/parse"
	"github.com/a-h/templ"
	"github.com/a-h/templ/generator"
	templates "github.com/a-h/templ/parser/v2"
	runtime "github.com/a-h/templ/runtime"
)

// A templGenerator generates Go from templates. Where the app uses the version of templ
// that is linked here, it does so by itself, and lets the running app read
// the texts of its templates from files: templ's development mode.
type templGenerator struct {
	dir     string   // the module
	command []string // that generates; nil for the linked generator
	texts   string   // the folder of the text files; "" where the app does not read any
	built   map[string]string
	written map[string]time.Time // text files, by the file of Go
	listed  map[string]string    // by file, the imports that dependencies were listed for
}

// stale is how long templ believes a text file that it has read.
const stale = 100 * time.Millisecond

func newTemplGenerator(ctx context.Context, dir string, command []string, folder string) *templGenerator {
	p := &templGenerator{dir: dir, command: command, built: map[string]string{}, written: map[string]time.Time{}, listed: map[string]string{}}
	out, err := run(ctx, dir, nil, "go", "list", "-m", "-f", "{{if .Replace}}replaced{{else}}{{.Version}}{{end}}", "github.com/a-h/templ")
	if err == nil && strings.TrimSpace(string(out)) == templ.Version() {
		p.texts = folder
		return p
	}
	if len(p.command) == 0 {
		// The version that the app's go.mod names wins.
		p.command = []string{"templ"}
		if mod, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil && bytes.Contains(mod, []byte("github.com/a-h/templ/cmd/templ")) {
			p.command = []string{"go", "tool", "templ"}
		}
	}
	return p
}

// generate writes the Go of a template, and returns the file's name.
func (p *templGenerator) generate(ctx context.Context, name string) (string, error) {
	target := strings.TrimSuffix(name, ".templ") + "_templ.go"
	if len(p.command) > 0 {
		line := append(slices.Clone(p.command), "generate", "-f", name)
		out, err := run(ctx, p.dir, nil, line...)
		if err != nil {
			return "", fmt.Errorf("%s: %w\n%s", strings.Join(line, " "), err, out)
		}
		return target, nil
	}
	t, err := templates.Parse(name)
	if err != nil {
		return "", placed(name, err)
	}
	before, _ := os.ReadFile(target)
	var out bytes.Buffer
	made, err := generator.Generate(t, &out, generator.WithVersion(templ.Version()), generator.WithFileName(p.calls(name, before)))
	if err != nil {
		return "", placed(name, err)
	}
	source, err := format.Source(out.Bytes())
	if err != nil {
		if list, ok := errors.AsType[scanner.ErrorList](err); ok {
			for _, e := range list {
				// templ counts lines from 0.
				if at, ok := made.SourceMap.SourcePositionFromTarget(uint32(e.Pos.Line-1), uint32(e.Pos.Column)); ok {
					return "", fmt.Errorf("%s:%d:%d: %s", p.short(name), at.Line+1, at.Col+1, e.Msg)
				}
			}
		}
		return "", fmt.Errorf("%s: %w", p.short(name), err)
	}
	if bytes.Equal(source, before) {
		return target, nil
	}
	return target, os.WriteFile(target, source, 0o644)
}

// placed says where in a template an error is.
func placed(name string, err error) error {
	if e, ok := errors.AsType[parse.ParseError](err); ok {
		return fmt.Errorf("%s:%d:%d: %s", name, e.Pos.Line+1, e.Pos.Col+1, e.Msg)
	}
	return fmt.Errorf("%s: %w", name, err)
}

var fileName = regexp.MustCompile("FileName: `([^`]*)`")

// calls is what the template is called in errors: as in the file
// generated last, so that nothing else changes in the repository.
func (p *templGenerator) calls(name string, before []byte) string {
	if m := fileName.FindSubmatch(before); m != nil && filepath.Base(string(m[1])) == filepath.Base(name) {
		return string(m[1])
	}
	return p.short(name)
}

func (p *templGenerator) short(name string) string {
	if short, err := filepath.Rel(p.dir, name); err == nil {
		return filepath.ToSlash(short)
	}
	return name
}

// textOnly says whether nothing but texts differs between generated files and
// those that the running app was built of.
func (p *templGenerator) textOnly(targets []string) bool {
	if p.texts == "" {
		return false
	}
	for _, target := range targets {
		_, code, err := split(target)
		if was, ok := p.built[target]; err != nil || !ok || was != code {
			return false
		}
	}
	return true
}

// publish writes the texts of generated files for the app.
func (p *templGenerator) publish(ctx context.Context, targets []string) error {
	if p.texts == "" {
		return nil
	}
	for _, target := range targets {
		texts, _, err := split(target)
		if err != nil {
			return err
		}
		// Written again within this time, it would not be read again.
		wait := time.NewTimer(time.Until(p.written[target].Add(stale)))
		select {
		case <-wait.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		real, err := filepath.EvalSymlinks(target)
		if err != nil {
			return err
		}
		name := filepath.Join(p.texts, filepath.Base(runtime.GetDevModeTextFileName(real)))
		if err := os.WriteFile(name+".new", []byte(strings.Join(texts, "\n")), 0o600); err != nil {
			return err
		}
		if err := os.Rename(name+".new", name); err != nil {
			return err
		}
		p.written[target] = time.Now()
	}
	return nil
}

// building notes what an app is about to be built of, and writes the texts of
// all its templates: also of those in other modules, which it reads as well.
func (p *templGenerator) building(ctx context.Context, packageName string, flags, files, changed []string) error {
	if p.texts == "" {
		return nil
	}
	clear(p.built)
	if p.importsChanged(files, changed) {
		line := append([]string{"go", "list", "-deps"}, flags...)
		line = append(line, "-f", "{{$d := .Dir}}{{range .GoFiles}}{{$d}}"+string(filepath.Separator)+"{{.}}\n{{end}}", packageName)
		out, err := run(ctx, p.dir, nil, line...)
		if err != nil {
			clear(p.listed)
			return nil // the build says what is wrong
		}
		for name := range strings.Lines(string(out)) {
			if name = strings.TrimSpace(name); strings.HasSuffix(name, "_templ.go") && !slices.Contains(files, name) {
				if err := p.publish(ctx, []string{name}); err != nil {
					return err
				}
			}
		}
	}
	var publish []string
	for _, name := range files {
		if !strings.HasSuffix(name, "_templ.go") {
			continue
		}
		_, code, err := split(name)
		if err != nil {
			continue // the compiler says what is wrong
		}
		p.built[name] = code
		publish = append(publish, name)
	}
	return p.publish(ctx, publish)
}

// importsChanged says whether the app may have other dependencies than at
// the last listing.
func (p *templGenerator) importsChanged(files, changed []string) bool {
	if len(p.listed) > 0 {
		files = changed
	}
	before := maps.Clone(p.listed)
	for _, name := range files {
		text := ""
		switch {
		case filepath.Base(name) == "go.mod":
			data, _ := os.ReadFile(name)
			text = string(data)
		case filepath.Ext(name) == ".go":
			if f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly); err == nil {
				for _, i := range f.Imports {
					text += i.Path.Value + "\n"
				}
			}
		default:
			continue
		}
		p.listed[name] = text
	}
	return !maps.Equal(before, p.listed)
}

var position = regexp.MustCompile(`\b(Line|Col): \d+`)

// split takes the texts out of generated Go, as the literals that are written
// by templ's runtime, and returns the code that is left. What only moved is
// the same code.
func split(name string) (texts []string, code string, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, "", err
	}
	files := token.NewFileSet()
	file := files.AddFile(name, files.Base(), len(data))
	var s scanner.Scanner
	var faults scanner.ErrorList
	s.Init(file, data, faults.Add, 0)
	var left strings.Builder
	from, within := 0, 0
	for {
		at, kind, text := s.Scan()
		if kind == token.EOF {
			break
		}
		// WriteString ( buffer , 1 , "text"
		switch {
		case kind == token.IDENT && text == "WriteString":
			within = 1
		case within == 6 && kind == token.STRING && text[0] == '"':
			offset := file.Offset(at)
			left.Write(data[from:offset])
			from, within = offset+len(text), 0
			texts = append(texts, text[1:len(text)-1])
		case within > 0:
			if within++; within > 6 || kind != []token.Token{token.LPAREN, token.IDENT, token.COMMA, token.INT, token.COMMA}[within-2] {
				within = 0
			}
		}
	}
	left.Write(data[from:])
	return texts, position.ReplaceAllString(left.String(), "$1"), faults.Err()
}
