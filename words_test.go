// The vocabulary of the house. Comments, messages, help texts, templates and
// documents are for readers from everywhere: this test refuses words and turns
// that slow them down, and says what to write instead (see docs/glossary.md).

package gorgon_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A wording is a turn of phrase to avoid.
type wording struct {
	name   string
	keys   []string       // a text that has none of them does not have it, which is quick to see
	match  *regexp.Regexp // over text in lower case; white space may span lines
	except *regexp.Regexp // of what matched; nil: no exception
	plain  string         // what to write instead
	odd    string         // a sentence that has it
	fine   string         // a similar sentence that may be written
}

var wordings = []wording{
	{"nobody", []string{"nobody"}, regexp.MustCompile("(?:\\buser\\s+|[\"'`])?\\bnobody(?:'s)?\\b[\"'`]?"),
		regexp.MustCompile("^user|^[\"'`].*[\"'`]$"), // the user of that name
		"name the subject: no visitor, no instance, no caller",
		"Nobody waits for it.", "The program runs as the user nobody, as in \"nobody\"."},
	{"somebody", []string{"somebody"}, regexp.MustCompile(`\bsomebody(?:'s)?\b`), nil,
		"name the subject: a visitor, an instance, a caller",
		"It is there because somebody asked.", "It is there because a visitor asked."},
	{"whoever", []string{"whoever", "whomever", "whosoever"}, regexp.MustCompile(`\b(?:whoever|whomever|whosoever)\b`), nil,
		"name the subject: the caller that, any instance that",
		"Whoever holds the lease makes it.", "The instance that holds the lease makes it."},
	{"mend", []string{"mend"}, regexp.MustCompile(`(?:\bmand\s+)?\bmend(?:s|ed|ing)?\b`),
		regexp.MustCompile(`^mand`), // ISO 15924 has a script of that name
		"hint, fix, repair or recover",
		"Each fault has its mend.", "Each fault has its hint, in the scripts hebr mand mend."},
	{"lest", []string{"lest"}, regexp.MustCompile(`\blest\b`), nil,
		"so that … does not",
		"It is copied, lest it change.", "It is copied, so that it does not change."},
	{"anew", []string{"anew"}, regexp.MustCompile(`\banew\b`), nil,
		"again",
		"It is made anew.", "It is made again."},
	{"for ever", []string{"ever"}, regexp.MustCompile(`\bfor\s+ever\b`), nil,
		"forever, without limit, or never … again",
		"It is kept for ever.", "It is kept forever."},
	{"let go of", []string{"let"}, regexp.MustCompile(`\blet(?:s|ting)?\s+go\s+of\b`), nil,
		"release, close or free",
		"Close lets go of everything.", "Close releases everything."},
	{"told of", []string{"tell", "told"}, regexp.MustCompile(`\b(?:told|tells?|telling)\s+of\b`), nil,
		"is notified of, is called for, reports",
		"The instance is told of each purge.", "The instance is notified of each purge."},
	{"what is kept of", []string{"kept"}, regexp.MustCompile(`\b(?:what|all)\s+(?:is|was|are|were)\s+kept\s+of\b`), nil,
		"name the thing: its entry, its record, the rest",
		"It removes what is kept of a page.", "It removes the record of a page."},
	{"is no …", []string{" no", "\nno", "\tno"}, regexp.MustCompile(`\b(?:there\s+(?:[a-z]+\s+)?)?(?:is|are|was|were|be|been)\s+no\s+[a-z]+`),
		regexp.MustCompile(`^there|\s(?:longer|more|less|later|earlier|older|newer|sooner|larger|smaller|bigger|better|worse|faster|slower|wider|higher|lower|shorter|different|matter)$`),
		"is not a",
		"A file that is no package is refused.", "There is no package, and it is no longer needed."},
	{"behind", []string{"behind"}, regexp.MustCompile(`\b(?:again|made|renewed|refreshed|revalidated|regenerated|rebuilt|sought|done|happens?)\s+behind\b|\bbehind\s+(?:the\s+|a\s+)?(?:[a-z]+'s?|their|its|his|her|our|your)\s+backs?\b`), nil,
		"in the background, or without their knowledge",
		"A stale page is made again behind.", "A stale page is served by the server behind a proxy."},
	{"amalgamate", []string{"amalgamat"}, regexp.MustCompile(`\bamalgamat[a-z]*\b`), nil,
		"merge",
		"Both halves are amalgamated.", "Both halves are merged."},
}

// spared holds what is history or not ours, and this list itself.
var spared = map[string]bool{
	"CHANGELOG.md": true, "docs/decisions": true, "docs/moving.md": true, "LICENSE": true, "words_test.go": true,
	"postgres/migrations": true, // a released step is never changed
}

