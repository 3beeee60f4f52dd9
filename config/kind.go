// The types of fields, and how their values are written.

package config

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A kind is a type of fields.
type kind struct {
	words   string // for people: "whole number"
	form    string // how a value is written
	secret  bool
	list    bool
	pointer bool                                      // to the value
	set     func(text string, v reflect.Value) string // sets one value, and says what is wrong with the text
}

var (
	secretType   = reflect.TypeFor[Secret]()
	durationType = reflect.TypeFor[time.Duration]()
	timeType     = reflect.TypeFor[time.Time]()
	urlType      = reflect.TypeFor[url.URL]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// kindOf is the kind of a type, and false for one that a variable cannot have.
func kindOf(t reflect.Type) (kind, bool) {
	switch {
	case t.Kind() == reflect.Pointer && t.Elem().Kind() != reflect.Pointer && t.Elem().Kind() != reflect.Slice:
		k, ok := valueOf(t.Elem())
		k.pointer = true
		return k, ok
	case t.Kind() == reflect.Slice && !reflect.PointerTo(t).Implements(textType):
		element := t.Elem()
		pointer := element.Kind() == reflect.Pointer && element.Elem().Kind() != reflect.Pointer
		if pointer {
			element = element.Elem()
		}
		if element.Kind() == reflect.Uint8 {
			return kind{}, false // bytes are not a list of numbers
		}
		one, ok := valueOf(element)
		one.list, one.words = true, one.words+", several with commas"
		if pointer {
			one.pointer = true
		}
		return one, ok
	}
	return valueOf(t)
}

// valueOf is the kind of a type that is neither a slice nor a pointer.
func valueOf(t reflect.Type) (kind, bool) {
	switch {
	case t == secretType:
		return kind{words: "secret", form: "write the secret", secret: true, set: setSecret}, true
	case t == durationType:
		return kind{words: "duration", form: "write a number with its unit, such as 10s or 1m30s", set: setDuration}, true
	case t == timeType:
		return kind{words: "time", form: "write a time as in RFC 3339, such as 2026-01-31T12:00:00Z", set: setTime}, true
	case t == urlType:
		return kind{words: "URL", form: "write a URL with its scheme, such as https://example.com", set: setURL}, true
	case reflect.PointerTo(t).Implements(textType):
		return kind{words: t.String(), form: "write a value that " + t.String() + " can read", set: setText}, true
	}
	switch t.Kind() {
	case reflect.String:
		if values := valuesOf(t); values != nil {
			return oneOf(values), true
		}
		return kind{words: "text", form: "write a text", set: setString}, true
	case reflect.Bool:
		return kind{words: "true or false", form: "write true or false", set: setBool}, true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return kind{words: "whole number", form: "write a whole number, such as 20", set: setInt}, true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return kind{words: "whole number of zero or more", form: "write a whole number of zero or more, such as 20", set: setUint}, true
	case reflect.Float32, reflect.Float64:
		return kind{words: "number", form: "write a number, such as 0.5", set: setFloat}, true
	}
	return kind{}, false
}

// valuesOf are those of a type of strings that has a method Values; nil for
// none.
func valuesOf(t reflect.Type) (values []string) {
	m := reflect.Zero(t).MethodByName("Values")
	if !m.IsValid() || m.Type().NumIn() != 0 || m.Type().NumOut() != 1 || m.Type().Out(0) != reflect.SliceOf(t) {
		return nil
	}
	for _, v := range m.Call(nil)[0].Seq2() {
		values = append(values, v.String())
	}
	return values
}

func oneOf(values []string) kind {
	form := "use " + strings.Join(values, " or ")
	if last := len(values) - 1; last > 1 {
		form = "use " + strings.Join(values[:last], ", ") + " or " + values[last]
	}
	return kind{words: "one of " + strings.Join(values, ", "), form: form, set: func(text string, v reflect.Value) string {
		if !slices.Contains(values, text) {
			return form
		}
		v.SetString(text)
		return ""
	}}
}

// parse sets a field to what a text says, and says what is wrong with it; ""
// for nothing.
func (k kind) parse(text string, v reflect.Value) string {
	if !k.list {
		return k.one(text, v)
	}
	list := reflect.MakeSlice(v.Type(), 0, strings.Count(text, ",")+1)
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		element := reflect.New(v.Type().Elem()).Elem()
		if says := k.one(part, element); says != "" {
			return says + ", with commas between several"
		}
		list = reflect.Append(list, element)
	}
	v.Set(list)
	return ""
}

func (k kind) one(text string, v reflect.Value) string {
	if k.pointer {
		to := reflect.New(v.Type().Elem())
		if says := k.ofForm(k.set(text, to.Elem())); says != "" {
			return says
		}
		v.Set(to)
		return ""
	}
	return k.ofForm(k.set(text, v))
}

// misread says that a text does not have the form of its kind.
const misread = "?"

func (k kind) ofForm(says string) string {
	if says == misread {
		return k.form
	}
	return says
}

func setSecret(text string, v reflect.Value) string {
	v.Set(reflect.ValueOf(NewSecret(text)))
	return ""
}

func setString(text string, v reflect.Value) string {
	v.SetString(text)
	return ""
}

func setBool(text string, v reflect.Value) string {
	b, err := strconv.ParseBool(text)
	if err != nil {
		return misread
	}
	v.SetBool(b)
	return ""
}

func setInt(text string, v reflect.Value) string {
	bits := v.Type().Bits()
	n, err := strconv.ParseInt(text, 10, bits)
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Sprintf("write a whole number from %d to %d", int64(math.MinInt64)>>(64-bits), int64(math.MaxInt64)>>(64-bits))
	}
	if err != nil {
		return misread
	}
	v.SetInt(n)
	return ""
}

func setUint(text string, v reflect.Value) string {
	bits := v.Type().Bits()
	n, err := strconv.ParseUint(text, 10, bits)
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Sprintf("write a whole number from 0 to %d", uint64(math.MaxUint64)>>(64-bits))
	}
	if err != nil {
		return misread
	}
	v.SetUint(n)
	return ""
}

func setFloat(text string, v reflect.Value) string {
	n, err := strconv.ParseFloat(text, v.Type().Bits())
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return misread
	}
	v.SetFloat(n)
	return ""
}

func setDuration(text string, v reflect.Value) string {
	d, err := time.ParseDuration(text)
	if err != nil {
		return misread
	}
	v.SetInt(int64(d))
	return ""
}

func setTime(text string, v reflect.Value) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return misread
	}
	v.Set(reflect.ValueOf(at))
	return ""
}

func setURL(text string, v reflect.Value) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || !strings.Contains(text, "://") {
		return misread
	}
	v.Set(reflect.ValueOf(*u))
	return ""
}

func setText(text string, v reflect.Value) string {
	if v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) != nil {
		return misread // the error may contain the text
	}
	return ""
}
