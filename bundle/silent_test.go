// Features of other bundlers that this one lacks are reported, not passed on.

package bundle_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
)

// Each of these would build and then fail in the browser.
func TestNothingFailsSilently(t *testing.T) {
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"missing file by URL":      {[]string{"a.ts", "\nexport const u = new URL('./gone.png', import.meta.url).href"}, `^Assets\.Files: a\.ts:2:18: there is no asset gone\.png: add`},
		"missing worker":           {[]string{"a.ts", "new Worker(new URL(`./w.ts`, import.meta.url))"}, `a\.ts:1:12: there is no asset w\.ts`},
		"computed URL":             {[]string{"a.ts", "export const u = (n: string) => new URL('./img/' + n, import.meta.url)"}, `a\.ts:1:33: .*one new URL`},
		"template URL":             {[]string{"a.ts", "export const u = (n: string) => new URL(`./img/${n}`, import.meta.url)"}, `a\.ts:1:33: .*one new URL`},
		"fault within a worker":    {[]string{"a.ts", "new Worker(new URL('./w.ts', import.meta.url))", "w.ts", "import './gone'"}, `w\.ts:1:8: there is no asset gone`},
		"worker that loads itself": {[]string{"w.ts", "new Worker(new URL('./w.ts', import.meta.url))"}, `w\.ts:1:12: w\.ts is bundled into what it names itself`},
		"workers in a circle":      {[]string{"v.ts", "new Worker(new URL('./w.ts', import.meta.url))", "w.ts", "new Worker(new URL('./v.ts', import.meta.url))"}, `is bundled into what it names itself`},
		"glob import":              {[]string{"a.ts", "const n = location.hash\nimport('./pages/' + n + '.ts')", "pages/x.ts", "export {}"}, `^Assets\.Files: a\.ts:2:\d+: the path of this import\(\) is computed`},
		"glob import of nothing":   {[]string{"a.ts", "const n = location.hash; import(`./pages/${n}.ts`)"}, `a\.ts:1:\d+: the path of this import\(\) is computed`},
		"import of a variable":     {[]string{"a.ts", "const n = './x.ts'; import(n)", "x.ts", "export {}"}, `a\.ts:1:21: the path of this import\(\) is computed`},
		"import.meta.env":          {[]string{"a.ts", "console.log(import.meta.env.MODE)"}, `a\.ts:1:13: import\.meta\.env is undefined`},
		"import.meta.glob":         {[]string{"a.ts", "console.log(import.meta.glob('./*.ts'))"}, `import\.meta\.glob is undefined`},
		"Sass":                     {[]string{"a.ts", "import './a.scss'", "a.scss", "$x: 1px"}, `a\.scss needs a compiler`},
		"Svelte":                   {[]string{"a.ts", "import A from './A.svelte'; console.log(A)", "A.svelte", "<p>"}, `A\.svelte needs a compiler`},
		"suffix of another tool":   {[]string{"a.ts", "import w from './w.ts?worker'; console.log(w)", "w.ts", "1"}, `there is no asset w\.ts\?worker`},
		"paths of tsconfig":        {[]string{"tsconfig.json", `{"compilerOptions":{"paths":{"@/*":["./*"]}}}`, "a.ts", `import { x } from "@/b"; console.log(x)`, "b.ts", "export const x = 1"}, `a\.ts:1:\d+: @/b is not the name of a package.*"\./b"`},
		"other paths of tsconfig":  {[]string{"tsconfig.json", `{"compilerOptions":{"paths":{"lib/*":["./*"]}}}`, "a.ts", `import { x } from "lib/b/c"; console.log(x)`}, `npm install lib\).*paths of tsconfig\.json`},
		"part that embed left out": {[]string{"a.ts", "import './_b'"}, `there is no asset _b: add the file to Assets\.Files \(.*//go:embed all:assets\)`},
		"part of a style sheet":    {[]string{"a.css", "@import './_b.css'"}, `//go:embed all:assets`},
		"package in a scope":       {[]string{"a.ts", `import { x } from "@a/b/c"; console.log(x)`}, `npm install @a/b\)`},
	} {
		_, err := run(t, gorgon.App{Assets: gorgon.Assets{Files: tree(c.files...)}})
		if err == nil || !regexp.MustCompile(c.want).MatchString(err.Error()) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		} else if strings.Contains(err.Error(), "\n") && name != "workers in a circle" {
			t.Errorf("%s: more than one line: %v", name, err)
		}
	}
}

