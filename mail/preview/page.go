// The pages around letters.

package preview

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
)

const head = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%s</title>
<style>
	:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
	body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
	table { border-collapse: collapse; width: 100%% } th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884; overflow-wrap: anywhere }
	dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem } dt { font-weight: 600 } dd { margin: 0; overflow-wrap: anywhere }
	nav a { display: inline-block; padding: .4rem .8rem } nav a[aria-current] { font-weight: 600; border-bottom: 2px solid }
	iframe { width: 100%%; height: 70vh; border: 1px solid #8884; background: #fff; color-scheme: light } pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #8884; padding: 1rem; font: 13px/1.5 ui-monospace, monospace }
</style>
`

// page writes a page. It has no scripts.
func page(w http.ResponseWriter, title, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	fmt.Fprintf(w, head, html.EscapeString(title))
	_, _ = io.WriteString(w, body)
}

// show writes the page of a letter, with one of its forms.
func (b *Box) show(w http.ResponseWriter, e entry, what, content string) {
	var out strings.Builder
	fmt.Fprintf(&out, `<p><a href="%s">All mails</a></p><h1>%s</h1><dl>`, b.Path, html.EscapeString(e.Subject))
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&out, "<dt>%s<dd>%s", name, html.EscapeString(value))
		}
	}
	row("From", names([]address{e.From}))
	row("To", names(e.To))
	row("Cc", names(e.Cc))
	row("Bcc", names(e.Bcc))
	row("Reply to", names(e.ReplyTo))
	var files []string
	for _, a := range e.Attachments {
		files = append(files, fmt.Sprintf("%s (%s, %d bytes)", a.Name, a.Type, len(a.Data)))
	}
	row("Attachments", strings.Join(files, ", "))
	out.WriteString("</dl><nav>")
	for _, tab := range [][2]string{{"view", "View"}, {"text", "Text"}, {"source", "Source"}} {
		to, current := fmt.Sprintf("%s%d/%s", b.Path, e.n, tab[0]), ""
		switch {
		case tab[0] == "view" && e.HTML == "" || tab[0] == "source" && b.Source == nil:
			continue
		case tab[0] == "view":
			to = fmt.Sprintf("%s%d", b.Path, e.n) // the view alone is in the frame
		}
		if tab[0] == what {
			current = ` aria-current="page"`
		}
		fmt.Fprintf(&out, `<a href="%s"%s>%s</a>`, to, current, tab[1])
	}
	page(w, e.Subject, out.String()+"</nav>"+content)
}

var links = regexp.MustCompile(`https?://[^\s()<>"]+`)

// linked is a text with links that can be followed.
func linked(text string) string {
	var out strings.Builder
	for {
		at := links.FindStringIndex(text)
		if at == nil {
			return out.String() + html.EscapeString(text)
		}
		to := strings.TrimRight(text[at[0]:at[1]], ".,;:!?")
		shown := html.EscapeString(to)
		out.WriteString(html.EscapeString(text[:at[0]]) + `<a href="` + shown + `" target="_blank" rel="noreferrer">` + shown + "</a>")
		text = text[at[0]+len(to):]
	}
}
