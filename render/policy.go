// The Content-Security-Policy of a page: the app's, and what the page uses.

package render

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
)

// DefaultPolicy is the Content-Security-Policy of an app that sets none.
const DefaultPolicy = "default-src 'self'; img-src 'self' data:; base-uri 'self'; object-src 'none'; frame-ancestors 'self'; form-action 'self'"

// Policy is the Content-Security-Policy of a page: that of the app's headers,
// or else the default, with the digests of the page's inline scripts and
// styles, and leave to compile WebAssembly where the page does. It is nil
// where the page uses none of these, and where the app wants no policy: then
// the page's headers need none of their own.
func Policy(app http.Header, uses *gorgon.Uses) []string {
	if len(uses.Scripts) == 0 && len(uses.Styles) == 0 && !uses.Wasm && uses.Nonce == "" {
		return nil
	}
	own, set := policies(app)
	if !set {
		own = []string{DefaultPolicy}
	}
	var all []string
	for _, value := range own {
		// A browser holds a page to each of the policies in a list.
		for policy := range strings.SplitSeq(value, ",") {
			if policy = strings.TrimSpace(policy); policy != "" {
				all = append(all, widened(policy, uses))
			}
		}
	}
	return all
}

// policies are those that the app's headers set; none of them may be left.
func policies(app http.Header) (values []string, set bool) {
	for name, all := range app {
		if http.CanonicalHeaderKey(name) == "Content-Security-Policy" {
			set = true
			values = append(values, slices.DeleteFunc(slices.Clone(all), func(v string) bool { return v == "" })...)
		}
	}
	return values, set
}

// A directive is one of a policy, with what it allows.
type directive struct {
	name    string
	sources []string
}

// widened is one policy with what a page uses.
func widened(policy string, uses *gorgon.Uses) string {
	var d []directive
	for text := range strings.SplitSeq(policy, ";") {
		if words := strings.Fields(text); len(words) > 0 {
			d = append(d, directive{strings.ToLower(words[0]), words[1:]})
		}
	}
	digests := func(list []string) []string {
		var quoted []string
		for _, digest := range list {
			quoted = append(quoted, "'"+digest+"'")
		}
		if uses.Nonce != "" {
			quoted = append(quoted, "'nonce-"+uses.Nonce+"'")
		}
		return quoted
	}
	d = allow(d, digests(uses.Scripts), "script-src-elem", "script-src", "default-src")
	d = allow(d, digests(uses.Styles), "style-src-elem", "style-src", "default-src")
	if uses.Wasm {
		d = allow(d, []string{"'wasm-unsafe-eval'"}, "script-src", "default-src")
	}
	texts := make([]string, len(d))
	for i := range d {
		texts[i] = strings.Join(append([]string{d[i].name}, d[i].sources...), " ")
	}
	return strings.Join(texts, "; ")
}

// allow adds sources to the directive that decides: the first of those named
// that the policy has. Where that is default-src, which decides on much else
// too, a directive of its own is made of it. What is allowed already stays as
// it is: a digest beside 'unsafe-inline' would take that back.
func allow(d []directive, sources []string, names ...string) []directive {
	if len(sources) == 0 {
		return d
	}
	for _, name := range names {
		// Of a directive that stands twice, the first counts.
		i := slices.IndexFunc(d, func(d directive) bool { return d.name == name })
		if i < 0 {
			continue
		}
		if name == "default-src" {
			d = append(d, directive{names[len(names)-2], slices.Clone(d[i].sources)})
			i = len(d) - 1
		}
		d[i].sources = add(d[i].sources, sources)
		return d
	}
	return d // nothing restricts it
}

func add(have, sources []string) []string {
	if len(have) == 1 && strings.EqualFold(have[0], "'none'") {
		have = nil
	}
	holds := func(prefix string) bool {
		return slices.ContainsFunc(have, func(s string) bool { return strings.HasPrefix(strings.ToLower(s), prefix) })
	}
	strict := holds("'sha256-") || holds("'sha384-") || holds("'sha512-") || holds("'nonce-") || holds("'strict-dynamic'")
	for _, s := range sources {
		switch digest := strings.HasPrefix(s, "'sha256-") || strings.HasPrefix(s, "'nonce-"); {
		case slices.Contains(have, s):
		case digest && holds("'unsafe-inline'") && !strict:
		case !digest && holds("'unsafe-eval'"):
		default:
			have = append(slices.Clone(have), s)
		}
	}
	return have
}
