// The Content-Security-Policy of a page: the app's, and what the page uses.

package render

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/viewctx"
)

// DefaultPolicy is the Content-Security-Policy of an app that sets none.
const DefaultPolicy = "default-src 'self'; img-src 'self' data:; base-uri 'self'; object-src 'none'; frame-ancestors 'self'; form-action 'self'"

// Policy returns the Content-Security-Policy of a page: that of the app's
// headers, or the default, with the digests of the page's inline scripts and
// styles, and permission to compile WebAssembly if the page does. It is nil if
// the page uses none of these, or if the app wants no policy: then the page's
// headers need none of their own.
func Policy(app http.Header, uses *viewctx.Uses) []string {
	if len(uses.Scripts) == 0 && len(uses.Styles) == 0 && !uses.Wasm && uses.Nonce == "" {
		return nil
	}
	own, set := policies(app)
	if !set {
		own = []string{DefaultPolicy}
	}
	var all []string
	for _, value := range own {
		// A browser enforces each of the policies in a list.
		for policy := range strings.SplitSeq(value, ",") {
			if policy = strings.TrimSpace(policy); policy != "" {
				all = append(all, widened(policy, uses))
			}
		}
	}
	return all
}

// policies are those that the app's headers set; none if the app removes the
// header.
func policies(app http.Header) (values []string, set bool) {
	for name, all := range app {
		if http.CanonicalHeaderKey(name) == "Content-Security-Policy" {
			set = true
			values = append(values, slices.DeleteFunc(slices.Clone(all), func(v string) bool { return v == "" })...)
		}
	}
	return values, set
}

// A directive is one of a policy, with its sources.
type directive struct {
	name    string
	sources []string
}

// widened returns one policy extended by what a page uses.
func widened(policy string, uses *viewctx.Uses) string {
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

// allow adds sources to the directive that applies: the first of those named
// that the policy has. If that is default-src, which also governs other things,
// a separate directive is made from it. Sources that are allowed already are
// not added: a digest beside 'unsafe-inline' would disable it.
func allow(d []directive, sources []string, names ...string) []directive {
	if len(sources) == 0 {
		return d
	}
	for _, name := range names {
		// If a directive occurs twice, the first counts.
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
	return d // there is no restriction
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
