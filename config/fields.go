// The fields of a struct, and the variables that they are read from.

package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// fileSuffix ends the name of a variable that names the file of a secret.
const fileSuffix = "_FILE"

// A field is one that has a variable of its own.
type field struct {
	name     string // of the variable
	index    []int
	of       reflect.Type
	kind     kind
	required bool
	standard string // what is read where nothing is set; "" for none
	says     string
}

// A table collects the fields of a struct, and what is wrong with them.
type table struct {
	fields []field
	faults []error
}

var nameForm = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)

// fieldsOf reads a type.
func fieldsOf(prefix string, t reflect.Type) *table {
	all := &table{}
	if t.Kind() != reflect.Struct {
		all.fault("%s is a %s: use a struct", t, t.Kind())
		return all
	}
	all.walk(prefix, t, nil)
	owner := map[string]string{}
	add := func(name, of string) {
		if other, taken := owner[name]; taken {
			all.fault("%s is the variable of %s and of %s: give one another name by its env tag", name, other, of)
		}
		owner[name] = of
	}
	for _, f := range all.fields {
		of := t.FieldByIndex(f.index).Name
		add(f.name, of)
		if f.kind.file() {
			add(f.name+fileSuffix, of)
		}
	}
	return all
}

func (all *table) fault(format string, args ...any) {
	all.faults = append(all.faults, fmt.Errorf(format, args...))
}

func (all *table) walk(prefix string, t reflect.Type, index []int) {
	for i := range t.NumField() {
		sf := t.Field(i)
		at := append(slices.Clone(index), i)
		tag, tagged := sf.Tag.Lookup("env")
		if tag == "-" || !sf.IsExported() && !tagged && !sf.Anonymous {
			continue
		}
		subject := t.String() + "." + sf.Name
		kind, supported := kindOf(sf.Type)
		nested := !supported && sf.Type.Kind() == reflect.Struct
		if !sf.IsExported() && (tagged || !nested) {
			if tagged {
				all.fault("%s is not exported, and cannot be set: begin it with a capital letter", subject)
			}
			continue
		}
		name, words, _ := strings.Cut(tag, ",")
		f := field{index: at, of: sf.Type, standard: sf.Tag.Get("default"), says: sf.Tag.Get("doc")}
		switch words {
		case "":
		case "required":
			f.required = true
		default:
			all.fault("%s: the env tag %q: write the name, and \"required\" after a comma if it is", subject, tag)
		}
		if name == "" && !(nested && sf.Anonymous) {
			name = snake(sf.Name)
		}
		if name != "" && !nameForm.MatchString(name) {
			all.fault("%s: the name %q: write it as capital letters, digits and underscores, such as \"MAX_ITEMS\"", subject, name)
		}
		if nested {
			if f.required || f.standard != "" {
				all.fault("%s is a struct: tag its fields", subject)
			}
			if name != "" {
				name += "_"
			}
			all.walk(prefix+name, sf.Type, at)
			continue
		}
		f.name, f.kind = prefix+name, kind
		all.check(subject, sf.Type, f, supported)
		all.fields = append(all.fields, f)
	}
}

// check finds what is wrong with a field that has a variable.
func (all *table) check(subject string, t reflect.Type, f field, supported bool) {
	switch {
	case !supported:
		all.fault("%s: a %s cannot be read from a variable: use a string, a number, a bool, a time, a URL, a Secret, a type with UnmarshalText, or a slice of these", subject, t)
	case f.required && f.standard != "":
		all.fault("%s is required and has a default: leave one of them out", subject)
	case f.standard != "" && f.kind.secret:
		all.fault("%s is a Secret with a default, which stands in the source: leave it out", subject)
	case f.standard != "":
		if says := f.kind.parse(f.standard, reflect.New(t).Elem()); says != "" {
			all.fault("%s: the default %q: %s", subject, f.standard, says)
		}
	}
}

// snake is the name of a variable for that of a field: MAX_ITEMS for MaxItems,
// HTTP_PORT for HTTPPort.
func snake(name string) string {
	var b strings.Builder
	letters := []rune(name)
	for i, r := range letters {
		if i > 0 && unicode.IsUpper(r) {
			before, next := letters[i-1], i+1 < len(letters) && unicode.IsLower(letters[i+1])
			if !unicode.IsUpper(before) && before != '_' || next && before != '_' {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}
