package shape_test

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/shape"
)

type (
	pointerEnum string
	emptyEnum   string
	twiceEnum   string
	numberEnum  int
	ownJSON     struct{ A int }
	halfText    struct{ A int }
	loop        struct {
		ID   int    `path:"id"`
		Next []loop `json:"next"`
	}
)

func (*pointerEnum) Values() []pointerEnum    { return []pointerEnum{"a"} }
func (emptyEnum) Values() []emptyEnum         { return nil }
func (twiceEnum) Values() []twiceEnum         { return []twiceEnum{"a", "a"} }
func (numberEnum) Values() []numberEnum       { return []numberEnum{1} }
func (ownJSON) MarshalJSON() ([]byte, error)  { return nil, nil }
func (halfText) MarshalText() ([]byte, error) { return nil, nil }
func fieldOf(t reflect.Type, tag string) reflect.Type {
	return reflect.StructOf([]reflect.StructField{{Name: "F", Type: t, Tag: reflect.StructTag(tag)}})
}

func TestOfRefuses(t *testing.T) {
	for _, c := range []struct {
		typ  reflect.Type
		tag  string
		want string
	}{
		{reflect.TypeFor[any](), ``, "an interface can hold anything: use a struct"},
		{reflect.TypeFor[error](), ``, "an interface can hold anything"},
		{reflect.TypeFor[func()](), ``, "has no form in JSON"},
		{reflect.TypeFor[chan int](), ``, "has no form in JSON"},
		{reflect.TypeFor[complex128](), ``, "has no form in JSON"},
		{reflect.TypeFor[uintptr](), ``, "has no form in JSON"},
		{reflect.TypeFor[map[int]int](), ``, "the keys of map[int]int are not text: use string"},
		{reflect.TypeFor[time.Duration](), ``, "use a number, with a name that says the unit"},
		{reflect.TypeFor[json.Number](), ``, "json.Number hides"},
		{reflect.TypeFor[json.RawMessage](), ``, "json.RawMessage can hold anything"},
		{reflect.TypeFor[ownJSON](), ``, "has its own JSON"},
		{reflect.TypeFor[halfText](), ``, "add UnmarshalText"},
		{reflect.TypeFor[**int](), ``, "pointer to a pointer"},
		{reflect.TypeFor[[]*int](), ``, "fits only the field of a struct: use int"},
		{reflect.TypeFor[map[string]*int](), ``, "fits only the field of a struct: use int"},
		{reflect.TypeFor[map[string]shape.File](), ``, "files have no place in a map"},
		{reflect.TypeFor[pointerEnum](), ``, "use a value receiver"},
		{reflect.TypeFor[emptyEnum](), ``, "is empty: add the values"},
		{reflect.TypeFor[twiceEnum](), ``, `has "a" twice`},
		{reflect.TypeFor[numberEnum](), ``, "is not a string"},
		{reflect.TypeFor[int](), `json:"f,string"`, "use int64, which is text in JSON"},
		{reflect.TypeFor[int](), `json:"f,inline"`, `the option "inline" is not known`},
		{reflect.TypeFor[int](), `json:"a'b"`, "characters that tags do not take"},
		{reflect.TypeFor[Step](), `json:"f,omitempty"`, "use omitzero"},
		{reflect.TypeFor[time.Time](), `json:"f,omitempty"`, "use omitzero"},
		{reflect.TypeFor[int](), `check:"least=3"`, `check "least" is not known`},
		{reflect.TypeFor[int](), `check:"min"`, "has no value"},
		{reflect.TypeFor[int](), `check:"min=x"`, "is not a number"},
		{reflect.TypeFor[int](), `check:"min=1.5"`, "is not a whole number"},
		{reflect.TypeFor[int8](), `check:"max=128"`, "outside of what int8 holds"},
		{reflect.TypeFor[int](), `check:"min=1,min=2"`, "given twice"},
		{reflect.TypeFor[int](), `check:"min=3,max=2"`, "min is above max"},
		{reflect.TypeFor[string](), `check:"min=3,max=2"`, "min is above max"},
		{reflect.TypeFor[string](), `check:"max=-1"`, "is not a length"},
		{reflect.TypeFor[float64](), `check:"max=0.1000000000000000000001"`, "is not exact in a float64: use 0.1"},
		{reflect.TypeFor[float32](), `check:"max=16777217"`, "is not exact in a float32: use 16777216"},
		{reflect.TypeFor[bool](), `check:"min=1"`, "check min does not apply to bool"},
		{reflect.TypeFor[Unit](), `check:"min=1"`, "check min does not apply"},
		{reflect.TypeFor[[2]int](), `check:"max=1"`, "check max does not apply"},
		{reflect.TypeFor[int](), `check:"pattern=a"`, "check pattern does not apply to int"},
		{reflect.TypeFor[int](), `check:"email"`, "check email does not apply"},
		{reflect.TypeFor[string](), `check:"email=1"`, "takes no value"},
		{reflect.TypeFor[string](), `check:"email,url"`, "no text is both"},
		{reflect.TypeFor[string](), `check:"pattern=("`, "missing closing )"},
		{reflect.TypeFor[string](), `check:"pattern=(?i)a"`, "is known to Go and not to JavaScript"},
		{reflect.TypeFor[string](), `check:"pattern=\\Aa"`, "is known to Go and not to JavaScript"},
		{reflect.TypeFor[string](), `check:"each.max=2"`, "for the elements of a slice or map"},
		{reflect.TypeFor[[]Step](), `check:"each.max=2"`, "for the elements of a slice or map"},
		{reflect.TypeFor[[]float64](), `check:"unique"`, "two decimals may round to one number"},
		{reflect.TypeFor[[]Step](), `check:"unique"`, "check unique does not apply"},
		{reflect.TypeFor[Step](), `path:"f"`, "too much for a parameter"},
		{reflect.TypeFor[[]int](), `path:"f"`, "too much for a parameter"},
		{reflect.TypeFor[*int](), `path:"f"`, "always there"},
		{reflect.TypeFor[int](), `path:"f" query:"f"`, "the tags path and query"},
		{reflect.TypeFor[int](), `query:""`, "the tag query has no name"},
		{reflect.TypeFor[int](), `query:"f" json:"f"`, "a parameter is not a member"},
		{reflect.TypeFor[loop](), ``, "only the outermost struct can have"},
	} {
		_, err := shape.Of(fieldOf(c.typ, c.tag))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v `%s`: got %v, want %q", c.typ, c.tag, err, c.want)
			continue
		}
		if !strings.Contains(err.Error(), ".F") && !strings.Contains(err.Error(), "loop") {
			t.Errorf("%v: the field is not named: %v", c.typ, err)
		}
	}
}

