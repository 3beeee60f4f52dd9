package shape_test

import (
	"io"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/shape"
)

// query makes a form from what a browser would send.
func query(t testing.TB, text string) shape.Form {
	t.Helper()
	values, err := url.ParseQuery(text)
	if err != nil {
		t.Fatal(err)
	}
	return shape.Form{Values: values}
}

const recipeForm = "title=Soup&servings=2&unit=gram&email=a@b&tags=x&tags=y&steps.0.text=Cook&steps.0.minutes=5"

func TestBindRecipe(t *testing.T) {
	with := func(more string) string { return recipeForm + more }
	for _, c := range []struct{ name, form, want string }{
		{"fits", recipeForm, `{"title":"Soup","servings":2,"unit":"gram","email":"a@b","tags":["x","y"],"steps":[{"text":"Cook","minutes":5}]}`},
		{"indexes are compacted, in their order", with("&steps.10.text=third&steps.10.minutes=1&steps.9.text=second&steps.9.minutes=0"),
			`{"title":"Soup","servings":2,"unit":"gram","email":"a@b","tags":["x","y"],"steps":[{"text":"Cook","minutes":5},{"text":"second","minutes":0},{"text":"third","minutes":1}]}`},
		{"an index costs nothing", with("&steps.999999999.text=last&steps.999999999.minutes=1"),
			`{"title":"Soup","servings":2,"unit":"gram","email":"a@b","tags":["x","y"],"steps":[{"text":"Cook","minutes":5},{"text":"last","minutes":1}]}`},
		{"elements with and without index", with("&tags.0=z"),
			`{"title":"Soup","servings":2,"unit":"gram","email":"a@b","tags":["x","y","z"],"steps":[{"text":"Cook","minutes":5}]}`},
		{"an empty optional text is absent", with("&note="),
			`{"title":"Soup","servings":2,"unit":"gram","email":"a@b","tags":["x","y"],"steps":[{"text":"Cook","minutes":5}]}`},
		{"lines end with LF, names with _ are ignored", with("&note=a%0D%0Ab&_csrf=x"),
			`{"title":"Soup","servings":2,"unit":"gram","email":"a@b","tags":["x","y"],"steps":[{"text":"Cook","minutes":5}],"note":"a\nb"}`},
		{"faults", "title=So&servings=many&unit=&email=&tags=a&tags=a&tags.x=1&steps.7.text=ab&steps.7.minutes=&x.y=1&title.a=1&steps=1&steps.07.text=a",
			`/x is not known
/title/a is not known
/title must have at least 3 characters
/servings must be a whole number
/unit is required
/email must be an email address
/tags/x is not known
/tags must not have the same element twice
/steps/07 is not known
/steps has members: give each by its own name
/steps/0/text must have at least 3 characters
/steps/0/minutes is required
`},
		{"nothing", "", "/title is required\n/servings is required\n/unit is required\n/email is required\n/steps must have at least 1 element\n"},
		{"twice", with("&title=b"), "/title is given more than once\n"},
		{"not UTF-8", strings.Replace(recipeForm, "Soup", "Soup%FF", 1), "/title is not valid UTF-8\n"},
	} {
		var r Recipe
		s := of[Recipe](t)
		got := lines(s.Bind(query(t, c.form), &r))
		if got == "" {
			out, err := s.Append(nil, &r)
			if err != nil {
				t.Error(c.name, err)
			}
			got = string(out)
		}
		if got != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, c.want)
		}
	}
}

type Settings struct {
	On      bool              `json:"on"`
	Maybe   *bool             `json:"maybe"`
	Count   int               `json:"count" check:"max=1000"`
	Big     int64             `json:"big,omitzero"`
	Ratio   float64           `json:"ratio,omitzero"`
	Day     time.Time         `json:"day,omitzero"`
	Labels  map[string]string `json:"labels"`
	Pair    [2]int            `json:"pair,omitzero"`
	Address *struct {
		City string `json:"city" check:"min=1"`
	} `json:"address"`
}

