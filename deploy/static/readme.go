// The README: how to upload, and what each host cannot do.

package static

import (
	"fmt"
	"maps"
	"slices"
	"strings"

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
	var changed, unlike bool
	var tooLong []string
	for _, o := range h.Redirects {
		changed = changed || plain(o.Status) != o.Status
		if len(o.To) > longestTarget {
			tooLong = append(tooLong, fmt.Sprintf("The redirect of `%s` is not made: it leads to more than %d bytes.", o.From, longestTarget))
		} else {
			unlike = unlike || o.Status != 301
		}
	}
	var shared, github, amazon []string
	if changed {
		shared = append(shared, "Redirects are made with 301 in place of 308, and with 302 in place of 303 and 307, which a browser that only reads takes alike.")
	}
	shared = append(shared, few(r.left)...)
	if lead := h.leading(); len(lead) > 0 {
		github = append(github, "A redirect is a page that leads on, from the folder `"+LeadingName+"`: it is answered with 200, and drops a query.")
	}
	if n := len(h.Redirects) - len(h.leading()); n > 0 {
		github = append(github, fmt.Sprintf("Not made: %s, where another page has the file.", countOf(n, "redirect")))
	}
	github = append(github, h.lost()...)
	if unlike {
		amazon = append(amazon, "Redirects are made with 301.")
	}
	amazon = append(append(amazon, few(tooLong)...), h.lost("Content-Type", "Cache-Control")...)
	data, err := execute("README.md", text{
		site: h, Netlify: shared, Cloudflare: append(slices.Clone(shared), few(r.cloudflare)...), GitHub: github, Amazon: amazon,
	})
	return string(data), err
}

// lost says which headers of their own pages lose, those that have the same ones
// together, but for some that are sent.
func (h site) lost(sent ...string) (list []string) {
	pages := map[string][]string{} // by the names of headers
	for _, f := range h.Files {
		var names []string
		if f.Page && !isHTML(f.ContentType) {
			names = append(names, "Content-Type")
		}
		for _, o := range listed(f.Header) {
			names = append(names, o.Name)
		}
		names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(sent, name) })
		if len(names) > 0 {
			key := strings.Join(slices.Compact(names), ", ")
			pages[key] = append(pages[key], f.Path)
		}
	}
	for _, names := range slices.Sorted(maps.Keys(pages)) {
		paths := pages[names]
		with := "`" + paths[0] + "`"
		if n := len(paths) - 1; n > 0 {
			with += " and " + countOf(n, "more file")
		}
		list = append(list, fmt.Sprintf("%s of %s: not sent.", names, with))
	}
	return list
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
