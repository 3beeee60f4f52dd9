// The page of the documentation.

package describe

import (
	"context"
	"html"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
)

// style leaves colours to the app's layout, so that it is dark where that is.
const style = gorgon.Style(`.api table{border-collapse:collapse;width:100%}
.api th,.api td{text-align:start;vertical-align:top;padding:.25rem .75rem .25rem 0;border-block-end:1px solid color-mix(in srgb,currentColor 25%,transparent)}
.api section{margin-block:2.5rem}
.api .scrolls,.api pre{overflow-x:auto}
.api pre{padding:.75rem;border:1px solid color-mix(in srgb,currentColor 25%,transparent);border-radius:.25rem}
.api .deprecated h2 code{text-decoration:line-through}`)

// rules are what holds for all operations.
var rules = [][2]string{
	{"required", "The member must be there. Text may be empty, and lists may have no elements, unless a check says otherwise."},
	{"optional", "The member may be left out. Leaving it out is not the same as null."},
	{"nullable", "Nothing is: null is refused everywhere."},
	{"unknown members", "They are refused, and so are members given twice or in another case."},
	{"whole number, as text", "Numbers of 64 bits are text, since JavaScript would round them."},
	{"one of …", "Later versions may return more values than are listed, and more members of objects."},
	{"errors", "They are application/problem+json (RFC 9457): errors has a pointer and a detail for each field."},
}

// view writes the page.
func view(r reference) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		if err := style.Render(ctx, w); err != nil {
			return err
		}
		p := &printer{}
		p.raw(`<div class="api"><h1>API of `).text(r.App).raw(`</h1><p>For programs: <a href="`).
			text(gorgon.URL(ctx, r.Document)).raw(`">openapi.json</a>, OpenAPI 3.1.</p>`)
		p.raw(`<h2 id="rules">Rules</h2><div class="scrolls"><table><tbody>`)
		for _, rule := range rules {
			p.raw(`<tr><th scope="row">`).text(rule[0]).raw(`</th><td>`).text(rule[1]).raw(`</td></tr>`)
		}
		p.raw(`</tbody></table></div><h2 id="operations">Operations</h2><ul>`)
		for _, e := range r.Operations {
			p.raw(`<li><a href="#`).text(e.Name).raw(`"><code>`).text(e.Method + " " + e.Path).raw(`</code></a> `).text(e.Summary).raw(`</li>`)
		}
		p.raw(`</ul>`)
		for _, e := range r.Operations {
			p.entry(e)
		}
		p.raw(`</div>`)
		_, err := io.WriteString(w, p.b.String())
		if err == nil && slices.ContainsFunc(r.Operations, func(e entry) bool { return e.Try != nil }) {
			err = gorgon.Script(script).Render(ctx, w)
		}
		return err
	})
}

// A printer writes HTML.
type printer struct{ b strings.Builder }

func (p *printer) raw(markup string) *printer { p.b.WriteString(markup); return p }

func (p *printer) text(s string) *printer { p.b.WriteString(html.EscapeString(s)); return p }

func (p *printer) entry(e entry) {
	class := ""
	if e.Deprecated != "" {
		class = ` class="deprecated"`
	}
	p.raw(`<section` + class + `><h2 id="`).text(e.Name).raw(`"><code>`).text(e.Method + " " + e.Path).raw(`</code></h2>`)
	p.raw(`<p>`).text(e.Summary).raw(` In clients: <code>`).text(e.Name).raw(`</code>.`)
	if e.Deprecated != "" {
		p.text(" Deprecated since " + e.Deprecated + ".")
	}
	for _, n := range e.Notes {
		p.text(" " + n)
	}
	p.raw(`</p>`)
	p.table("Input", e.Input)
	p.table("Output", e.Output)
	p.table("State", e.State)
	p.raw(`<pre tabindex="0"><code>`).text(e.Curl).raw(`</code></pre>`)
	if e.Try != nil {
		p.try(e.Method, e.Try)
	}
	if e.Send != nil {
		p.try(http.MethodPost, e.Send)
	}
	p.raw(`</section>`)
}

func (p *printer) table(title string, rows []row) {
	if len(rows) == 0 {
		return
	}
	p.raw(`<h3>`).text(title).raw(`</h3><div class="scrolls"><table><thead><tr><th scope="col">Field</th><th scope="col">In</th>` +
		`<th scope="col">Type</th><th scope="col">Presence</th><th scope="col">Checks</th><th scope="col">Meaning</th></tr></thead><tbody>`)
	for _, r := range rows {
		presence := "required"
		if r.Optional {
			presence = "optional"
		}
		p.raw(`<tr><td><code>`).text(r.Name).raw(`</code></td>`)
		for _, cell := range []string{r.In, r.Type, presence, r.Checks, r.Doc} {
			p.raw(`<td>`).text(cell).raw(`</td>`)
		}
		p.raw(`</tr>`)
	}
	p.raw(`</tbody></table></div>`)
}
