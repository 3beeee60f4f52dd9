// Package templates makes views from templates of html/template.
//
// A [Set] is a group of template files that can use each other. [Set.View]
// is one of them with its data, as a [gorgon.Component]. Templates can call
// {{url "/about"}} and {{asset "app.css"}}, which depend on the page that is
// rendered, {{render .Main}} for what is a component itself,
// <input {{attributes .Title.Input}}> for attributes in a map, as those of a form
// of package api, and the functions of [Set.Funcs].
//
// The functions of html/template are fixed when a template is parsed, but these
// depend on the page. A Set therefore keeps copies of its templates, each used
// by one rendering at a time. Copying them for every rendering would take as
// long as rendering a small page.
package templates

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/gorgon-go/gorgon"
)

// A Set is templates that were, or will be, parsed together. It must not be
// copied or changed after its first view was rendered. It is safe for
// concurrent use.
type Set struct {
	Files    fs.FS
	Patterns []string // patterns of Files, as in path.Match. Default: "*.html"

	// Funcs returns further functions that templates can call, for the page
	// with the given context. It is also called with context.Background(), to
	// learn their names. Default: none.
	Funcs func(ctx context.Context) template.FuncMap

	once   sync.Once
	parsed *template.Template // never executed, since it is copied
	err    error
	copies sync.Pool // of *bound
}

// A bound is a copy of the templates whose functions use the context in it.
type bound struct {
	page
	templates *template.Template
}

// A page is the context of the page that is being rendered.
type page struct{ context.Context }

// View returns the template of a name, which is that of its file without
// folders, with its data. Files are parsed when the first view is rendered; a
// fault in one of them fails every page that uses the set, and with it the
// build.
func (s *Set) View(name string, data any) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		s.once.Do(s.parse)
		if s.err != nil {
			return s.err
		}
		b, _ := s.copies.Get().(*bound)
		if b == nil {
			b = &bound{}
			t, err := s.parsed.Clone()
			if err != nil {
				return err
			}
			b.templates = t.Funcs(s.functions(&b.page))
		}
		b.Context = ctx
		err := b.templates.ExecuteTemplate(w, name, data)
		b.Context = nil
		s.copies.Put(b)
		return err
	})
}

func (s *Set) parse() {
	if s.Files == nil {
		s.err = errors.New("templates: the set has no Files: give it some")
		return
	}
	patterns := s.Patterns
	if len(patterns) == 0 {
		patterns = []string{"*.html"}
	}
	s.parsed, s.err = template.New("").Funcs(s.functions(context.Background())).ParseFS(s.Files, patterns...)
}

func (s *Set) functions(ctx context.Context) template.FuncMap {
	f := template.FuncMap(gorgon.Funcs(ctx))
	f["render"] = func(c gorgon.Component) (template.HTML, error) {
		var b bytes.Buffer
		err := c.Render(ctx, &b)
		return template.HTML(b.String()), err
	}
	f["attributes"] = attributes
	if s.Funcs != nil {
		maps.Copy(f, s.Funcs(ctx))
	}
	return f
}

// attributes writes attributes as templ does: true is one without a value, and
// false none.
func attributes(all map[string]any) template.HTMLAttr {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch value := all[name].(type) {
		case bool:
			if value {
				b.WriteString(name + " ")
			}
		default:
			b.WriteString(name + `="` + template.HTMLEscapeString(fmt.Sprint(value)) + `" `)
		}
	}
	return template.HTMLAttr(strings.TrimSuffix(b.String(), " "))
}
