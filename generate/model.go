// Package generate makes clients of an app in TypeScript, Dart and Go from its
// OpenAPI description (package describe), and compares two descriptions. What
// it makes needs no packages beyond the standard library of its language.
//
//	m, err := generate.Read(openapi)
//	os.WriteFile("api.ts", generate.TypeScript(m), 0o644)
package generate

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// A Kind is what a value is.
type Kind string

// The kinds of values.
const (
	Text   Kind = "text"
	Bool   Kind = "bool"
	Int    Kind = "int"
	Float  Kind = "float"
	Int64  Kind = "int64"  // decimal text in JSON
	Uint64 Kind = "uint64" // decimal text in JSON
	Time   Kind = "time"   // RFC 3339
	Bytes  Kind = "bytes"  // base64
	File   Kind = "file"   // a part of a form
	List   Kind = "list"   // of Elem
	Map    Kind = "map"    // of text to Elem
	Enum   Kind = "enum"   // one of Values
	Object Kind = "object" // with Fields
)

// A Type is the type of a value. Objects and enums have a name, and are one
// Type wherever they are used.
type Type struct {
	Kind   Kind
	Name   string
	Elem   *Type
	Fields []*Field
	Values []string

	Sent, Received bool // it is a part of what is sent to the app, or received from it

	schema map[string]any // for limits
}

// A Field is a member of an object, or a parameter.
type Field struct {
	Name     string
	In       string // "path", "query" or "header"; "" for a member of the body
	Rest     bool   // of a path: slashes separate its segments
	Doc      string
	Required bool
	Type     *Type
}

// An Operation is one function of a client.
type Operation struct {
	Name       string
	Method     string
	Path       string
	Summary    string
	Deprecated bool
	Guarded    bool
	Stream     bool // Out is what each event has
	Multipart  bool // the body is a form with files
	Body       bool // there is a body
	Status     string
	Key        string // the header that names a call, which has its effect once; "" for none

	In  *Type // an object, whose fields are parameters and members of the body; nil for none
	Out *Type // nil for none

	Room *Room // nil: it is not a room
}

// A Room is what members of a room send and receive.
type Room struct {
	State *Type
	Op    *Type
	Out   *Type // of what operations led to
}

// rooms reports whether there are any.
func (m *Model) rooms() bool {
	return slices.ContainsFunc(m.Operations, func(o *Operation) bool { return o.Room != nil })
}

// A Model is what clients are made of. Operations and Types are sorted by name.
type Model struct {
	Title      string
	Server     string
	Operations []*Operation
	Types      []*Type // objects and enums
}

// collect lists the types that operations use, and how.
func (m *Model) collect() {
	var visit func(t *Type, sent bool)
	visit = func(t *Type, sent bool) {
		if t == nil || sent && t.Sent || !sent && t.Received {
			return
		}
		if t.Kind == Object || t.Kind == Enum {
			if !t.Sent && !t.Received {
				m.Types = append(m.Types, t)
			}
		}
		t.Sent, t.Received = t.Sent || sent, t.Received || !sent
		visit(t.Elem, sent)
		for _, f := range t.Fields {
			visit(f.Type, sent)
		}
	}
	for _, o := range m.Operations {
		visit(o.In, true)
		visit(o.Out, false)
		if r := o.Room; r != nil {
			visit(r.Op, true)
			visit(r.State, false)
			visit(r.Out, false)
		}
	}
	slices.SortFunc(m.Types, func(a, b *Type) int { return cmp.Compare(a.Name, b.Name) })
}

// has reports whether a value of the type contains one that is wanted.
func (t *Type) has(wanted func(*Type) bool) bool { return t.search(wanted, map[*Type]bool{}) }

func (t *Type) search(wanted func(*Type) bool, seen map[*Type]bool) bool {
	if t == nil || seen[t] {
		return false
	}
	seen[t] = true
	return wanted(t) || t.Elem.search(wanted, seen) ||
		slices.ContainsFunc(t.Fields, func(f *Field) bool { return f.Type.search(wanted, seen) })
}

// A namer gives names that are taken once each.
type namer map[string]bool

func newNamer(taken string) namer {
	n := namer{}
	for _, name := range strings.Fields(taken) {
		n[name] = true
	}
	return n
}

// own lists what texts of a client declare, with a space before each.
func own(declared *regexp.Regexp, texts ...string) string {
	var b strings.Builder
	for _, text := range texts {
		for _, found := range declared.FindAllStringSubmatch(text, -1) {
			b.WriteString(" " + found[1])
		}
	}
	return b.String()
}

// name returns the name, or one like it that is free.
func (n namer) name(name string) string {
	for n[name] {
		name += "_"
	}
	n[name] = true
	return name
}

// words splits a name into words: "user-ID" into user and ID.
func words(name string) []string {
	return strings.FieldsFunc(name, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
}

// upper makes a name of an exported thing: UserID of "user-ID".
func upper(name string) string {
	var b strings.Builder
	for _, w := range words(name) {
		b.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	if s := b.String(); s != "" && (s[0] < '0' || s[0] > '9') && s[0] < 0x80 {
		return s
	}
	return "X" + b.String()
}

// lower makes a name of a variable: userID of "user-ID".
func lower(name string) string {
	s := upper(name)
	i := strings.IndexFunc(s, unicode.IsLower)
	switch {
	case i < 0:
		return strings.ToLower(s)
	case i > 1:
		i-- // "IDOf" is idOf
	}
	return strings.ToLower(s[:i]) + s[i:]
}
