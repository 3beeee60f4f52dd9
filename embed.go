// JSON for scripts, embedded so that no value can close its element.

package gorgon

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"io"
)

// JSON is a component that embeds v in the page as
// <script type="application/json" id="…">, which no browser executes. Every
// <, >, & and line separator in it is escaped, whatever v's own MarshalJSON
// writes.
func JSON(id string, v any) Component {
	return ComponentFunc(func(_ context.Context, w io.Writer) error {
		data, err := json.Marshal(v)
		if err != nil {
			return &Error{Op: "embed", Path: id, Err: err}
		}
		var b bytes.Buffer
		b.WriteString(`<script type="application/json" id="` + html.EscapeString(id) + `">`)
		// A json.RawMessage or a Marshaler may bring these characters
		// through; in JSON they can stand only inside strings.
		json.HTMLEscape(&b, data)
		b.WriteString("</script>")
		_, err = w.Write(b.Bytes())
		return err
	})
}
