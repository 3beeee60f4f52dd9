// Reading a type once, and what is made from it.

package shape

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
)

// A Type is what [Of] read from a Go type. It is immutable and safe for
// concurrent use. Its methods panic if they get a value of another type, but
// for those that return an error.
type Type struct {
	node       *Node
	parameters []*Field // fields tagged path, query or header
}

// A Fault is one reason for which a value is refused. Its detail never
// contains the caller's values, so that it may be logged and sent back.
type Fault struct {
	Pointer string `json:"pointer"`         // RFC 6901; "" is the whole value
	Detail  string `json:"detail"`          // in English
	Code    string `json:"code"`            // which rule was broken; see the package's documentation
	Limit   string `json:"limit,omitempty"` // of the rule: the number of "min", the values of "enum"
}

// A SyntaxError says that a text is not acceptable as JSON, whatever the type:
// bad syntax, a member given twice, invalid UTF-8, data after the value, or
// more than 64 levels.
type SyntaxError struct{ Fault }

func (e *SyntaxError) Error() string {
	if e.Pointer == "" {
		return "the JSON " + e.Detail
	}
	return "the JSON at " + e.Pointer + " " + e.Detail
}

const (
	maxDepth  = 64   // nested lists, maps and structs
	maxFaults = 100  // reported at once
	maxNames  = 1000 // of a form
)

var read sync.Map // of reflect.Type to outcome

type outcome struct {
	t   *Type
	err error
}

// Of reads a type. Its error joins every fault, each with the field that it
// concerns and how to correct it. The result is cached.
func Of(t reflect.Type) (*Type, error) {
	if t == nil {
		return nil, errors.New("there is no type: use a struct")
	}
	if known, ok := read.Load(t); ok {
		o := known.(outcome)
		return o.t, o.err
	}
	r := reader{structs: map[reflect.Type]*Node{}, nested: map[*Node]string{}}
	o := outcome{t: &Type{}}
	o.t.node = r.node(t, t.String())
	if o.t.node != nil {
		o.t.parameters = o.t.node.parameters
	}
	r.refuseNestedParameters()
	if o.err = errors.Join(r.faults...); o.err != nil {
		o.t = nil
	}
	known, _ := read.LoadOrStore(t, o)
	o = known.(outcome)
	return o.t, o.err
}

// Node returns the description of the type.
func (t *Type) Node() *Node { return t.node }

// Body reports whether there is a field that is not a parameter, so that a
// request has a body.
func (t *Type) Body() bool {
	return t.node.Kind != Struct || len(t.node.Fields) > 0
}

// target returns the value that into points to. Another type is a mistake of
// the program, not of its caller, and panics.
func (t *Type) target(into any) reflect.Value {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Type().Elem() != t.node.Type {
		panic(fmt.Sprintf("shape: a *%s is needed and not a %T", t.node.Type, into))
	}
	return v.Elem()
}

// source returns the value v, or the one that it points to.
func (t *Type) source(v any) (reflect.Value, error) {
	of := reflect.ValueOf(v)
	if of.Kind() == reflect.Pointer && !of.IsNil() {
		of = of.Elem()
	}
	if !of.IsValid() || of.Type() != t.node.Type {
		return reflect.Value{}, fmt.Errorf("shape: a %s is needed and not a %T", t.node.Type, v)
	}
	return of, nil
}

// clear sets everything but the parameters to its zero value.
func (t *Type) clear(v reflect.Value) {
	if len(t.parameters) == 0 {
		v.SetZero()
		return
	}
	for _, f := range t.node.Fields {
		f.of(v).SetZero()
	}
}
