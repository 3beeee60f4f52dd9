package i18n_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gorgon-go/gorgon/i18n"
)

// Check finds, without rendering, what would fail when it is rendered, wherever in a
// template it is.
func TestCheckOfTemplates(t *testing.T) {
	m, err := i18n.Catalog{Formats: formats, Files: fstest.MapFS{
		"en.json": {Data: []byte(`{"a": "A", "hi": "Hi {name}", "two": "{x} and {y}"}`)},
		"de.json": {Data: []byte(`{"a": "A", "hi": "Hallo {name}", "two": "{y} und {x}"}`)},
	}}.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, want string }{
		{`{{t "a"}} {{t "hi" "name" .Name}} {{.Name | t "hi" "name"}} {{t "two" "x" 1 "y" (print 2)}}`, ""},
		{`{{t .Key}} {{t (print "levels." .L)}} {{t "hi" .Name 1}} {{(t "a")}} {{"a" | t}} {{t}} {{.t "none"}} {{other "none"}} {{unknown .}}`, ""},
		{"<p>\n{{t \"b\"}}", "v.html:2: message b in de: there is no such message: add it to de.json, or correct the key"},
		{`{{t "a" "n" 1}}`, "v.html:1: message a in de has no argument n: correct the name, or leave it out"},
		{`{{t "hi"}}`, "v.html:1: message hi in de: argument name is not given: give it"},
		{`{{t "hi" "nam" 1}}`, "v.html:1: message hi in de has no argument nam: correct the name, or leave it out\nv.html:1: message hi in de: argument name is not given: give it"},
		{`{{t "hi" "name"}}`, "v.html:1: message hi: its arguments are not pairs of name and value"},
		{`{{.N | t "hi" "name" 1}}`, "v.html:1: message hi: its arguments are not pairs of name and value"},
		{"{{define \"x\"}}\n\n{{t \"b\"}}{{end}}\n{{t \"c\"}}", "v.html:3: message b in de: there is no such message: add it to de.json, or correct the key\nv.html:4: message c in de: there is no such message: add it to de.json, or correct the key"},
		{`{{if t "b"}}{{end}}`, "message b"}, {`{{if .X}}{{else}}{{t "b"}}{{end}}`, "message b"}, {`{{range .X}}{{t "b"}}{{end}}`, "message b"},
		{`{{with .X}}{{else with .Y}}{{t "b"}}{{end}}`, "message b"}, {`{{template "x" (t "b")}}{{define "x"}}{{end}}`, "message b"},
		{`{{$x := t "b"}}`, "message b"}, {`{{print (print (t "b"))}}`, "message b"}, {`{{(t "b").X}}`, "message b"}, {`{{block "x" .}}{{t "b"}}{{end}}`, "message b"},
		{`{{if}`, "v.html:1"},
	} {
		err := m.Check(fstest.MapFS{"v.html": {Data: []byte(c.text)}}, "*.html")
		switch {
		case c.want == "":
			if err != nil {
				t.Errorf("%s: %v", c.text, err)
			}
		case err == nil || !strings.Contains(err.Error(), c.want) || strings.HasPrefix(c.want, "v.html:") && !strings.HasPrefix(c.want, "v.html:1") && err.Error() != "i18n: "+c.want:
			t.Errorf("%s: %v, want %s", c.text, err, c.want)
		}
	}
	if err := m.Check(fstest.MapFS{}, "views/*.html"); err == nil || !strings.Contains(err.Error(), "views/*.html: it matches no file") {
		t.Error(err)
	}
}

// The templates of the starters ask for what their messages have.
func TestCheckOfStarters(t *testing.T) {
	for _, starter := range []string{"shop", "members"} {
		files := os.DirFS("../tool/starters/" + starter)
		m, err := i18n.Catalog{Files: os.DirFS("../tool/starters/" + starter + "/messages"), Formats: formats}.Load()
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Check(files, "views/*.html", "mails/*.html"); err != nil {
			t.Errorf("%s: %v", starter, err)
		}
	}
}
