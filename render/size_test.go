// Tests of the size limit of states: exact, and cheap for states far beyond it.

package render_test

import (
	"context"
	"encoding/json"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/render"
)

// makeState makes a page whose state may have this many bytes as JSON.
func makeState[S any](t *testing.T, s S, limit int) error {
	t.Helper()
	page := gorgon.Page[S]{
		Path: "/", Load: func(context.Context, gorgon.Input) (S, error) { return s, nil },
		View: func(S) gorgon.Component { return gorgon.Text("short") },
	}.Definition()
	r := render.Renderer{Build: "b", Effort: compress.None, Limit: limit}
	_, err := r.Make(t.Context(), render.Task{Page: page, Path: "/"})
	return err
}

type quiet struct{ long string }

func (quiet) MarshalJSON() ([]byte, error) { return []byte(`"short"`), nil }

type told struct{ Long string }

func (*told) MarshalText() ([]byte, error) { return []byte("short"), nil }

type inner struct {
	Text   string
	Hidden string `json:"-"`
	secret string
}

type outer struct {
	inner
	More   *outer            `json:",omitempty"`
	List   []inner           `json:"list"`
	Map    map[string]int    `json:",omitempty"`
	Bytes  []byte            `json:",omitempty"`
	Any    any               `json:",omitempty"`
	Numbs  [3]float64        `json:",omitzero"`
	Quiet  quiet             `json:",omitzero"`
	Told   *told             `json:",omitempty"`
	Titles map[int]inner     `json:",omitempty"`
	Empty  []struct{}        `json:",omitempty"`
	When   time.Time         `json:",omitzero"`
	Names  map[string]string `json:",omitempty"`
}

func TestStateLimitIsThatOfTheJSON(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for name, s := range map[string]outer{
		"empty": {}, "text": {inner: inner{Text: long}}, "escaped": {inner: inner{Text: strings.Repeat("\n", 3000)}},
		"left out": {inner: inner{Text: "a", Hidden: long, secret: long}}, "nested": {More: &outer{More: &outer{List: []inner{{Text: long}, {}}}}},
		"map": {Map: map[string]int{"a": 1, long: 2}}, "bytes": {Bytes: []byte(long)}, "any": {Any: []any{long, 1, nil, map[string]any{"x": true}}},
		"numbers": {Numbs: [3]float64{1, 2, 3}}, "own JSON": {Quiet: quiet{long}}, "own text": {Told: &told{long}},
		"keys": {Titles: map[int]inner{1: {Text: "a"}, 22: {}}}, "nothing": {Empty: make([]struct{}, 1000)}, "time": {When: time.Unix(0, 0)},
		"names": {Names: map[string]string{"a": "b", "": ""}},
	} {
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := makeState(t, s, max(len(data), 400)); err != nil {
			t.Errorf("%s: with a limit of just its %d bytes: %v", name, len(data), err)
		}
		if len(data) > 400 {
			if err := makeState(t, s, len(data)-1); failure.Kind(err) != gorgon.KindTooLarge {
				t.Errorf("%s: with a limit one less than its %d bytes: %v", name, len(data), err)
			}
		}
	}
	loop := &outer{}
	loop.More = loop
	if err := makeState(t, loop, 1<<20); err == nil {
		t.Error("a state that contains itself was encoded")
	}
}

func TestLargeStatesAreNotMadeIntoJSON(t *testing.T) {
	s := inner{Text: strings.Repeat("x", 100<<20)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := makeState(t, s, 0)
	runtime.ReadMemStats(&after)
	if failure.Kind(err) != gorgon.KindTooLarge || !strings.Contains(err.Error(), "state") {
		t.Errorf("100 MiB: %v", err)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
		t.Errorf("refusing 100 MiB took %d bytes of memory", grown)
	}
}
