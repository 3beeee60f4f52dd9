// A lower bound for the size of a state, before it is encoded as JSON.

package render

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
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

func count(v reflect.Value, left *int, depth int) {
	if *left < 0 || depth > maxDepth || !v.IsValid() {
		return
	}
	t := v.Type()
	for _, own := range []reflect.Type{jsonMarshaler, textMarshaler} {
		if t.Implements(own) || t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(own) {
			return
		}
	}
	switch v.Kind() {
	case reflect.String:
		*left -= v.Len()
	case reflect.Pointer, reflect.Interface:
		count(v.Elem(), left, depth+1)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" && (f.IsExported() || f.Anonymous) {
				count(v.Field(i), left, depth+1)
			}
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
