// The keys of caches, and the paths that stand for them.

package gorgon

import (
	"encoding"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"reflect"
	"sync/atomic"

	"github.com/gorgon-go/gorgon/viewctx"
)

// keyPaths finds the paths of keys, and remembers those of some: to encode a key
// takes longer than all the rest of a hit.
type keyPaths[K comparable] struct {
	name string
	seed maphash.Seed
	some *[keySlots]atomic.Pointer[keyPath[K]] // nil where equal keys may come to have other paths
}

type keyPath[K comparable] struct {
	key  K
	path string
}

const keySlots = 1 << 10

func newKeyPaths[K comparable](name string) *keyPaths[K] {
	k := &keyPaths[K]{name: name, seed: maphash.MakeSeed()}
	if plain(reflect.TypeFor[K]()) {
		k.some = new([keySlots]atomic.Pointer[keyPath[K]])
	}
	return k
}

// of is the path of a key.
func (k *keyPaths[K]) of(key K) (string, error) {
	if k.some == nil {
		return k.encode(key)
	}
	slot := &k.some[maphash.Comparable(k.seed, key)%keySlots]
	if found := slot.Load(); found != nil && found.key == key {
		return found.path, nil
	}
	path, err := k.encode(key)
	if err == nil {
		slot.Store(&keyPath[K]{key, path})
	}
	return path, err
}

func (k *keyPaths[K]) encode(key K) (string, error) {
	data, err := json.Marshal(key)
	return viewctx.CachePath(k.name, data), err
}

// plain says whether keys of a type that are equal stay so: they point to
// nothing that could change, and hold no number that has two zeros.
func plain(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if !plain(t.Field(i).Type) {
				return false
			}
		}
		return true
	case reflect.Array:
		return plain(t.Elem())
	case reflect.Pointer, reflect.Interface, reflect.Chan, reflect.UnsafePointer,
		reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return false
	}
	return true
}

// keyFault says why keys of a type could not be told apart by their JSON.
func keyFault[K comparable]() string {
	return faultOfKey(reflect.TypeFor[K](), "the key", nil)
}

var marshalers = []reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()}

func faultOfKey(t reflect.Type, what string, within []reflect.Type) string {
	for _, m := range marshalers {
		if t.Implements(m) {
			return "" // its own text
		}
	}
	for _, w := range within {
		if w == t {
			return ""
		}
	}
	within = append(within, t)
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() && !f.Anonymous || f.Tag.Get("json") == "-" {
				return fmt.Sprintf("%s has the field %s, which is not in its JSON: two keys that differ in it alone would be one: export it, or leave it out", what, f.Name)
			}
			if text := faultOfKey(f.Type, what+"'s "+f.Name, within); text != "" {
				return text
			}
		}
	case reflect.Array, reflect.Pointer:
		return faultOfKey(t.Elem(), what, within)
	case reflect.Chan, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return fmt.Sprintf("%s is a %s, which has no JSON: use a string, a number or a struct of these", what, t)
	}
	return ""
}
