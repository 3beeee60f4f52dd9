package api_test

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/gorgontest"
)

type choosing struct {
	Tags   []string `json:"tags" check:"min=1,each.min=1,each.max=9"`
	Pair   [2]int   `json:"pair,omitzero"`
	Levels []level  `json:"levels,omitempty"`
	Level  level    `json:"level"`
	Maybe  *level   `json:"maybe,omitempty"`
	Word   string   `json:"word" check:"min=2,max=9"`
	Stars  int      `json:"stars" check:"min=1,max=5"`
	Size   float64  `json:"size,omitempty"`
	Big    int64    `json:"big,omitempty"`
	Agree  bool     `json:"agree"`
	Steps  []step   `json:"steps,omitempty"`
}

// A field with one value is a radio button, and a field with several a checkbox,
// with the attributes that each may have and no others.
func TestChoice(t *testing.T) {
	hard := level("hard")
	in := choosing{Tags: []string{"sweet"}, Pair: [2]int{1, 2}, Levels: []level{"easy"}, Level: "hard", Maybe: &hard, Word: "very hot", Stars: 4, Size: 1.5, Big: 7, Agree: true, Steps: []step{{"Boil", 9}}}
	for _, c := range []struct{ field, value, want string }{
		{"tags", "sweet", "checked:true id:postThings-tags-sweet name:tags type:checkbox value:sweet"},
		{"tags", "sour", "id:postThings-tags-sour name:tags type:checkbox value:sour"},
		{"pair", "2", "checked:true id:postThings-pair-2 name:pair type:checkbox value:2"},
		{"levels", "hard", "id:postThings-levels-hard name:levels type:checkbox value:hard"},
		{"level", "hard", "checked:true id:postThings-level-hard name:level required:true type:radio value:hard"},
		{"level", "easy", "id:postThings-level-easy name:level required:true type:radio value:easy"},
		{"maybe", "hard", "checked:true id:postThings-maybe-hard name:maybe type:radio value:hard"},
		{"word", "very hot", "checked:true id:postThings-word-very%20hot name:word required:true type:radio value:very hot"},
		{"word", "100%", "id:postThings-word-100%25 name:word required:true type:radio value:100%"},
		{"stars", "4", "checked:true id:postThings-stars-4 name:stars required:true type:radio value:4"},
		{"size", "1.5", "checked:true id:postThings-size-1.5 name:size type:radio value:1.5"},
		{"big", "7", "checked:true id:postThings-big-7 name:big type:radio value:7"},
		{"agree", "true", "checked:true id:postThings-agree-true name:agree type:radio value:true"},
		{"agree", "false", "id:postThings-agree-false name:agree type:radio value:false"},
		{"tags.0", "sweet", "checked:true id:postThings-tags-0-sweet name:tags.0 required:true type:radio value:sweet"},
		{"steps.0.minutes", "9", "checked:true id:postThings-steps-0-minutes-9 name:steps.0.minutes required:true type:radio value:9"},
	} {
		var got map[string]any
		inForm(t, in, nil, func(f *api.Form) { got = f.Field(c.field).Choice(c.value) })
		if want := "map[" + c.want + "]"; fmt.Sprint(got) != want {
			t.Errorf("%s %s: got %v, want %s", c.field, c.value, got, want)
		}
	}
}

// A bool alone is a checkbox, whose label needs no value.
func TestBoolInput(t *testing.T) {
	for agree, want := range map[bool]string{
		true:  "map[checked:true id:postThings-agree name:agree type:checkbox value:true]",
		false: "map[id:postThings-agree name:agree type:checkbox value:true]",
	} {
		var got map[string]any
		inForm(t, choosing{Agree: agree}, nil, func(f *api.Form) { got = f.Field("agree").Input() })
		if fmt.Sprint(got) != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}

// A refused form has what was chosen, and one choice has the focus.
func TestChoicesOfARefusedForm(t *testing.T) {
	var focused, checked []string
	inForm(t, choosing{}, url.Values{"level": {"none"}, "stars": {"5"}, "agree": {"on"}, "tags": {"a", "b"}, "word": {"ab"}}, func(f *api.Form) {
		if !f.Refused {
			return // the page that is stored
		}
		for _, name := range []string{"tags", "level", "stars", "agree", "word"} {
			field := f.Field(name)
			for _, value := range []string{"a", "b", "easy", "hard", "5", "true", "false"} {
				a := field.Choice(value)
				if a["autofocus"] != nil {
					focused = append(focused, fmt.Sprint(a["id"]))
				}
				if a["checked"] != nil {
					checked = append(checked, name+"="+value)
				}
				if (a["aria-describedby"] == "postThings-level-error") != (name == "level") {
					t.Errorf("%s refers to %v", name, a["aria-describedby"])
				}
			}
		}
	})
	if fmt.Sprint(focused) != "[postThings-level-a]" {
		t.Errorf("the focus is at %s", focused)
	}
	if want := "[tags=a tags=b stars=5 agree=true]"; fmt.Sprint(checked) != want {
		t.Errorf("checked are %s, not %s", checked, want)
	}
}

// inForm shows a form on a page: filled from an input, or as it was submitted.
func inForm(t *testing.T, in choosing, submitted url.Values, look func(*api.Form)) {
	t.Helper()
	e := api.Endpoint[choosing, api.None]{Path: "POST /things", Handle: func(context.Context, choosing) (api.None, error) { return api.None{}, nil }}
	site := gorgontest.Open(t, gorgon.App{Name: "choices", Parts: []gorgon.Part{e, gorgon.Page[int]{Path: "/", View: func(int) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			f := e.FormWith(ctx, in)
			look(f)
			return f.Hidden().Render(ctx, w)
		})
	}}}})
	if submitted == nil {
		site.Get("/")
		return
	}
	submitted.Set("_page", "/")
	if r := site.Post("/things", submitted); r.Status != 422 {
		t.Fatalf("the form is answered with %d", r.Status)
	}
}
