// Embedded state: no value may end its element, and every value comes back.

package gorgon_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
)

func embedded(t *testing.T, v any) string {
	t.Helper()
	var b strings.Builder
	if err := gorgon.JSON(`s"><`, v).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	body, ok := strings.CutPrefix(b.String(), `<script type="application/json" id="s&#34;&gt;&lt;">`)
	if !ok {
		t.Fatalf("got %s", b.String())
	}
	body, ok = strings.CutSuffix(body, "</script>")
	if !ok || strings.ContainsAny(body, "<>&\u2028\u2029") {
		t.Fatalf("got %s", b.String())
	}
	return body
}

type raw string

func (r raw) MarshalJSON() ([]byte, error) { return []byte(`"` + string(r) + `"`), nil }

func TestJSONEscapesWhatMarshalersWrite(t *testing.T) {
	for _, v := range []any{raw("</script>"), json.RawMessage(`{"a":"</script>&\u2028"}`), map[string]any{"<!--": raw("<script>")}} {
		embedded(t, v)
	}
}

func FuzzJSON(f *testing.F) {
	f.Add("</script>", "k")
	f.Add("\u2028\u2029&<!--<script>", "</SCRIPT ")
	f.Fuzz(func(t *testing.T, value, key string) {
		in := map[string]string{key: value}
		var out map[string]string
		if err := json.Unmarshal([]byte(embedded(t, in)), &out); err != nil {
			t.Fatal(err)
		}
		// JSON itself replaces what is not UTF-8.
		var want map[string]string
		plain, _ := json.Marshal(in)
		if err := json.Unmarshal(plain, &want); err != nil || !reflect.DeepEqual(want, out) {
			t.Fatalf("%q came back as %q", in, out)
		}
	})
}
