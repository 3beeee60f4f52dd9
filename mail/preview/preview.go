// Package preview keeps letters in place of sending them, and shows them in a
// browser, for development.
package preview

import (
	"bytes"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	netmail "net/mail"

	"github.com/gorgon-go/gorgon/mail"
)

// Many is how many letters a [Box] keeps.
const Many = 50

// A Box keeps letters, and is the handler of the pages that show them. Path is
// needed. It is safe for concurrent use.
type Box struct {
	Path   string                             // of the list, with a slash at its end
	Kept   func(path string)                  // called with the path of each letter. Default: none
	Source func(*mail.Letter) ([]byte, error) // a letter as it would be sent. Default: there is none to show

	mu    sync.Mutex
	count int
	all   []entry // the latest last
}

// An entry is a letter with its number.
type entry struct {
	*mail.Letter
	n  int
	at time.Time
}

// Keep keeps a letter.
func (b *Box) Keep(l *mail.Letter) error {
	b.mu.Lock()
	b.count++
	e := entry{l, b.count, time.Now()}
	if b.all = append(b.all, e); len(b.all) > Many {
		b.all = slices.Delete(b.all, 0, 1)
	}
	b.mu.Unlock()
	if b.Kept != nil {
		b.Kept(b.Path + strconv.Itoa(e.n))
	}
	return nil
}

// ServeHTTP shows the list, or one letter: its view, its text or its source.
func (b *Box) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "mails are read", http.StatusMethodNotAllowed)
		return
	}
	rest, ours := strings.CutPrefix(r.URL.Path, b.Path)
	number, what, _ := strings.Cut(rest, "/")
	switch e, found := b.find(number); {
	case !ours:
		http.NotFound(w, r)
	case rest == "":
		page(w, "Mails", b.list())
	case !found:
		http.Error(w, "this mail is not kept: the latest "+strconv.Itoa(Many)+" are, until the app starts again", http.StatusNotFound)
	case what == "" && e.HTML != "":
		b.show(w, e, "view", `<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer" title="View" src="`+b.Path+number+`/view"></iframe>`)
	case what == "" || what == "text":
		b.show(w, e, "text", "<pre>"+linked(e.Text)+"</pre>")
	case what == "source" && b.Source != nil:
		source, err := b.Source(e.Letter)
		if err != nil {
			source = []byte(err.Error())
		}
		b.show(w, e, "source", "<pre>"+html.EscapeString(string(bytes.ReplaceAll(source, []byte("\r\n"), []byte("\n"))))+"</pre>")
	case what == "view" && e.HTML != "":
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; font-src http: https:")
		_, _ = w.Write([]byte(outward(e.HTML)))
	default:
		http.NotFound(w, r)
	}
}

func (b *Box) find(number string) (entry, bool) {
	n, err := strconv.Atoi(number)
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.all, func(e entry) bool { return e.n == n })
	if err != nil || i < 0 {
		return entry{}, false
	}
	return b.all[i], true
}

var doctype = regexp.MustCompile(`(?i)^\s*<!doctype[^>]*>`)

// outward makes links open pages of their own.
func outward(view string) string {
	at := len(doctype.FindString(view))
	return view[:at] + `<base target="_blank">` + view[at:]
}

func (b *Box) list() string {
	b.mu.Lock()
	all := slices.Clone(b.all)
	b.mu.Unlock()
	if len(all) == 0 {
		return "<h1>Mails</h1><p>None was sent. What the app sends is kept here, and not sent: MAIL_URL is not set.</p>"
	}
	var rows strings.Builder
	for _, e := range slices.Backward(all) {
		fmt.Fprintf(&rows, `<tr><td>%s<td>%s<td><a href="%s%d">%s</a>`, e.at.Format(time.TimeOnly), html.EscapeString(names(e.To, e.Cc, e.Bcc)), b.Path, e.n, html.EscapeString(e.Subject))
	}
	return "<h1>Mails</h1><p>They were kept, and not sent: MAIL_URL is not set. The latest " + strconv.Itoa(Many) + ` stay until the app starts again. <a href="">Look again</a></p>` +
		"<table><thead><tr><th>At<th>To<th>Subject</thead><tbody>" + rows.String() + "</table>"
}

type address = netmail.Address

// names lists addresses as people read them.
func names(lists ...[]address) string {
	var all []string
	for _, list := range lists {
		for _, a := range list {
			text := a.Address
			if a.Name != "" {
				text = a.Name + " <" + a.Address + ">"
			}
			all = append(all, text)
		}
	}
	return strings.Join(all, ", ")
}
