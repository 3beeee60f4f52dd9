// _headers and _redirects, which Netlify and Cloudflare Pages both read.

package static

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/export"
)

// What Cloudflare Pages reads of the two files, and takes of files.
const (
	mostHeaderRules   = 100
	longestHeaderLine = 2000 // characters
	mostRedirects     = 2000
	longestRedirect   = 1000 // characters
	mostFiles         = 20_000
	largestFile       = 25 << 20 // bytes
)

// rules are the two files, and what they cannot say.
type rules struct {
	headers, redirects []byte

	headerRules  int
	redirectOnes int
	left         []string // what neither host can be told, as sentences
	cloudflare   []string // what goes beyond what Cloudflare reads
}

// rules writes the files. A request may match several rules of _headers, and
// then has the headers of all: so no header stands in two that can match one
// request, and Cache-Control stands with assets alone. For the rest both hosts
// send what the server sends.
func (h site) rules() rules {
	var r rules
	var headers, redirects bytes.Buffer
	fmt.Fprintf(&headers, "# What %s sends with every response; read by Netlify and Cloudflare Pages.\n", h.App)
	rule := func(path string, list []header) {
		if len(list) == 0 {
			return
		}
		r.headerRules++
		if r.headerRules == mostHeaderRules+1 {
			r.cloudflare = append(r.cloudflare, fmt.Sprintf("It reads %d rules of `_headers`: those from `%s` on are not applied.", mostHeaderRules, path))
		}
		headers.WriteString(path + "\n")
		for _, f := range list {
			line := "  " + f.Name + ": " + f.Value
			if len(line) > longestHeaderLine {
				r.cloudflare = append(r.cloudflare, fmt.Sprintf("It reads lines of %d characters: %s of `%s` is not sent.", longestHeaderLine, f.Name, path))
			}
			headers.WriteString(line + "\n")
		}
	}
	rule("/*", h.Always)
	rule(h.Assets()+"*", []header{{"Cache-Control", answer.CacheAsset}})
	all := map[string][]header{} // what each has of its own, by its path
	for _, f := range h.Files {
		own, left := h.own(f)
		all[f.Path], r.left = own, append(r.left, left...)
	}
	alike := patterns(all)
	told := map[string]bool{}
	for _, f := range h.Files {
		own := all[f.Path]
		pattern := alike.of(f.Path)
		switch {
		case len(own) == 0:
		case pattern != "" && told[pattern]:
		case pattern != "":
			told[pattern] = true
			rule(pattern, own)
		case !literal(f.Path):
			r.left = append(r.left, fmt.Sprintf("Page `%s` has headers of its own, which are not sent: its path holds what `_headers` takes for a pattern.", f.Path))
		default:
			// A page in a folder is asked for with a slash at its end, too.
			rule(f.Path, own)
			if !strings.HasSuffix(f.Path, "/") && isHTML(f.ContentType) && alike.of(f.Path+"/") == "" {
				rule(f.Path+"/", own)
			}
		}
	}
	fmt.Fprintf(&redirects, "# The redirects of %s; read by Netlify and Cloudflare Pages.\n", h.App)
	for _, to := range h.Redirects {
		line := fmt.Sprintf("%s %s %d\n", to.From, to.To, plain(to.Status))
		if !literal(to.From) || strings.Contains(to.To, ":splat") {
			r.left = append(r.left, fmt.Sprintf("The redirect of `%s` is not made: it holds what `_redirects` takes for a pattern.", to.From))
			continue
		}
		r.redirectOnes++
		if r.redirectOnes == mostRedirects+1 {
			r.cloudflare = append(r.cloudflare, fmt.Sprintf("It reads %d redirects: those from `%s` on are not made.", mostRedirects, to.From))
		}
		if len(line) > longestRedirect {
			r.cloudflare = append(r.cloudflare, fmt.Sprintf("It reads redirects of %d characters: that of `%s` is not made.", longestRedirect, to.From))
		}
		redirects.WriteString(line)
	}
	if len(h.Files) > mostFiles {
		r.cloudflare = append(r.cloudflare, fmt.Sprintf("It takes %d files without a paid plan, and these are %d.", mostFiles, len(h.Files)))
	}
	for _, f := range h.Files {
		if f.Size > largestFile {
			r.cloudflare = append(r.cloudflare, fmt.Sprintf("It takes files of up to 25 MiB: `%s` is larger.", f.Name))
		}
	}
	r.headers, r.redirects = headers.Bytes(), redirects.Bytes()
	return r
}

// own are the headers that a file has of its own, and what is said of those that it
// cannot have.
func (h site) own(f export.File) (own []header, left []string) {
	for _, o := range listed(f.Header) {
		if h.always(o.Name) {
			left = append(left, fmt.Sprintf("Page `%s` has a %s of its own, which is not sent: that of all pages is.", f.Path, o.Name))
			continue
		}
		own = append(own, o)
	}
	if f.Page && !isHTML(f.ContentType) {
		own = append([]header{{"Content-Type", f.ContentType}}, own...)
	}
	return own, left
}

func (h site) always(name string) bool {
	for _, f := range h.Always {
		if f.Name == name {
			return true
		}
	}
	return false
}

// plain is a status that every host knows. Pages are read alone, and then 308
// is 301, and 303 and 307 are 302.
func plain(status int) int {
	switch status {
	case http.StatusMovedPermanently, http.StatusPermanentRedirect:
		return http.StatusMovedPermanently
	}
	return http.StatusFound
}

// literal says whether a path means itself in a rule.
func literal(path string) bool { return !strings.ContainsAny(path, "*:") }

func isHTML(contentType string) bool { return contentType == "text/html; charset=utf-8" }
