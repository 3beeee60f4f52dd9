// Pages that need a document of their own.

package render_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
)

// A header that governs a whole document is neither applied in another one nor
// kept for the next page.
func TestPagesWithHeadersOfADocumentAreDocuments(t *testing.T) {
	plain := func(gorgon.Document) gorgon.Component { return gorgon.HTML("") }
	for name, want := range map[string]struct {
		value string
		own   bool
	}{
		"Content-Security-Policy":      {"default-src 'none'", true},
		"Content-Disposition":          {"attachment", true},
		"Content-Type":                 {"application/xml", true},
		"Cross-Origin-Embedder-Policy": {"require-corp", true},
		"Cross-Origin-Opener-Policy":   {"same-origin", true},
		"Permissions-Policy":           {"camera=()", true},
		"Referrer-Policy":              {"no-referrer", true},
		"Refresh":                      {"5", true},
		"X-Mine":                       {"1", false},
		"Cache-Control":                {"public, max-age=60", false},
	} {
		r := renderer(framed(plain, plain))
		e := mustMake(t, r, pageOf(func(p *gorgon.Page[state]) {
			p.Headers = func(state) http.Header { return http.Header{name: {want.value}} }
		}))
		if got := payloadOf(t, r, e).Reload; got != want.own {
			t.Errorf("%s: %s: the payload says reload: %v", name, want.value, got)
		}
		if got := !strings.Contains(string(e.HTML), "&#34;navigate&#34;:true"); got != want.own {
			t.Errorf("%s: %s: there is navigation from the document: %v", name, want.value, !got)
		}
	}
}

// The view for an unreachable server is not an element of the page, and has no
// heading.
func TestPagesHoldNoMarkupForFailures(t *testing.T) {
	plain := func(gorgon.Document) gorgon.Component { return gorgon.HTML("") }
	r := renderer(framed(plain, plain))
	html := string(mustMake(t, r, pageOf()).HTML)
	if strings.Contains(html, "<dialog") || strings.Count(html, "<h1") > 0 || strings.Contains(html, "u003ch1") {
		t.Errorf("%s", html)
	}
	if !strings.Contains(html, `\u003cp\u003eService Unavailable\u003c/p\u003e`) {
		t.Errorf("there is no view for an unreachable server: %s", html)
	}
}
