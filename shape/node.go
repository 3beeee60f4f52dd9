// The description of a type that everything else is made from.

package shape

import (
	"reflect"
	"regexp"
	"slices"
)

// A Kind is the kind of a node.
type Kind int

// The kinds of nodes.
const (
	Bool        Kind = iota + 1
	Int              // a JSON number without fraction
	Float            // a JSON number
	Int64String      // int64 and uint64: decimal text in JSON
	String           // text
	Enum             // one of Values
	Time             // RFC 3339
	Bytes            // base64
	Text             // a type with MarshalText and UnmarshalText
	List             // of Elem
	Map              // of text to Elem
	Struct           // with Fields
	Upload           // an uploaded file
)

// A Node describes a type, or one use of a type: a node of a struct is shared
// by all its uses, and each other node belongs to one field. It must not be
// changed.
type Node struct {
	Kind   Kind
	Type   reflect.Type
	Name   string   // of a named Go type of kind Struct, Enum or Text; "" otherwise
	Fields []*Field // of Struct, in the order of the Go type
	Elem   *Node    // of List and Map
	Key    *Node    // of Map: a node of kind String or Enum
	Values []string // of Enum

	Low, High string // the limits of Int, Float and Int64String, as decimals
	MinLen    int    // characters of String, bytes of Bytes and Upload, elements of List and Map; -1: no limit
	MaxLen    int    // as MinLen
	Pattern   string // of String: a regular expression; "" if there is none
	Format    string // of String: "email", "url" or ""
	Unique    bool   // of List: no two elements are equal

	parameters []*Field       // of Struct: path, query and header
	table      map[string]int // of Struct with many fields: name to index
	matcher    *regexp.Regexp // of Pattern
	bits       int            // of Int and Float: the size of the Go type
	unsigned   bool           // of Int and Int64String
	fixed      bool           // of List: a Go array
	low, high  limit          // of Low and High
}

// A Field is a member of a struct, or a parameter of it.
type Field struct {
	Name     string // in JSON and forms
	GoName   string // in Go
	In       string // "path", "query" or "header" for a parameter; "" for a member
	Optional bool   // may be absent
	Doc      string // of the tag doc
	Secret   bool   // tagged secret:"true": it is never sent back, not to its sender either
	Node     *Node

	index    []int
	pointer  bool // the Go field is a pointer
	omit     omit // when it is absent in Go
	isZero   func(reflect.Value) bool
	asMember []byte // the name as JSON, with a colon
}

type omit int

const (
	never omit = iota
	whenNil
	whenZero
	whenEmpty
)

// absent reports whether a field with this value is left out.
func (f *Field) absent(v reflect.Value) bool {
	switch {
	case f.omit == never:
		return false
	case f.pointer && v.IsNil():
		return true
	case f.omit == whenZero && !f.pointer:
		return f.isZero(v)
	case f.omit == whenEmpty && !f.pointer:
		return isEmpty(v)
	}
	return false
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// of returns the field of a struct.
func (f *Field) of(v reflect.Value) reflect.Value {
	if len(f.index) == 1 {
		return v.Field(f.index[0])
	}
	return v.FieldByIndex(f.index)
}

// find returns the index of the member with this name, or -1. Members usually
// arrive in the order of the type, so that it looks at next first.
func (n *Node) find(name []byte, next int) int {
	if next < len(n.Fields) && n.Fields[next].Name == string(name) {
		return next
	}
	if n.table != nil {
		if i, ok := n.table[string(name)]; ok {
			return i
		}
		return -1
	}
	return slices.IndexFunc(n.Fields, func(f *Field) bool { return f.Name == string(name) })
}

// scalar reports whether a value of this kind is one text in a form.
func (n *Node) scalar() bool {
	switch n.Kind {
	case List, Map, Struct, Upload:
		return false
	}
	return true
}
