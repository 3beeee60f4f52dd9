// Package describe describes the endpoints and rooms of an app to others: as an OpenAPI
// 3.1 document ([OpenAPI]), which the clients of package generate are made
// from, and as pages of the app ([Docs]).
package describe

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/shape"
)

// An Operation says what others need to know to call a handler, or to read a
// resource.
type Operation struct {
	Name       string // unique in the app
	Method     string // "POST"
	Path       string // the pattern, with the prefixes of groups
	Summary    string
	Deprecated time.Time

	In  *shape.Type // of a room: an operation that members send
	Out *shape.Type // of what is returned, or of each event; nil for nothing. Of a room: what members learn of an operation

	// Room says that members connect with GET, to a room with this State, and send
	// operations with POST.
	Room  bool
	State *shape.Type

	Stream  bool // the answer is a stream of events
	Stored  bool // the answer is stored, and depends on the path alone
	Located bool // the answer is 201, with a Location
	Guarded bool // guards decide who may call it

	// Key is the header that names a call, which has its effect once; "" if
	// there is none.
	Key string
}

// described is implemented by the handlers, and by what resources are about,
// that have an Operation. Its path has no prefixes yet.
type described interface{ Operation() Operation }

// Operations lists the operations of an app, by path and method: all, or those below
// one of these paths, such as "/api".
func Operations(app gorgon.App, below ...string) ([]Operation, error) {
	var all []Operation
	for _, h := range app.Handlers() {
		if d, ok := h.Handler.(described); ok {
			o := d.Operation()
			o.Path = h.Pattern
			if _, path, ok := strings.Cut(h.Pattern, " "); ok {
				o.Path = path
			}
			o.Guarded = o.Guarded || len(h.Guards) > 0
			all = append(all, o)
		}
	}
	for _, p := range app.Definitions() {
		if d, ok := p.About.(described); ok {
			o := d.Operation()
			o.Path, o.Guarded = p.Path, len(p.Guards) > 0
			all = append(all, o)
		}
	}
	for i, o := range all {
		_, path, _ := strings.Cut(o.Path, "/") // a pattern may begin with a host
		all[i].Path = "/" + path
	}
	slices.SortFunc(all, func(a, b Operation) int {
		return cmp.Or(strings.Compare(a.template(), b.template()), strings.Compare(a.Method, b.Method))
	})
	all, err := only(all, below)
	if err != nil {
		return nil, err
	}
	return all, check(all)
}

// only are the operations below one of the paths; without paths, all.
func only(all []Operation, below []string) ([]Operation, error) {
	if len(below) == 0 {
		return all, nil
	}
	taken := make([]bool, len(all))
	for _, at := range below {
		root := strings.TrimSuffix(at, "/")
		if !strings.HasPrefix(at, "/") || path.Clean(at) != cmp.Or(root, "/") || len(at) > 1000 || !utf8.ValidString(at) || strings.ContainsFunc(at, unicode.IsControl) {
			return nil, errors.New("describe: operations are wanted below something that is not a path: write it as in /api") // which may be a secret
		}
		found := false
		for i, o := range all {
			if o.template() == root || strings.HasPrefix(o.template(), root+"/") {
				taken[i], found = true, true
			}
		}
		if !found {
			return nil, fmt.Errorf("describe: the app has no endpoint, read, stream or room below %s: 'routes' lists all paths", at)
		}
	}
	var some []Operation
	for i, o := range all {
		if taken[i] {
			some = append(some, o)
		}
	}
	return some, nil
}

// check finds what a description cannot say.
func check(all []Operation) error {
	var faults []error
	names, templates, calls := map[string]string{}, map[string]string{}, map[string]string{}
	for _, o := range all {
		this := o.Method + " " + o.Path
		if o.In == nil || o.Room && (o.Out == nil || o.State == nil) {
			faults = append(faults, fmt.Errorf("describe: %s has faults: correct what the app says of it", this))
		}
		for _, name := range o.names() {
			if other := names[name]; other != "" {
				faults = append(faults, fmt.Errorf("describe: %s and %s have the name %q: give one of them another Name", other, this, name))
			}
			names[name] = this
		}
		for _, call := range o.calls() {
			if other := calls[call]; other != "" {
				faults = append(faults, fmt.Errorf("describe: %s and %s both answer %s: give one of them another Path", other, o.Name, call))
			}
			calls[call] = o.Name
		}
		plain := wildcard.ReplaceAllString(o.template(), "{}")
		if other := templates[plain]; other != "" && other != o.template() {
			faults = append(faults, fmt.Errorf("describe: the paths %s and %s differ in the names of their wildcards alone: use the same names", other, o.template()))
		}
		templates[plain] = o.template()
	}
	return errors.Join(faults...)
}

var wildcard = regexp.MustCompile(`\{[^}]*\}`)

// names are those of its operations in OpenAPI.
func (o Operation) names() []string {
	if o.Room {
		return []string{o.Name, o.doing()}
	}
	return []string{o.Name}
}

// calls are the methods and paths that it answers.
func (o Operation) calls() []string {
	all := []string{o.Method + " " + o.template()}
	if o.Room {
		all = append(all, "POST "+o.template())
	}
	return all
}

// template is the path as OpenAPI writes it.
func (o Operation) template() string {
	path := strings.ReplaceAll(strings.TrimSuffix(o.Path, "{$}"), "...}", "}")
	if path == "" {
		return "/"
	}
	return path
}

// status is that of a response without an error.
func (o Operation) status() string {
	switch {
	case o.Located:
		return "201"
	case o.Out == nil:
		return "204"
	}
	return "200"
}

// summary is what the operation does: its name in words if nothing is said, since
// other tools require one.
func (o Operation) summary() string {
	if o.Summary != "" {
		return o.Summary
	}
	var b strings.Builder
	for i, c := range o.Name {
		switch {
		case i == 0:
			c = unicode.ToUpper(c)
		case unicode.IsUpper(c):
			b.WriteByte(' ')
			c = unicode.ToLower(c)
		}
		b.WriteRune(c)
	}
	return b.String()
}

// parameters lists the parameters. Those of a resource and of a room are the
// wildcards of the path.
func (o Operation) parameters() []shape.Parameter {
	var all []shape.Parameter
	if !o.Room {
		all = o.In.Parameters()
	}
	if o.Stored || o.Room {
		for _, w := range wildcard.FindAllString(o.template(), -1) {
			all = append(all, shape.Parameter{Name: strings.Trim(w, "{}"), In: "path", Required: true, Schema: map[string]any{"type": "string"}})
		}
	}
	return all
}
