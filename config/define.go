// The configuration of an app, and the one time that it is read.

package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gorgon-go/gorgon/wire"
)

// A Definition is the configuration of an app as a struct C. Make it with
// [Define], or with [Of] in a test. It is safe for concurrent use.
type Definition[C any] struct {
	prefix string
	fields []field
	broken error // of the definition; nil for none
	fixed  bool  // by Of: it reads nothing

	reading sync.Mutex
	result  atomic.Pointer[result[C]] // nil: not read yet
}

type result[C any] struct {
	value C
	err   error
}

var prefixForm = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*_$`)

// Define returns the configuration whose variables begin with a prefix, such as
// "SHOP_". It reads nothing but the type C, whose faults are those of
// [Definition.Validate].
func Define[C any](prefix string) *Definition[C] {
	d := &Definition[C]{prefix: prefix}
	var faults []error
	switch {
	case !prefixForm.MatchString(prefix):
		faults = append(faults, fmt.Errorf("the prefix %q: write it as capital letters, digits and underscores, with one at the end, such as \"SHOP_\"", prefix))
	case strings.HasPrefix(prefix, "GORGON_"):
		faults = append(faults, errors.New(`the prefix "GORGON_" is that of the framework: choose one of the app's own`))
	}
	all := fieldsOf(prefix, reflect.TypeFor[C]())
	d.fields, faults = all.fields, append(faults, all.faults...)
	if err := errors.Join(faults...); err != nil {
		d.broken = fmt.Errorf("config.Define[%s]: %w", reflect.TypeFor[C](), err)
	}
	return d
}

// Of returns a configuration that has a value and reads nothing. Tests hand it
// to the functions that they test:
//
//	shop := shop{conf: config.Of(Shop{MaxItems: 3})}
func Of[C any](value C) *Definition[C] {
	d := &Definition[C]{fixed: true}
	d.result.Store(&result[C]{value: value})
	return d
}

// ErrUndefined is the fault of a Definition that was not made by [Define].
var ErrUndefined = errors.New("the configuration is not defined: make it with config.Define")

// Get returns the configuration. The first call reads it; its error, which is
// [Faults] for an environment at fault, is then that of each later call. Do not
// modify what the struct points to: all callers share it.
func (d *Definition[C]) Get() (C, error) {
	if d == nil {
		var zero C
		return zero, ErrUndefined
	}
	if r := d.result.Load(); r != nil {
		return r.value, r.err
	}
	d.reading.Lock()
	defer d.reading.Unlock()
	r := d.result.Load()
	if r == nil {
		r = &result[C]{}
		r.value, r.err = d.read(os.Environ())
		d.result.Store(r)
	}
	return r.value, r.err
}

// Read reads the configuration, unless that was done, and returns its faults.
func (d *Definition[C]) Read() error {
	_, err := d.Get()
	return err
}

// Validate returns the faults of the struct C and the prefix, which do not
// depend on the environment.
func (d *Definition[C]) Validate() error {
	switch {
	case d == nil:
		return ErrUndefined
	case d.fixed:
		return nil
	case d.prefix == "" && d.broken == nil:
		return ErrUndefined
	}
	return d.broken
}

// read reads an environment.
func (d *Definition[C]) read(environ []string) (C, error) {
	var value, zero C
	if err := d.Validate(); err != nil {
		return zero, err
	}
	e := newEnvironment(d.prefix, environ)
	v := reflect.ValueOf(&value).Elem()
	var faults Faults
	for _, f := range d.fields {
		if _, says := f.read(e, v.FieldByIndex(f.index)); says != "" {
			faults = append(faults, Fault{f.name, says})
		}
	}
	faults = append(faults, e.unknown(d.fields)...)
	if len(faults) > 0 {
		return zero, faults
	}
	if c, ok := any(&value).(interface{ Validate() error }); ok {
		if err := c.Validate(); err != nil {
			return zero, Faults{{Says: err.Error()}}
		}
	}
	return value, nil
}

// Variables describes all variables as the environment has them now: those of
// the fields in their order, then those that are unknown.
func (d *Definition[C]) Variables() []wire.Variable {
	if d == nil {
		return nil
	}
	e := newEnvironment(d.prefix, os.Environ())
	var list []wire.Variable
	for _, f := range d.fields {
		list = append(list, f.describe(e))
	}
	if d.broken == nil && d.prefix != "" {
		for _, fault := range e.unknown(d.fields) {
			list = append(list, wire.Variable{Name: fault.Variable, Set: true, Source: wire.FromEnvironment, Fault: fault.Says})
		}
	}
	return list
}

// A TB is a test: a *testing.T.
type TB interface {
	Helper()
	Setenv(name, value string)
	Cleanup(func())
}

// Set makes a value the configuration until a test ends. All code that uses the
// Definition gets it, so a parallel test cannot call Set: it fails, as with
// t.Setenv. Parallel tests use [Of].
func (d *Definition[C]) Set(t TB, value C) {
	t.Helper()
	name := d.prefix + "SET" // any name: Setenv refuses parallel tests
	before := os.Getenv(name)
	t.Setenv(name, before)
	old := d.result.Swap(&result[C]{value: value})
	t.Cleanup(func() { d.result.Store(old) })
}