func TestBindKinds(t *testing.T) {
	for _, c := range []struct{ form, want string }{
		{"count=1", `{"on":false,"count":1,"labels":{}}`},
		{"count=%2B1e2 &on=on&maybe=off", `{"on":true,"maybe":false,"count":100,"labels":{}}`},
		{"count=007&on=&maybe=", `{"on":false,"count":7,"labels":{}}`},
		{"count=1&on=yes", "/on must be true or false\n"},
		{"count=9007199254740993", "/count must be at most 1000\n"},
		{"count=1&big=9223372036854775807&ratio=.5", `{"on":false,"count":1,"big":"9223372036854775807","ratio":0.5,"labels":{}}`},
		{"count=1&ratio=Inf", "/ratio must be a number\n"},
		{"count=1&ratio=0x1p-2", "/ratio must be a number\n"},
		{"count=1&ratio=1_0", "/ratio must be a number\n"},
		{"count=1&day=2026-11-29", `{"on":false,"count":1,"day":"2026-11-29T00:00:00Z","labels":{}}`},
		{"count=1&day=2026-11-29T04:50", `{"on":false,"count":1,"day":"2026-11-29T04:50:00Z","labels":{}}`},
		{"count=1&day=2026-11-29T04:50:00%2B01:00", `{"on":false,"count":1,"day":"2026-11-29T04:50:00+01:00","labels":{}}`},
		{"count=1&day=2026-02-30", "/day must be a date and time such as 2006-01-02T15:04:05Z\n"},
		{"count=1&labels.b=2&labels.a=1&labels.x~1y=3", `{"on":false,"count":1,"labels":{"a":"1","b":"2","x.y":"3"}}`},
		{"count=1&labels=1", "/labels has members: give each by its own name\n"},
		{"count=1&labels.a.b=1", "/labels/a/b is not known\n/labels/a is required\n"},
		{"count=1&pair=1&pair=2", `{"on":false,"count":1,"labels":{},"pair":[1,2]}`},
		{"count=1&pair=1", "/pair must have exactly 2 elements\n"},
		{"count=1&pair=1&pair=2&pair=3", "/pair must have exactly 2 elements\n"},
		{"count=1&address.city=x", `{"on":false,"count":1,"labels":{},"address":{"city":"x"}}`},
		{"count=1&address.city=", "/address/city must have at least 1 character\n"},
		{strings.Repeat("a.", 64) + "b=1", " has more than 64 levels\n"},
	} {
		var v Settings
		s := of[Settings](t)
		got := lines(s.Bind(query(t, c.form), &v))
		if got == "" {
			out, _ := s.Append(nil, &v)
			got = string(out)
		}
		if got != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.form, got, c.want)
		}
	}
}

func TestBindIsBounded(t *testing.T) {
	form := shape.Form{Values: map[string][]string{}}
	for i := range 1001 {
		form.Values["labels."+strings.Repeat("x", i)] = []string{""}
	}
	var v Settings
	if got := lines(of[Settings](t).Bind(form, &v)); got != " has more than 1000 names\n" {
		t.Error(got)
	}
}

type Upload struct {
	Title  string       `json:"title"`
	Photo  shape.File   `json:"photo" check:"max=10"`
	Also   *shape.File  `json:"also"`
	Photos []shape.File `json:"photos" check:"max=2,each.max=5"`
}

func file(name string, size int64) *shape.File {
	return &shape.File{Name: name, Size: size, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(name)), nil }}
}

