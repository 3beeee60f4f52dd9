// Values computed once per build, for loaders to read.

package gorgon

import (
	"context"
	"encoding/json"
	"iter"
	"reflect"
	"sync"
)

// A BuildValue is computed once per build and stored in the seed as JSON.
// Every loader can read it, at build and at run time. It is never sent to a
// browser. Declare it once, list it in [App.Parts], and read it with Get:
//
//	var catalog = gorgon.BuildValue[Catalog]{Name: "catalog", Make: readCatalog}
type BuildValue[T any] struct {
	Name string // unique in the app
	Make func(ctx context.Context) (T, error)
}

// Get returns the value for this build. It fails if the app does not list it.
// Both at build and at run time, the value is decoded from JSON, so loaders
// always see the same. Callers share one value and must not change it.
func (v BuildValue[T]) Get(in Input) (T, error) {
	var zero T
	if in.values == nil {
		return zero, unlisted(v.Name)
	}
	value, err := in.values(v.Name)
	if err != nil {
		return zero, err
	}
	t, ok := value.(T)
	if !ok && value != nil {
		return zero, &Error{Op: "build value", Path: v.Name, Message: "the app lists another value under this name"}
	}
	return t, nil
}

func unlisted(name string) error {
	return &Error{Op: "build value", Path: name, Message: "the app does not list it", Hint: "add it to App.Parts"}
}

func (v BuildValue[T]) definition() valueDefinition {
	d := valueDefinition{name: v.Name}
	if v.Make != nil {
		d.make = func(ctx context.Context) ([]byte, error) {
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

// A valueDefinition is a [BuildValue] with its type erased.
type valueDefinition struct {
	name   string
	make   func(ctx context.Context) ([]byte, error) // the value as JSON
	decode func([]byte) (any, error)
}

// ValueMakers returns the app's build values by name, each with the function
// that computes it as JSON, in the order of the app.
func (a App) ValueMakers() iter.Seq2[string, func(ctx context.Context) ([]byte, error)] {
	return func(yield func(string, func(context.Context) ([]byte, error)) bool) {
		for _, d := range a.contents().values {
			if !yield(d.name, d.make) {
				return
			}
		}
	}
}

// ReadValues returns a function that reads the app's build values, for the
// inputs of loaders. It loads and decodes each value on its first use. The
// function is safe for concurrent use.
func (a App) ReadValues(load func(name string) ([]byte, error)) func(name string) (any, error) {
	byName := map[string]func() (any, error){}
	for _, d := range a.contents().values {
		byName[d.name] = sync.OnceValues(func() (any, error) {
			data, err := load(d.name)
			if err == nil {
				var decoded any
				if decoded, err = d.decode(data); err == nil {
					return decoded, nil
				}
			}
			return nil, &Error{Op: "build value", Path: d.name, Err: err, Hint: "build again"}
		})
	}
	return func(name string) (any, error) {
		if read, ok := byName[name]; ok {
			return read()
		}
		return nil, unlisted(name)
	}
}

// typeName is for messages.
func typeName[T any]() string { return reflect.TypeFor[T]().String() }
