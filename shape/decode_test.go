package shape_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/shape"
)

func of[T any](t testing.TB) *shape.Type {
	t.Helper()
	s, err := shape.Of(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// lines writes faults for comparison.
func lines(faults []shape.Fault) string {
	var b strings.Builder
	for _, f := range faults {
		fmt.Fprintf(&b, "%s %s\n", f.Pointer, f.Detail)
	}
	return b.String()
}

func TestDecodeFindsAllFaultsAtOnce(t *testing.T) {
	var r Recipe
	faults, err := of[Recipe](t).Decode([]byte(`{"title":"So","servings":1.5,"unit":"Gram","email":"a@b_","tags":null,
		"steps":[{"text":"cook"},{"text":1,"minutes":601,"x/y":{"a":[]}},7],"note":null,"TITLE":"x"}`), &r, shape.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := `/title must have at least 3 characters
/servings must be a whole number
/unit must be one of gram, piece, Löffel
/email must be an email address
/tags must not be null
/steps/0/minutes is required
/steps/1/text must be text
/steps/1/minutes must be at most 600
/steps/1/x~1y is not known
/steps/2 must be an object
/note must not be null
/TITLE is not known
`
	if got := lines(faults); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestDecodeRefusesTheBodyOfACaseVariant(t *testing.T) {
	var v struct {
		Title    string `json:"title" check:"min=3"`
		Servings int    `json:"servings" check:"min=1"`
	}
	s, err := shape.Of(reflect.TypeOf(v))
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(`{"title":"abc","TITLE":"x","servings":1,"SERVINGS":-5}`)
	faults, err := s.Decode(body, &v, shape.Options{})
	if got := lines(faults); err != nil || got != "/TITLE is not known\n/SERVINGS is not known\n" {
		t.Error(got, err)
	}
	faults, err = s.Decode(body, &v, shape.Options{IgnoreUnknown: true})
	if faults != nil || err != nil || v.Title != "abc" || v.Servings != 1 {
		t.Error(v, faults, err)
	}
}

func TestDecodeSyntax(t *testing.T) {
	s := of[Recipe](t)
	for _, c := range []struct{ body, pointer, detail string }{
		{``, "", "is empty"},
		{` `, "", "is empty"},
		{`{"title":"a`, "/title", "ends too early"},
		{`{"title":"abc","title":"def"}`, "/title", "is given more than once"},
		{`{"title":"abc","\u0074itle":"def"}`, "/title", "is given more than once"},
		{`{"x":[{"y":1,"y":2}]}`, "/x/0/y", "is given more than once"},
		{`{} {}`, "", "has data after the value"},
		{`{"title":"\ud800"}`, "/title", "is not valid"},
		{"{\"title\":\"\xff\"}", "/title", "is not valid"},
		{`{"steps":[1,]}`, "/steps", "is not valid"},
		{`{'title':1}`, "", "is not valid"},
		{strings.Repeat(`[`, 65), strings.Repeat("/0", 64), "has more than 64 levels"},
	} {
		var r Recipe
		faults, err := s.Decode([]byte(c.body), &r, shape.Options{})
		var syntax *shape.SyntaxError
		if !errors.As(err, &syntax) || faults != nil {
			t.Errorf("%s: %v, %v", c.body, faults, err)
			continue
		}
		if syntax.Detail != c.detail || c.detail != "has more than 64 levels" && syntax.Pointer != c.pointer {
			t.Errorf("%s: got %+v", c.body, syntax.Fault)
		}
	}
}

func TestDecodeDepth(t *testing.T) {
	s := of[Tree](t)
	nested := func(n int) []byte {
		return []byte(strings.Repeat(`{"name":"a","kids":[`, n) + strings.Repeat(`]}`, n))
	}
	var v Tree
	if faults, err := s.Decode(nested(32), &v, shape.Options{}); faults != nil || err != nil {
		t.Error(faults, err)
	}
	if out, err := s.Append(nil, v); err != nil || string(out) != string(nested(32)) {
		t.Errorf("%s, %v", out, err)
	}
	if _, err := s.Decode(nested(33), &v, shape.Options{}); err == nil {
		t.Error("66 levels are accepted")
	}
	v = Tree{Name: "a"}
	v.Other = &v
	if _, err := s.Append(nil, &v); err == nil || !strings.Contains(err.Error(), "64 levels") {
		t.Error(err)
	}
	if faults := s.Check(&v); len(faults) == 0 || !strings.Contains(faults[0].Detail, "64 levels") {
		t.Error(faults)
	}
}

// Neither the number of faults nor memory follows the body.
func TestDecodeIsBounded(t *testing.T) {
	var v Numbers
	faults, err := of[Numbers](t).Decode([]byte(`{"odd":[`+strings.Repeat(`"a",`, 5000)+`1]}`), &v, shape.Options{})
	if len(faults) != 100 || err != nil {
		t.Error(len(faults), err)
	}
	if len(v.Odd) > 101 {
		t.Errorf("%d elements were kept", len(v.Odd))
	}
	for _, number := range []string{"1e1000000000", "-1e999999999999999999999", "1e-1000000000", "0e1000000000", "1" + strings.Repeat("0", 100000)} {
		start := time.Now()
		_, err := of[Numbers](t).Decode([]byte(`{"int":`+number+`,"f64":`+number+`,"u8":`+number+`}`), &v, shape.Options{})
		if err != nil || time.Since(start) > 5*time.Second {
			t.Error(number[:10], err, time.Since(start))
		}
	}
}

func TestDecodeLeavesNothingOfBefore(t *testing.T) {
	note := "old"
	r := Recipe{Title: "old", Note: &note, Tags: []string{"a", "b"}}
	body := `{"title":"new","servings":1,"unit":"gram","email":"a@b","tags":[],"steps":[{"text":"abc","minutes":0}]}`
	if faults, err := of[Recipe](t).Decode([]byte(body), &r, shape.Options{}); faults != nil || err != nil {
		t.Fatal(faults, err)
	}
	want := Recipe{Title: "new", Servings: 1, Unit: "gram", Email: "a@b", Tags: []string{}, Steps: []Step{{Text: "abc"}}}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("got %+v", r)
	}
}

func TestCheck(t *testing.T) {
	note := ""
	faults := of[Recipe](t).Check(Recipe{Title: "\xff", Servings: 1 << 60, Unit: "kg", Email: "x", Tags: []string{"a", "a", ""}, Note: &note})
	want := `/title is not valid UTF-8
/servings must be at most 100
/unit must be one of gram, piece, Löffel
/email must be an email address
/tags/2 must have at least 1 character
/tags must not have the same element twice
/steps must have at least 1 element
`
	if got := lines(faults); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if faults := of[Maybe](t).Check(&Maybe{}); faults != nil {
		t.Errorf("absent members are checked: %v", faults)
	}
	zero := 0
	if got := lines(of[Maybe](t).Check(&Maybe{Int: &zero, Count: 1, Empty: []int{1, 2, 3}})); got != "/int must be at least 1\n/empty must have at most 2 elements\n/count must be at least 3\n" {
		t.Error(got)
	}
}

func TestAppend(t *testing.T) {
	out, err := of[Maps](t).Append([]byte("x"), Maps{Counts: map[string]int{"b": 1, "a": 2}})
	if string(out) != `x{"counts":{"a":2,"b":1},"units":{},"lists":{}}` || err != nil {
		t.Errorf("%s, %v", out, err)
	}
	for _, c := range []struct {
		typ  *shape.Type
		v    any
		want string
	}{
		{of[Numbers](t), Numbers{F64: math.NaN()}, "/f64 must be a number"},
		{of[Numbers](t), Numbers{F32: float32(math.Inf(-1))}, "/f32 must be at least"},
		{of[Numbers](t), Numbers{Int: 1 << 53}, "/int must be at most 9007199254740991"},
		{of[Recipe](t), Recipe{Servings: 1, Steps: []Step{{}, {Text: "\xff"}}}, "/steps/1/text is not valid UTF-8"},
		{of[Maps](t), Maps{Counts: map[string]int{"\xff": 1}}, "/counts/\uFFFD is not valid UTF-8"},
		{of[Moments](t), Moments{At: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, "/at must be in the years 0 to 9999"},
		{of[Recipe](t), Step{}, "a shape_test.Recipe is needed and not a shape_test.Step"},
		{of[Recipe](t), (*Recipe)(nil), "is needed and not a *shape_test.Recipe"},
	} {
		if _, err := c.typ.Append(nil, c.v); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %q", c.v, err, c.want)
		}
	}
}

// A zone with seconds, as cities had before 1900, has no form in RFC 3339.
func TestAppendZones(t *testing.T) {
	at := time.Date(1880, 1, 1, 12, 0, 0, 0, time.FixedZone("LMT", 3208))
	out, err := of[Stamp](t).Append(nil, Stamp{On: at})
	if string(out) != `{"by":"","on":"1880-01-01T11:06:32Z"}` || err != nil {
		t.Errorf("%s, %v", out, err)
	}
}
