// Values computed once per build, for generators to read.

package gorgon

import (
	"context"
	"encoding/json"
	"reflect"
	"sync"
)

// A BuildValue is computed once per build, kept in the seed as JSON, and can
// be read by every generator at build and at run time. It is never sent to a
// browser. Declare it once, list it in [App.Values], and read it with Get:
//
//	var catalog = gorgon.BuildValue[Catalog]{Name: "catalog", Make: readCatalog}
type BuildValue[T any] struct {
	Name string // unique in the app
	Make func(ctx context.Context) (T, error)
}

// Get is the value for this build. It fails if the app does not list it. At
// build and at run time alike it has been through JSON, so both see the same.
// Callers share one value and must not change it.
func (v BuildValue[T]) Get(in Input) (T, error) {
	var zero T
	value, err := in.Values.get(v.Name)
	if err != nil {
		return zero, err
	}
	t, ok := value.(T)
	if !ok && value != nil {
		return zero, &Error{Op: "build value", Path: v.Name, Message: "the app lists another value under this name"}
	}
	return t, nil
}

func (v BuildValue[T]) definition() ValueDefinition {
	d := ValueDefinition{Name: v.Name}
	if v.Make != nil {
		d.Make = func(ctx context.Context) ([]byte, error) {
			t, err := v.Make(ctx)
			if err != nil {
				return nil, err
			}
			return json.Marshal(t)
		}
	}
	d.decode = func(data []byte) (any, error) {
		var t T
		err := json.Unmarshal(data, &t)
		return t, err
	}
	return d
}

// A Value is a [BuildValue] of any type.
type Value interface{ definition() ValueDefinition }

// A ValueDefinition is a [BuildValue] with its type erased.
type ValueDefinition struct {
	Name   string
	Make   func(ctx context.Context) ([]byte, error) // the value as JSON
	decode func([]byte) (any, error)
}

// Values holds the build values of one build. It is safe for concurrent use.
type Values struct {
	byName map[string]func() (any, error)
}

// NewValues makes the values of app from their JSON, loading and decoding
// each when it is first read.
func NewValues(app App, load func(name string) ([]byte, error)) *Values {
	v := &Values{byName: make(map[string]func() (any, error), len(app.Values))}
	for _, value := range app.Values {
		d := value.definition()
		v.byName[d.Name] = sync.OnceValues(func() (any, error) {
			data, err := load(d.Name)
			if err == nil {
				var decoded any
				if decoded, err = d.decode(data); err == nil {
					return decoded, nil
				}
			}
			return nil, &Error{Op: "build value", Path: d.Name, Err: err, Mend: "build again"}
		})
	}
	return v
}

func (v *Values) get(name string) (any, error) {
	if v != nil {
		if load, ok := v.byName[name]; ok {
			return load()
		}
	}
	return nil, &Error{Op: "build value", Path: name, Message: "the app does not list it", Mend: "add it to App.Values"}
}

// typeName is for messages.
func typeName[T any]() string { return reflect.TypeFor[T]().String() }
