// The messages for islands, and the module that shows them in a browser.

package i18n

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"html"
	"io"

	"github.com/gorgon-go/gorgon"
)

// Module is an ES module that shows messages in a browser, with the browser's
// own language data (Intl). Put it among [gorgon.App.Assets], or copy it into a
// bundle:
//
//	import { messages } from "./messages.js"
//	const t = messages("texts") // the id that JSON was given
//	t("cart.items", { n: 3 })
//
//go:embed messages.js
var Module []byte

// JSON embeds only the named messages in the language of the page, as a script
// element of JSON with this id. They are already parsed: a text, or a list of
// texts and of arguments as
//
//	{"a": name, "k": "number"|"date"|"time"|"plural"|"selectordinal"|"select",
//	 "s": style, "o": offset, "c": {case: list}}
//
// with true for the # of a plural. Currency signs, dates and digits come from
// the browser, whose data may be newer than the server's.
func (m *Messages) JSON(id string, keys ...string) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		name := gorgon.LocaleOf(ctx)
		l, err := m.locale(name)
		if err != nil {
			return err
		}
		texts := make(map[string]any, len(keys))
		for _, key := range keys {
			_, found, err := m.find(name, key)
			if err != nil {
				return err
			}
			texts[key] = plainOf(found.parts)
		}
		data, err := json.Marshal(map[string]any{"locale": l.tag.String(), "messages": texts}) // which escapes what HTML parsers read
		if err != nil {
			return fmt.Errorf("i18n: %w", err)
		}
		_, err = io.WriteString(w, `<script type="application/json" id="`+html.EscapeString(id)+`">`+string(data)+`</script>`)
		return err
	})
}

// A browserPart is an argument in the form that the module reads.
type browserPart struct {
	Argument string         `json:"a"`
	Kind     string         `json:"k,omitempty"`
	Style    string         `json:"s,omitempty"`
	Offset   int            `json:"o,omitempty"`
	Cases    map[string]any `json:"c,omitempty"`
}

// plainOf returns a message as JSON.
func plainOf(parts []part) any {
	if len(parts) == 1 && parts[0].kind == literal {
		return parts[0].text
	}
	list := make([]any, 0, len(parts))
	for _, p := range parts {
		switch p.kind {
		case literal:
			list = append(list, p.text)
		case hash:
			list = append(list, true)
		default:
			b := browserPart{Argument: p.name, Style: p.style, Offset: p.offset}
			for word, k := range kinds {
				if k == p.kind {
					b.Kind = word
				}
			}
			for _, key := range p.keys {
				if b.Cases == nil {
					b.Cases = map[string]any{}
				}
				b.Cases[key] = plainOf(p.cases[key])
			}
			list = append(list, b)
		}
	}
	return list
}
