// A lower bound for the size of a state, before it is encoded as JSON.

package render

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// exceeds says whether a state certainly has more bytes as JSON than a limit,
// without encoding it: that takes several times as many. It counts texts and
// elements only, and nothing for types that encode themselves.
func exceeds(state any, limit int) bool {
	left := limit
	count(reflect.ValueOf(state), &left, 0)
	return left < 0
}

// maxDepth is how deep to count. Cycles are refused by the JSON encoder.
const maxDepth = 100

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// A form is how values of a type are counted.
type form struct {
	own    bool  // they encode themselves
	fields []int // of a struct: those that are encoded
}

// forms are what formOf has found. A program has few types of states, and each is
// asked about for every value.
var forms sync.Map // of reflect.Type to *form

// formOf finds how to count values of a type.
func formOf(t reflect.Type) *form {
	if k := t.Kind(); t.PkgPath() == "" && (k <= reflect.Complex128 || k == reflect.String) {
		return &plainForm // predeclared types have no methods
	}
	if known, ok := forms.Load(t); ok {
		return known.(*form)
	}
	f := &form{}
	for _, own := range []reflect.Type{jsonMarshaler, textMarshaler} {
		f.own = f.own || t.Implements(own) || t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(own)
	}
	if t.Kind() == reflect.Struct {
		for i := range t.NumField() {
			of := t.Field(i)
			if name, _, _ := strings.Cut(of.Tag.Get("json"), ","); name != "-" && (of.IsExported() || of.Anonymous) {
				f.fields = append(f.fields, i)
			}
		}
	}
	forms.Store(t, f)
	return f
}

var plainForm form

func count(v reflect.Value, left *int, depth int) {
	if *left < 0 || depth > maxDepth || !v.IsValid() {
		return
	}
	t := v.Type()
	how := formOf(t)
	if how.own {
		return
	}
	switch v.Kind() {
	case reflect.String:
		*left -= v.Len()
	case reflect.Pointer, reflect.Interface:
		count(v.Elem(), left, depth+1)
	case reflect.Struct:
		for _, i := range how.fields {
			count(v.Field(i), left, depth+1)
		}
	case reflect.Map:
		for each := v.MapRange(); each.Next() && *left >= 0; {
			*left -= 4 // quotes, colon, and a value
			count(each.Key(), left, depth+1)
			count(each.Value(), left, depth+1)
		}
	case reflect.Slice, reflect.Array:
		*left -= v.Len() // each is one byte, or more than one in four characters for three bytes
		switch t.Elem().Kind() {
		case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8,
			reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
			return
		}
		for i := 0; i < v.Len() && *left >= 0; i++ {
			count(v.Index(i), left, depth+1)
		}
	}
}
