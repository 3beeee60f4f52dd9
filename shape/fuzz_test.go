package shape_test

import (
	"net/url"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/gorgon-go/gorgon/shape"
)

// FuzzDecode judges any text with every type.
func FuzzDecode(f *testing.F) {
	for i, s := range subjects {
		if s.err != nil {
			f.Fatal(s.err)
		}
		for _, body := range s.bodies {
			f.Add(uint8(i), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, body []byte) {
		s := subjects[int(i)%len(subjects)]
		if hugeExponent.Match(body) {
			return // the judge would write out all its digits
		}
		if fault, _ := judgeBody(ours(false), s, body); fault != "" {
			t.Errorf("%s: %s: %s", s.name, body, fault)
		}
	})
}

// FuzzBind binds any form. What is accepted passes the same checks as a Go
// value and as JSON, and the form with compacted indexes says the same.
func FuzzBind(f *testing.F) {
	f.Add(recipeForm)
	f.Add("title=So&steps.7.text=a&steps.3.text=b&tags=a&tags.5=b&x.y~1z=1")
	recipe, settings := of[Recipe](f), of[Settings](f)
	f.Fuzz(func(t *testing.T, text string) {
		values, _ := url.ParseQuery(text)
		form := shape.Form{Values: values}
		for _, s := range []*shape.Type{recipe, settings} {
			v, again := reflect.New(s.Node().Type).Interface(), reflect.New(s.Node().Type).Interface()
			faults := s.Bind(form, v)
			if lines(s.Bind(s.Compact(form), again)) != lines(faults) || faults == nil && !reflect.DeepEqual(v, again) {
				t.Errorf("the compacted form says something else: %v", s.Compact(form))
			}
			for _, fault := range faults {
				// A field without a name has a pointer, and no name that leads back.
				if !utf8.ValidString(fault.Pointer) || fault.Pointer != "/" && shape.NamePointer(shape.PointerName(fault.Pointer)) != fault.Pointer {
					t.Errorf("%q is not a pointer", fault.Pointer)
				}
			}
			if faults != nil {
				continue
			}
			if faults := s.Check(v); faults != nil {
				t.Errorf("bound, but Check finds %v", faults)
			}
			out, err := s.Append(nil, v)
			if err != nil {
				t.Fatal(err)
			}
			if faults, err := s.Decode(out, again, shape.Options{}); faults != nil || err != nil {
				t.Errorf("bound, but as JSON %s: %v, %v", out, faults, err)
			}
		}
	})
}