// texts are the kinds of files that are read whole.
var texts = map[string]bool{".md": true, ".templ": true, ".tmpl": true, ".html": true, ".css": true, ".js": true, ".ts": true, ".txtar": true, ".toml": true, ".yaml": true, ".yml": true, ".service": true, ".sh": true, ".sql": true, ".lua": true, ".json": true}

func TestWords(t *testing.T) {
	var files, words int
	found := map[string]int{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		base := d.Name()
		if name != "." && (spared[name] || d.IsDir() && (strings.HasPrefix(base, ".") || base == "node_modules" || base == "dist")) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() || path.Ext(name) != ".go" && !texts[path.Ext(name)] {
			return nil
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		prose, err := proseOf(name, src)
		if err != nil {
			return err
		}
		files++
		for _, p := range prose {
			words += len(strings.Fields(p.text))
			for _, f := range p.find() {
				found[f.wording.name]++
				t.Errorf("%s:%d: %q: write %s", name, f.line, f.text, f.wording.plain)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, %d words of prose", files, words)
	if files < 500 || words < 50_000 {
		t.Errorf("only %d files with %d words were read", files, words)
	}
	for _, w := range wordings {
		t.Logf("%-16s %4d", w.name, found[w.name])
	}
}

// prose is a piece of text for people, and the line on which it begins.
type prose struct {
	text string
	line int
}

// proseOf is what a file says to people: of a Go file the comments and the
// strings, of any other the whole. Generated code says nothing.
func proseOf(name string, src []byte) ([]prose, error) {
	if path.Ext(name) != ".go" {
		return []prose{{string(src), 1}}, nil
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, src, parser.ParseComments)
	if err != nil || ast.IsGenerated(file) {
		return nil, err
	}
	var all []prose
	add := func(n ast.Node, marks *strings.Replacer) {
		at, end := set.PositionFor(n.Pos(), false), set.PositionFor(n.End(), false)
		all = append(all, prose{marks.Replace(string(src[at.Offset:end.Offset])), at.Line})
	}
	comments := strings.NewReplacer("//", "  ", "/*", "  ", "*/", "  ")
	escapes := strings.NewReplacer(`\n`, "  ", `\t`, "  ")
	for _, c := range file.Comments {
		add(c, comments)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			add(l, escapes)
		}
		return true
	})
	return all, nil
}

// A finding is a wording in a text.
type finding struct {
	wording wording
	text    string
	line    int
}

func (w wording) mayBeIn(lower string) bool {
	return slices.ContainsFunc(w.keys, func(key string) bool { return strings.Contains(lower, key) })
}

func (p prose) find() []finding {
	var all []finding
	lower := strings.ToLower(p.text)
	for _, w := range wordings {
		if !w.mayBeIn(lower) {
			continue
		}
		for _, at := range w.match.FindAllStringIndex(lower, -1) {
			text := strings.Join(strings.Fields(lower[at[0]:at[1]]), " ")
			if w.except == nil || !w.except.MatchString(text) {
				all = append(all, finding{w, text, p.line + strings.Count(lower[:at[0]], "\n")})
			}
		}
	}
	return all
}

// A wording that is planted is found, in each kind of text, on its line; a
// similar sentence is not.
func TestWordsArePlanted(t *testing.T) {
	for _, w := range wordings {
		broken := strings.Replace(w.odd, " ", "\n// ", 1)
		message := strings.ReplaceAll(w.odd, " ", `\n`)
		for name, text := range map[string]string{
			"comment.go": "package p\n\n// " + broken + "\nvar p int\n",
			"string.go":  fmt.Sprintf("package p\n\nvar p = \"%s\"\n", message),
			"text.md":    "# P\n\n" + strings.ToUpper(w.odd) + "\n",
		} {
			all, err := proseOf(name, []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			var got []finding
			for _, p := range all {
				got = append(got, p.find()...)
			}
			if len(got) != 1 || got[0].wording.name != w.name || got[0].line < 3 || got[0].line > 4 {
				t.Errorf("%s: %q: found %v", name, w.odd, got)
			}
		}
		if got := (prose{w.fine, 1}).find(); len(got) != 0 {
			t.Errorf("%q: found %v", w.fine, got)
		}
	}
	generated := "// Code generated by a test. DO NOT EDIT.\n\npackage p\n\n// Nobody reads this.\nvar p int\n"
	if all, err := proseOf("generated.go", []byte(generated)); err != nil || len(all) != 0 {
		t.Errorf("generated code gave %v, %v", all, err)
	}
}
