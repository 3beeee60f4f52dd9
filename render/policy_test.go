// The policy of a page allows what the page uses, and no more.

package render_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/viewctx"
)

func TestPolicy(t *testing.T) {
	script, style, wasm := viewctx.Uses{Scripts: []string{"sha256-s"}}, viewctx.Uses{Styles: []string{"sha256-c", "sha256-d"}}, viewctx.Uses{Wasm: true}
	const sSelf = "default-src 'self'; script-src 'self'"
	for _, c := range []struct {
		app  []string // nil for none
		uses viewctx.Uses
		want []string
	}{
		{nil, viewctx.Uses{}, nil},
		{nil, viewctx.Uses{Runtime: true, Modules: []string{"/a.js"}}, nil},
		{nil, script, []string{render.DefaultPolicy + "; script-src 'self' 'sha256-s'"}},
		{nil, style, []string{render.DefaultPolicy + "; style-src 'self' 'sha256-c' 'sha256-d'"}},
		{nil, wasm, []string{render.DefaultPolicy + "; script-src 'self' 'wasm-unsafe-eval'"}},
		{nil, viewctx.Uses{Scripts: []string{"sha256-s"}, Wasm: true}, []string{render.DefaultPolicy + "; script-src 'self' 'sha256-s' 'wasm-unsafe-eval'"}},
		{[]string{""}, script, nil},
		{[]string{"img-src 'self'"}, script, []string{"img-src 'self'"}},
		{[]string{"default-src 'none'"}, script, []string{"default-src 'none'; script-src 'sha256-s'"}},
		{[]string{" SCRIPT-SRC  'none' ;; "}, script, []string{"script-src 'sha256-s'"}},
		{[]string{sSelf, "script-src a.example, script-src b.example"}, script, []string{sSelf + " 'sha256-s'", "script-src a.example 'sha256-s'", "script-src b.example 'sha256-s'"}},
		{[]string{"script-src 'unsafe-inline' 'unsafe-eval'"}, script, []string{"script-src 'unsafe-inline' 'unsafe-eval'"}},
		{[]string{"script-src 'unsafe-inline' 'nonce-x'"}, script, []string{"script-src 'unsafe-inline' 'nonce-x' 'sha256-s'"}},
		{[]string{"script-src 'unsafe-inline' 'unsafe-eval'"}, wasm, []string{"script-src 'unsafe-inline' 'unsafe-eval'"}},
		{[]string{"script-src 'sha256-s'"}, script, []string{"script-src 'sha256-s'"}},
		{[]string{"script-src-elem 'self'; script-src a.example"}, script, []string{"script-src-elem 'self' 'sha256-s'; script-src a.example"}},
		{[]string{"script-src-elem 'self'; script-src a.example"}, wasm, []string{"script-src-elem 'self'; script-src a.example 'wasm-unsafe-eval'"}},
		{[]string{"script-src a; script-src b"}, script, []string{"script-src a 'sha256-s'; script-src b"}},
	} {
		header := http.Header{"content-security-policy": c.app}
		if c.app == nil {
			header = nil
		}
		if got := render.Policy(header, &c.uses); !slices.Equal(got, c.want) {
			t.Errorf("%q with %+v:\n%s\nwant\n%s", c.app, c.uses, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}
