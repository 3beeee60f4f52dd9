// What happens to assets: what is bundled, what is not, and what is refused.

package bundle_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/viewctx"
)

// tree makes a file system of names and contents in turn.
func tree(files ...string) fstest.MapFS {
	t := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		t[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return t
}

// bundled are assets with their content by name.
type bundled struct {
	viewctx.Assets
	files map[string][]byte
}

func (b bundled) of(name string) string { return string(b.files[b.Paths[name]]) }

func run(t testing.TB, app gorgon.App) (bundled, error) {
	t.Helper()
	assets, files, err := bundle.Bundler{}.Bundle(t.Context(), app, "/docs")
	return bundled{assets, files}, err
}

func mustRun(t testing.TB, files ...string) bundled {
	t.Helper()
	b, err := run(t, gorgon.App{Assets: gorgon.Assets{Files: tree(files...)}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWhatIsBundled(t *testing.T) {
	b := mustRun(t,
		"app.css", "@import '_parts/a.css'; p { background: url(img/dot.svg#x) }",
		"_parts/a.css", "a { color: red; background: url(../img/dot.svg) }",
		"img/dot.svg", "<svg/>",
		"plain.js", "var   everybody = 1; function f() { return everybody }",
		"deep/module.js", "export const   one = 1",
		"main.ts", "import { text } from './_text'; import dot from './img/dot.svg'; document.title = text + dot",
		"_text.ts", "export const text: string = 'häfen'",
		"view.tsx", "export const v = <T,>(x: T) => x",
		"same.css", "p{top:0}", "same.ts", "console.log(1)", "same.js", "console.log(1); export {}",
	)
	dot := "/docs" + b.Paths["img/dot.svg"]
	for name, want := range map[string]string{
		"app.css":        "a{color:red;background:url(" + dot + ")}p{background:url(" + dot + "#x)}\n",
		"plain.js":       "var   everybody = 1; function f() { return everybody }",
		"img/dot.svg":    "<svg/>",
		"deep/module.js": "var o=1;export{o as one};\n",
		"main.ts":        `var t="häfen";var o="` + dot + `";document.title=t+o;` + "\n",
		"same.css":       "p{top:0}\n",
		"same.js":        "console.log(1);\n",
		"same.ts":        "console.log(1);\n",
	} {
		if got := b.of(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for name, at := range b.Paths {
		want := `^/_gorgon/assets/` + regexp.QuoteMeta(strings.TrimSuffix(name, filepath.Ext(name))) + `\.[0-9A-Za-z]{8,12}\.(css|js|svg)$`
		if !regexp.MustCompile(want).MatchString(at) || b.files[at] == nil {
			t.Errorf("%s is served at %s, want %s", name, at, want)
		}
		if strings.Contains(name, "_") {
			t.Errorf("%s is served, but is only a part", name)
		}
	}
}

func TestModulesNameAllThatTheyLoad(t *testing.T) {
	shared := "export const big = " + strings.Repeat("[1,", 50) + strings.Repeat("]", 50)
	b := mustRun(t, "a.ts", "import {big} from './_b'; export default big; import('./_later')", "z.ts", "import {big} from './_b'; export default () => big",
		"_b.ts", shared, "_later.ts", "export default 'later'")
	for _, name := range []string{"a.ts", "z.ts"} {
		imports := b.Imports[name]
		if len(imports) != 1 || b.files[imports[0]] == nil || !strings.Contains(b.of(name), "/docs"+imports[0]) {
			t.Errorf("%s at %s imports %q\n%s", name, b.Paths[name], imports, b.of(name))
		}
	}
	if len(b.Paths) != 2 || len(b.files) != 4 {
		t.Errorf("%d names and %d files, want 2, and 4 with a chunk and what comes later", len(b.Paths), len(b.files))
	}
}

func TestPathsFollowContent(t *testing.T) {
	read := func(leaf string) map[string]string {
		return mustRun(t, "a.css", "@import './b.css'", "b.css", "b{background:url(x.svg)}", "x.svg", leaf, "y.css", "y{}", "m.ts", "import x from './x.svg'; console.log(x)").Paths
	}
	before, after := read("1"), read("2")
	for name, at := range before {
		if moved := after[name] != at; moved != (name != "y.css") {
			t.Errorf("%s: from %s to %s", name, at, after[name])
		}
	}
}

func TestFaults(t *testing.T) {
	for want, files := range map[string][]string{
		`a\.ts:2:9: Unexpected`: {"a.ts", "let a = 1\nlet b = ;"},
		`css/a\.css:1:\d+: there is no asset bg\.svg: add the file to Assets\.Files, or correct the reference to \.\./bg\.svg`: {"css/a.css", "a{b:url(../bg.svg)}"},
		`a\.css:1:\d+: there is no asset x: (.|\n)*a\.css:1:\d+: there is no asset y`:                                          {"a.css", "a{b:url(x);c:url(y)}"},
		`there is no asset \.\./\.\./etc/passwd`:                                                                               {"a.css", "a{b:url(../../etc/passwd)}"},
		`there is no asset \.\./secret: `:                                                                                      {"a.ts", "import '../secret'"},
		`a\.css:1:\d+: b\.css is bundled, .*@import`:                                                                           {"a.css", "a{b:url(b.css)}", "b.css", "b{}"},
		`%2 is not percent-encoded`:                                                                                            {"a.css", "a{b:url(bg%2)}"},
		`a\.ts:1:8: there is no package left-pad-gone in .*node_modules: install it \(npm install left-pad-gone\)`:             {"a.ts", "import 'left-pad-gone'"},
		`a\.js:1:8: there is no asset gone`:                                                                                    {"a.js", "import './gone'"},
		`file "a\\\\b\.css" can be served at no path`:                                                                          {`a\b.css`, "a{}"},
		`file "a\\x00b" can be served at no path`:                                                                              {"a\x00b", "a{}"},
	} {
		b, err := run(t, gorgon.App{Assets: gorgon.Assets{Files: tree(files...)}})
		if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) || !strings.HasPrefix(err.Error(), "Assets.Files: ") {
			t.Errorf("got %v (%v), want %s", err, b.Paths, want)
		}
	}
}

func TestStyleSheetsInACircle(t *testing.T) {
	b := mustRun(t, "a.css", "@import './b.css'; a{color:red}", "b.css", "@import './a.css'; b{color:red}")
	if a, c := b.of("a.css"), b.of("b.css"); a != "b{color:red}a{color:red}\n" || c != "a{color:red}b{color:red}\n" {
		t.Errorf("a.css is %q, b.css %q", a, c)
	}
}

func TestNamesOfAllKinds(t *testing.T) {
	names := []string{"a b.svg", "käse.svg", `it's(1).svg`, "a:b.svg", "100%.svg", `"q".svg`, "<b>.svg", "-.svg", "..svg"}
	var files []string
	for _, n := range names {
		files = append(files, n, n)
	}
	b := mustRun(t, append(files, "app.css", `a{b:url("k%C3%A4se.svg");c:url("it's(1).svg");d:url("./a:b.svg");e:url("100%25.svg")}`, "a b.ts", "console.log(1)", "ö.css", "p{top:0}")...)
	for _, n := range names {
		if b.of(n) != n {
			t.Errorf("%s at %s is %q", n, b.Paths[n], b.of(n))
		}
	}
	for _, n := range []string{"käse.svg", `it's(1).svg`, "a:b.svg", "100%.svg"} {
		if at := "/docs" + gorgon.EscapePath(b.Paths[n]); !strings.Contains(b.of("app.css"), at) {
			t.Errorf("%s is not in %s", at, b.of("app.css"))
		}
	}
	for _, n := range []string{"a b.ts", "ö.css"} {
		if b.of(n) == "" {
			t.Errorf("%s at %q is empty", n, b.Paths[n])
		}
		if err := paths.Check(b.Paths[n]); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatNamesNoAssetStays(t *testing.T) {
	css := `a{b:url(/gone.svg);c:url(//host/gone);d:url(https://host/gone);e:url(#gone);f:url(data:image/svg+xml,gone);g:my-url(gone.svg)}` + "\n"
	if got := mustRun(t, "a.css", css).of("a.css"); strings.ReplaceAll(got, `"`, "") != css {
		t.Errorf("got %s", got)
	}
}

func TestPackages(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "node_modules")
	write(t, filepath.Join(folder, "greet", "package.json"), `{"name":"greet","main":"index.js"}`)
	write(t, filepath.Join(folder, "greet", "index.js"), `exports.hi = process.env.NODE_ENV`)
	write(t, filepath.Join(folder, "greet", "index.css"), `hr{color:red}`)
	b, err := run(t, gorgon.App{Assets: gorgon.Assets{NodeModules: folder, Files: tree("a.ts", "import {hi} from 'greet'; import 'greet/index.css'; console.log(hi)")}})
	if err != nil {
		t.Fatal(err)
	}
	if got := b.of("a.ts"); !strings.Contains(got, `hi="production"`) {
		t.Errorf("a.ts is %s", got)
	}
	if got := b.of("a.ts.css"); got != "hr{color:red}\n" {
		t.Errorf("its style sheet is %q in %v", got, b.Paths)
	}
}

func write(t *testing.T, name, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestTwiceTheSame(t *testing.T) {
	files := []string{"a.css", "a{}", "a.ts", "import {x} from './_x'; console.log(x)", "b.ts", "import {x} from './_x'; console.log(x+1)", "_x.ts", "export const x = [" + strings.Repeat("1,", 99) + "]"}
	one, two := mustRun(t, files...), mustRun(t, files...)
	for at, data := range one.files {
		if string(two.files[at]) != string(data) {
			t.Errorf("%s differs", at)
		}
	}
	if len(one.files) != len(two.files) {
		t.Errorf("%d files, then %d", len(one.files), len(two.files))
	}
}

// A program links the bundler only where its main names it.
func TestCommandLinksNoBundler(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "../command").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	for _, p := range []string{"github.com/evanw/esbuild/pkg/api", "github.com/HugoSmits86/nativewebp", "golang.org/x/image/draw"} {
		if slices.Contains(deps, p) {
			t.Errorf("command reaches %s", p)
		}
	}
}
