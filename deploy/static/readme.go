// The README: how to upload, and what each host cannot do.

package static

import (
	"fmt"
	"slices"

	"github.com/gorgon-go/gorgon/export"
)

// A text is what the README's template reads.
type text struct {
	site
	Netlify, Cloudflare, GitHub, Amazon []string // what each cannot do
}

// most is how many of a kind the README lists.
const most = 20

// few bounds what is said for each page or redirect.
func few(list []string) []string {
	if len(list) <= most {
		return list
	}
	return append(slices.Clone(list[:most]), fmt.Sprintf("The same holds for %d more.", len(list)-most))
}

func (h site) readme(r rules) (string, error) {
	var statuses, notMade, unlike, tooLong, headers []string
	for _, o := range h.Redirects {
		if plain(o.Status) != o.Status {
			statuses = append(statuses, fmt.Sprintf("The redirect of `%s` is made with %d in place of %d, which a browser that only reads takes alike.", o.From, plain(o.Status), o.Status))
		}
		notMade = append(notMade, fmt.Sprintf("The redirect of `%s` to `%s` is not made: visitors get the 404.", o.From, o.To))
		switch {
		case len(o.To) > longestTarget:
			tooLong = append(tooLong, fmt.Sprintf("The redirect of `%s` is not made: it leads to more than %d bytes.", o.From, longestTarget))
		case o.Status != 301:
			unlike = append(unlike, fmt.Sprintf("The redirect of `%s` is made with 301 in place of %d.", o.From, o.Status))
		}
	}
	for _, f := range h.Files {
		if f.Page && (!isHTML(f.ContentType) || len(f.Header) > 0) {
			headers = append(headers, fmt.Sprintf("Page `%s` has headers of its own, which are not sent.", f.Path))
		}
	}
	// S3 gets only these two headers.
	var amazon []string
	for _, f := range h.Files {
		if n := len(f.Header); n > 1 || n == 1 && f.Header["Cache-Control"] == nil {
			amazon = append(amazon, fmt.Sprintf("Page `%s` has headers of its own, of which only its type and Cache-Control are sent.", f.Path))
		}
	}
	shared := append(few(statuses), few(r.left)...)
	data, err := execute("README.md", text{
		site: h, Netlify: shared, Cloudflare: append(slices.Clone(shared), few(r.cloudflare)...),
		GitHub: append(few(notMade), few(headers)...),
		Amazon: slices.Concat(few(unlike), few(tooLong), few(amazon)),
	})
	return string(data), err
}

// Few are the redirects that the README lists.
func (h site) Few() []export.Redirect { return h.Redirects[:min(len(h.Redirects), most)] }

// More is how many redirects the README does not list.
func (h site) More() int { return max(0, len(h.Redirects)-most) }

// Policy is the Content-Security-Policy; "" for none.
func (h site) Policy() string {
	for _, f := range h.Always {
		if f.Name == "Content-Security-Policy" {
			return f.Value
		}
	}
	return ""
}

// Size is how many bytes the files have.
func (h site) Size() (n int) {
	for _, f := range h.Files {
		n += f.Size
	}
	return n
}