type base struct{ Name string }

func TestOfRefusesStructs(t *testing.T) {
	for _, c := range []struct {
		typ  reflect.Type
		want []string
	}{
		{nil, []string{"there is no type"}},
		{reflect.TypeFor[*Step](), []string{"use shape_test.Step"}},
		{reflect.TypeFor[struct{ *Step }](), []string{"embed shape_test.Step"}},
		{reflect.TypeFor[struct{ hidden int }](), []string{"no exported fields"}},
		{reflect.TypeFor[struct {
			base
			Other string `json:"Name"`
		}](), []string{`field Name has the name "Name", too`}},
		{reflect.TypeFor[struct {
			A int `header:"X-A"`
			B int `header:"x-a"`
		}](), []string{"has the name"}},
		{reflect.TypeFor[loop](), []string{"only the outermost struct can have"}},
		{reflect.TypeFor[struct {
			A any
			B chan int
		}](), []string{".A: an interface", ".B: chan int has no form"}},
	} {
		_, err := shape.Of(c.typ)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v: got %v, want %q", c.typ, err, want)
			}
		}
	}
}

// A type is read once, and its description can be walked although it contains
// itself.
func TestNode(t *testing.T) {
	s := of[Tree](t)
	if again := of[Tree](t); again != s {
		t.Error("the type was read twice")
	}
	n := s.Node()
	if n.Kind != shape.Struct || n.Name != "Tree" || len(n.Fields) != 4 {
		t.Fatalf("%+v", n)
	}
	kids := n.Fields[1]
	if kids.Name != "kids" || kids.GoName != "Kids" || kids.Optional || kids.Node.Kind != shape.List || kids.Node.Elem != n {
		t.Errorf("%+v", kids)
	}
	if other := n.Fields[2]; !other.Optional || other.Node != n {
		t.Errorf("%+v", other)
	}
	if u := of[Recipe](t).Node().Fields[2].Node; u.Kind != shape.Enum || u.Name != "Unit" || strings.Join(u.Values, " ") != "gram piece Löffel" {
		t.Errorf("%+v", u)
	}
}

type Texts struct {
	IP   netip.Addr  `json:"ip"`
	Also *netip.Addr `json:"also"`
}

func TestTypesWithTheirText(t *testing.T) {
	s := of[Texts](t)
	var v Texts
	faults, err := s.Decode([]byte(`{"ip":"::1","also":"10.0.0.1"}`), &v, shape.Options{})
	if err != nil || faults != nil || v.IP != netip.IPv6Loopback() || v.Also.String() != "10.0.0.1" {
		t.Fatal(v, faults, err)
	}
	out, err := s.Append(nil, v)
	if string(out) != `{"ip":"::1","also":"10.0.0.1"}` || err != nil {
		t.Error(string(out), err)
	}
	faults, _ = s.Decode([]byte(`{"ip":"secret"}`), &v, shape.Options{})
	if len(faults) != 1 || faults[0] != (shape.Fault{Pointer: "/ip", Detail: "is not valid", Code: "pattern"}) {
		t.Error(faults)
	}
}