func TestBindFiles(t *testing.T) {
	s := of[Upload](t)
	empty := file("", 0)
	values := map[string][]string{"title": {"x"}}
	for _, c := range []struct {
		files  map[string][]*shape.File
		values map[string][]string
		want   string
	}{
		{files: map[string][]*shape.File{"photo": {file("a", 10)}, "also": {empty}, "photos": {empty}}, want: "a 0"},
		{files: map[string][]*shape.File{"photo": {file("a", 1)}, "also": {file("b", 1)}, "photos": {file("c", 1), file("d", 5)}}, want: "a b 2"},
		{files: map[string][]*shape.File{"photo": {file("a", 1)}, "photos.3": {file("c", 1)}}, want: "a 1"},
		{files: map[string][]*shape.File{"photo": {empty}}, want: "/photo is required\n"},
		{want: "/photo is required\n"},
		{files: map[string][]*shape.File{"photo": {file("a", 11)}, "photos": {file("c", 6)}}, want: "/photo must have at most 10 bytes\n/photos/0 must have at most 5 bytes\n"},
		{files: map[string][]*shape.File{"photo": {file("a", 1), file("b", 1)}}, want: "/photo is given more than once\n"},
		{files: map[string][]*shape.File{"photo": {file("a", 1)}, "photos": {file("c", 1), file("c", 1), file("c", 1)}}, want: "/photos must have at most 2 elements\n"},
		{values: map[string][]string{"title": {"x"}, "photo": {"x"}}, want: "/photo must be a file\n"},
		{files: map[string][]*shape.File{"photo": {file("a", 1)}, "title": {file("a", 1)}}, values: map[string][]string{}, want: "/title must be text\n"},
	} {
		var v Upload
		if c.values == nil {
			c.values = values
		}
		got := lines(s.Bind(shape.Form{Values: c.values, Files: c.files}, &v))
		if got == "" {
			got = v.Photo.Name
			if v.Also != nil {
				got += " " + v.Also.Name
			}
			got += " " + string(rune('0'+len(v.Photos)))
		}
		if got != c.want {
			t.Errorf("%v: got %q, want %q", c.files, got, c.want)
		}
	}
	var v Upload
	faults, err := s.Decode([]byte(`{"title":"x","photo":"x","photos":[]}`), &v, shape.Options{})
	if got := lines(faults); err != nil || got != "/photo is a file: send a form with parts\n" {
		t.Error(got, err)
	}
	if _, err := s.Append(nil, v); err == nil || !strings.Contains(err.Error(), "/photo is a file") {
		t.Error(err)
	}
}

func TestCompact(t *testing.T) {
	form := query(t, "title=So&steps.7.text=a&steps.3.text=b&steps.x=1&tags=a&tags.5=b&labels.7=x&_csrf=1&other.4.x=1")
	form.Files = map[string][]*shape.File{"steps.9.photo": {file("a", 1)}}
	got := of[Recipe](t).Compact(form)
	want := query(t, "title=So&steps.1.text=a&steps.0.text=b&steps.x=1&tags=a&tags.1=b&labels.7=x&_csrf=1&other.4.x=1")
	if !reflect.DeepEqual(got.Values, want.Values) {
		t.Errorf("got %v", got.Values)
	}
	if len(got.Files["steps.2.photo"]) != 1 {
		t.Errorf("got %v", got.Files)
	}
}

func TestNames(t *testing.T) {
	for name, pointer := range map[string]string{
		"": "", "title": "/title", "steps.0.text": "/steps/0/text", "labels.a~1b": "/labels/a.b",
		"labels.a~0b": "/labels/a~0b", "labels.a/b": "/labels/a~1b", "labels.": "/labels/", "labels.~01": "/labels/~01",
	} {
		if got := shape.NamePointer(name); got != pointer {
			t.Errorf("%q: got %q, want %q", name, got, pointer)
		}
		if got := shape.PointerName(pointer); got != name {
			t.Errorf("%q: got %q, want %q", pointer, got, name)
		}
	}
}

type Search struct {
	ID    int64     `path:"id" check:"min=1"`
	Query string    `query:"q,omitzero" check:"max=5" doc:"What to look for."`
	Page  *int      `query:"page" check:"min=1"`
	All   bool      `query:"all"`
	Tags  []string  `query:"tag" check:"max=2"`
	Since time.Time `header:"X-Since,omitzero"`
	Text  string    `json:"text"`
}