// Comments and strings are not code, and code that is marked to be left
// unchanged stays so.
func TestWhatIsNotCodeIsLeftAlone(t *testing.T) {
	for name, source := range map[string]string{
		"comment":            "// new URL('./gone.png', import.meta.url), import.meta.env, import(x)\nexport {}",
		"absolute URL":       "export const u = new URL('/api', import.meta.url), v = new URL('https://a.example/x', import.meta.url)",
		"import left to run": "export const f = (u: string) => import(/* @vite-ignore */ u)",
		"webpack's word":     "export const f = (u: string) => import(/* webpackIgnore: true */ u)",
		"where it is":        "console.log(import.meta.url)",
	} {
		if _, err := run(t, gorgon.App{Assets: gorgon.Assets{Files: tree("a.ts", source)}}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A file, a worker and the worker's imports are served where the module says.
func TestFilesByURL(t *testing.T) {
	b := mustRun(t,
		"deep/a.ts", "new Worker(new URL('../w.ts', import.meta.url), {type: 'module'}); export const u = new URL( \"../x.png?v=1#y\" , import.meta.url ).href",
		"w.ts", "import {one} from './_one'; postMessage(one + new URL('./x.png', import.meta.url))", "_one.ts", "export const one = 'ONE'",
		"x.png", "PNG", "b.ts", "import {one} from './_one'; console.log(one)")
	png := "/docs" + b.Paths["x.png"]
	js := b.of("deep/a.ts")
	if !strings.Contains(js, `new URL("`+png+`?v=1#y",import.meta.url)`) {
		t.Errorf("the file %s is not where the module says:\n%s", png, js)
	}
	at := regexp.MustCompile(`new Worker\(new URL\("/docs(/_gorgon/assets/w\.[^"]+\.js)"`).FindStringSubmatch(js)
	if at == nil {
		t.Fatalf("no worker:\n%s", js)
	}
	worker := string(b.files[at[1]])
	if !strings.Contains(worker, "ONE") || !strings.Contains(worker, png) || strings.Contains(worker, "import{") || strings.Contains(worker, "export") {
		t.Errorf("the worker is not whole in itself:\n%s", worker)
	}
}

// So are those that a package names.
func TestFilesOfPackagesByURL(t *testing.T) {
	modules := t.TempDir()
	for name, content := range map[string]string{
		"p/package.json": `{"name":"p","module":"index.js","main":"index.js"}`,
		"p/index.js":     "export const w = () => new Worker(new URL('./worker.js', import.meta.url)), d = new URL('./data.bin', import.meta.url), gone = new URL('./gone.bin', import.meta.url)",
		"p/worker.js":    "import {n} from './n.js'; postMessage(n)",
		"p/n.js":         "export const n = 'NUMBER'",
		"p/data.bin":     "DATA",
	} {
		if err := os.MkdirAll(filepath.Join(modules, "p"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(modules, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := run(t, gorgon.App{Assets: gorgon.Assets{NodeModules: modules, Files: tree("a.ts", "import * as p from 'p'; console.log(p.w, p.d, p.gone)")}})
	if err != nil {
		t.Fatal(err)
	}
	js := b.of("a.ts")
	for file, want := range map[string]string{`/docs(/_gorgon/assets/npm/worker\.\w+\.js)`: "NUMBER", `/docs(/_gorgon/assets/npm/data\.\w+\.bin)`: "DATA"} {
		at := regexp.MustCompile(file).FindStringSubmatch(js)
		if at == nil || !strings.Contains(string(b.files[at[1]]), want) {
			t.Errorf("%s: %v in\n%s", want, at, js)
		}
	}
}

// The classes of a CSS module have names of their own.
func TestCSSModules(t *testing.T) {
	b := mustRun(t, "a.module.css", ".x{color:red} .y{composes: x; top:0}", "a.ts", `import s from "./a.module.css"; console.log(s.x, s.y)`)
	css, js := b.of("a.ts.css"), b.of("a.ts")
	class := regexp.MustCompile(`\.([\w-]+)\{color:red\}`).FindStringSubmatch(css)
	if class == nil || !strings.Contains(js, `"`+class[1]+`"`) {
		t.Errorf("class %v of %s is not in\n%s", class, css, js)
	}
	if _, own := b.Paths["a.module.css"]; own {
		t.Error("the style sheet is served by its own name too, where nothing knows its classes")
	}
}