func TestParameters(t *testing.T) {
	s := of[Search](t)
	var described []string
	for _, p := range s.Parameters() {
		text := p.In + " " + p.Name
		if p.Required {
			text += "!"
		}
		described = append(described, text)
	}
	if got := strings.Join(described, ", "); got != "path id!, query q, query page, query all!, query tag, header X-Since" {
		t.Error(got)
	}
	if !s.Body() || of[struct {
		ID int `path:"id"`
	}](t).Body() {
		t.Error("Body")
	}
	from := func(values map[string][]string) func(in, name string) []string {
		return func(in, name string) []string { return values[in+" "+name] }
	}
	v := Search{Text: "kept", Query: "old"}
	sent := map[string][]string{"path id": {"7"}, "query page": {"2"}, "query all": {"true"}, "query tag": {"a", "b"}, "header X-Since": {"2026-11-29T00:00:00Z"}}
	faults := s.BindParameters(from(sent), &v)
	if faults != nil || v.ID != 7 || v.Query != "" || *v.Page != 2 || !v.All || len(v.Tags) != 2 || v.Since.Year() != 2026 || v.Text != "kept" {
		t.Errorf("%+v, %v", v, faults)
	}
	back := map[string][]string{}
	if err := s.EachParameter(v, func(in, name string, values []string) { back[in+" "+name] = values }); err != nil || !reflect.DeepEqual(back, sent) {
		t.Error(back, err)
	}
	faults, err := s.Decode([]byte(`{"text":"new"}`), &v, shape.Options{})
	if faults != nil || err != nil || v.ID != 7 || v.Text != "new" {
		t.Errorf("%+v, %v, %v", v, faults, err)
	}
	faults = s.BindParameters(from(map[string][]string{"path id": {"0"}, "query q": {"too long"}, "query page": {"x"}, "query tag": {"a", "b", "c"}, "header X-Since": {"now"}}), &v)
	want := `/path/id must be at least 1
/query/q must have at most 5 characters
/query/page must be a whole number
/query/all is required
/query/tag must have at most 2 elements
/header/X-Since must be a date and time such as 2006-01-02T15:04:05Z
`
	if got := lines(faults); got != want {
		t.Errorf("got\n%s", got)
	}
	if got := lines(s.Check(Search{})); got != "/path/id must be at least 1\n" {
		t.Error(got)
	}
}

// Spare rows of a form, in which nothing was typed, are left out, at every
// depth; what was typed in part is not.
func TestSpareRows(t *testing.T) {
	type row struct {
		Text string   `json:"text" check:"min=1"`
		Tags []string `json:"tags" check:"each.min=1"`
	}
	type rows struct {
		Rows []row `json:"rows" check:"min=1"`
	}
	s, err := shape.Of(reflect.TypeFor[rows]())
	if err != nil {
		t.Fatal(err)
	}
	form := shape.Form{Values: map[string][]string{
		"rows.0.text": {""}, "rows.0.tags": {"", ""},
		"rows.1.text": {"one"}, "rows.1.tags": {"", "a", ""},
		"rows.2.text": {""}, "rows.2.tags.0": {""}, "rows.2.tags.5": {"b"},
		"rows.3.text": {" "},
	}}
	var v rows
	faults := s.Bind(form, &v)
	if len(faults) != 1 || faults[0].Pointer != "/rows/1/text" || faults[0].Code != "minLength" {
		t.Errorf("faults: %v", faults)
	}
	want := map[string][]string{"rows.0.text": {"one"}, "rows.0.tags": {"a"}, "rows.1.text": {""}, "rows.1.tags.0": {"b"}, "rows.2.text": {" "}}
	if got := s.Compact(form).Values; !reflect.DeepEqual(got, want) {
		t.Errorf("shown again: %v", got)
	}
	if faults := s.Bind(shape.Form{Values: map[string][]string{"rows.0.text": {""}}}, &v); len(faults) != 1 || faults[0].Code != "minElements" {
		t.Errorf("nothing but a spare row: %v", faults)
	}
}
