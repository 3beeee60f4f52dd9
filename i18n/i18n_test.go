// Messages in three languages: loaded, shown, refused.

package i18n_test

import (
	"context"
	"encoding/json"
	"flag"
	"html/template"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/ar"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/en"
	"github.com/go-playground/locales/pl"

	"github.com/gorgon-go/gorgon/i18n"
	"github.com/gorgon-go/gorgon/viewctx"
)

var update = flag.Bool("update", false, "write the golden files")

var formats = []locales.Translator{en.New(), de.New(), ar.New(), pl.New()}

func shop(t testing.TB, change func(*i18n.Catalog)) *i18n.Messages {
	t.Helper()
	c := i18n.Catalog{Files: os.DirFS("testdata/shop"), Locales: []string{"en", "de", "ar"}, Formats: formats}
	if change != nil {
		change(&c)
	}
	m, err := c.Load()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func in(t testing.TB, locale string) context.Context {
	return viewctx.WithSite(t.Context(), &viewctx.Site{Locale: locale})
}

// golden compares text with a file.
func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != text {
		t.Errorf("%s differs (see -update):\n%s", file, text)
	}
}

var day = time.Date(2026, 3, 4, 15, 5, 6, 0, time.UTC)

// asked are messages with their arguments.
var asked = []struct {
	Key  string    `json:"key"`
	Args i18n.Args `json:"args"`
}{
	{"hello", i18n.Args{"name": "Ada"}},
	{"plain", nil},
	{"cart.title", nil},
	{"cart.items", i18n.Args{"n": 0}},
	{"cart.items", i18n.Args{"n": 1}},
	{"cart.items", i18n.Args{"n": 2}},
	{"cart.items", i18n.Args{"n": 3}},
	{"cart.items", i18n.Args{"n": 11}},
	{"cart.items", i18n.Args{"n": 1234567}},
	{"cart.items", i18n.Args{"n": 1.5}},
	{"cart.items", i18n.Args{"n": -1}},
	{"cart.total", i18n.Args{"sum": 1234.5}},
	{"cart.total", i18n.Args{"sum": -0.5}},
	{"invite", i18n.Args{"gender": "female", "n": 0, "guest": "Bo"}},
	{"invite", i18n.Args{"gender": "female", "n": 1, "guest": "Bo"}},
	{"invite", i18n.Args{"gender": "female", "n": 2, "guest": "Bo"}},
	{"invite", i18n.Args{"gender": "male", "n": 5, "guest": "Bo"}},
	{"rank", i18n.Args{"n": 1}},
	{"rank", i18n.Args{"n": 22}},
	{"rank", i18n.Args{"n": 113}},
	{"share", i18n.Args{"part": 0.125, "all": 1234.5678, "exact": 2}},
}

func TestMessages(t *testing.T) {
	m := shop(t, nil)
	var b strings.Builder
	for _, locale := range []string{"en", "de", "ar"} {
		line := func(text string, err error) {
			if err != nil {
				t.Error(err)
			}
			b.WriteString(locale + " " + text + "\n")
		}
		for _, a := range asked {
			line(m.In(locale, a.Key, a.Args))
		}
		line(m.In(locale, "when", i18n.Args{"day": day}))
		for _, c := range []string{"EUR", "USD", "JPY", "KWD", "CHF"} {
			line(m.In(locale, "price", i18n.Args{"price": i18n.Money{Amount: 1234.5, Currency: c}}))
		}
		ctx := in(t, locale)
		for _, style := range []string{"short", "", "long", "full"} {
			line(m.Date(ctx, day, style))
		}
		line(m.Time(ctx, day, ""))
		line(m.Number(ctx, uint64(1<<60), ""))
	}
	golden(t, "messages.txt", b.String())
}

func TestDigitsOfOnesChoice(t *testing.T) {
	m := shop(t, func(c *i18n.Catalog) { c.Digits = map[string]string{"ar": "latn"} })
	text, err := m.In("ar", "when", i18n.Args{"day": day})
	if err != nil || !strings.Contains(text, "2026") {
		t.Errorf("%q, %v", text, err)
	}
	if text, _ := m.In("ar", "cart.items", i18n.Args{"n": 103}); !strings.Contains(text, "103") {
		t.Errorf("%q", text)
	}
}

// All faults of a catalog are reported together, with file and line.
func TestFaults(t *testing.T) {
	for name, c := range map[string]i18n.Catalog{
		"faulty": {Files: os.DirFS("testdata/faulty"), Default: "en"},
		"broken": {Files: os.DirFS("testdata/broken"), Default: "de"},
		"absent": {Files: os.DirFS("testdata/shop"), Locales: []string{"en", "de", "ar", "fr", "no_such_thing"}, Formats: formats, Digits: map[string]string{"en": "?"}},
		"none":   {Files: fstest.MapFS{}},
		"files":  {},
	} {
		_, err := c.Load()
		if err == nil {
			t.Errorf("%s: it was loaded", name)
			continue
		}
		golden(t, name+".txt", err.Error()+"\n")
	}
}

func TestAMissingMessageFallsBackWhereAsked(t *testing.T) {
	files := fstest.MapFS{
		"en.json":    {Data: []byte(`{"a":"{n, plural, one {one} other {#}}","b":"b of en","c":"c of en"}`)},
		"de.json":    {Data: []byte(`{"b":"b von de","c":"c von de"}`)},
		"de-AT.json": {Data: []byte(`{"c":"c aus de-AT"}`)},
	}
	if _, err := (i18n.Catalog{Files: files}).Load(); err == nil || !strings.Contains(err.Error(), "de-AT.json: b is missing") {
		t.Errorf("without being asked: %v", err)
	}
	m, err := i18n.Catalog{Files: files, Locales: []string{"de-AT"}, Default: "en", Fallback: true}.Load()
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"c": "c aus de-AT", "b": "b von de", "a": "one"} {
		args := i18n.Args{}
		if key == "a" {
			args["n"] = 1
		}
		if got, err := m.In("de-AT", key, args); got != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", key, got, err, want)
		}
	}
	if _, err := m.In("de", "b", nil); err == nil {
		t.Error("de is not a locale of the site, and was found")
	}
}

func TestAMessageThatCannotBeShownSaysWhich(t *testing.T) {
	m := shop(t, nil)
	for _, c := range []struct {
		locale, key string
		args        i18n.Args
		want        string
	}{
		{"de", "cart.itmes", nil, "i18n: message cart.itmes in de: there is no such message: add it to de.json, or correct the key"},
		{"fr", "hello", nil, `i18n: the catalog has no locale "fr": add it to Catalog.Locales, with its file`},
		{"de", "hello", nil, "i18n: message hello in de: argument name is not given: give it"},
		{"de", "hello", i18n.Args{"name": "x", "nam": 1}, "i18n: message hello in de: it has no argument nam: correct the name, or leave it out"},
		{"de", "cart.items", i18n.Args{"n": "3"}, "i18n: message cart.items in de: argument n is a string: use a number"},
		{"de", "when", i18n.Args{"day": "today"}, "i18n: message when in de: argument day is a string: use a time.Time"},
		{"de", "price", i18n.Args{"price": i18n.Money{Amount: 1, Currency: "XQZ"}}, `i18n: message price in de: argument price there is no currency "XQZ": use a code such as EUR`},
		{"de", "price", i18n.Args{"price": []int{1}}, "i18n: message price in de: argument price is a []int: use a text, a number, a time or Money"},
	} {
		_, err := m.In(c.locale, c.key, c.args)
		if err == nil || err.Error() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

func TestInViews(t *testing.T) {
	m := shop(t, nil)
	var b strings.Builder
	if err := m.T("hello", i18n.Args{"name": "<script>"}).Render(in(t, "de"), &b); err != nil || b.String() != "Hallo, &lt;script&gt;!" {
		t.Errorf("%q, %v", b.String(), err)
	}
	if err := m.T("nothing", nil).Render(in(t, "de"), &b); err == nil {
		t.Error("a message that does not exist was shown")
	}
	b.Reset()
	page := template.Must(template.New("").Funcs(m.Funcs(in(t, "de"))).Parse(
		`{{t "cart.items" "n" 3}}|{{t "hello" "name" "<b>"}}|{{number 1234.5}}|{{number 0.5 "percent"}}|{{currency 2.5 "EUR"}}|{{date . "long"}}|{{time . "short"}}`))
	if err := page.Execute(&b, day); err != nil {
		t.Fatal(err)
	}
	if want := "3 Artikel im Warenkorb|Hallo, &lt;b&gt;!|1.234,5|50\u00a0%|2,50\u00a0€|4. März 2026|15:05"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	if err := template.Must(template.New("").Funcs(m.Funcs(in(t, "de"))).Parse(`{{t "hello" "name"}}`)).Execute(&b, day); err == nil {
		t.Error("a name without a value was accepted")
	}
}

func TestOnlyNamedMessagesReachABrowser(t *testing.T) {
	m, err := i18n.Catalog{Files: fstest.MapFS{"en.json": {Data: []byte(`{"a":"</script><b>\u2028 & {x}","b":"secret"}`)}}}.Load()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := m.JSON(`t"x`, "a").Render(in(t, "en"), &b); err != nil {
		t.Fatal(err)
	}
	want := `<script type="application/json" id="t&#34;x">{"locale":"en","messages":{"a":["\u003c/script\u003e\u003cb\u003e\u2028 \u0026 ",{"a":"x"}]}}</script>`
	if b.String() != want {
		t.Errorf("%s, want %s", b.String(), want)
	}
	if err := m.JSON("t", "c").Render(in(t, "en"), &b); err == nil {
		t.Error("a message that does not exist was embedded")
	}
}

// The module shows in a browser's engine what the server shows.
func TestTheModuleShowsTheSame(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: scripts/servers installs it")
	}
	m := shop(t, nil)
	for _, locale := range []string{"en", "de"} {
		var keys []string
		var want []string
		for _, a := range asked {
			keys = append(keys, a.Key)
			text, err := m.In(locale, a.Key, a.Args)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, text)
		}
		var b strings.Builder
		if err := m.JSON("t", keys...).Render(in(t, locale), &b); err != nil {
			t.Fatal(err)
		}
		data := strings.TrimSuffix(strings.TrimPrefix(b.String(), `<script type="application/json" id="t">`), "</script>")
		cases, err := json.Marshal(asked)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		script := "import { messages } from './messages.mjs'\n" +
			"globalThis.document = { getElementById: () => ({ textContent: JSON.stringify(" + data + ") }) }\n" +
			"const t = messages('t')\nconst all = " + string(cases) + "\n" +
			"try { t('no.such'); console.log('it was found') } catch { }\n" +
			"console.log(JSON.stringify(all.map(a => t(a.key, a.args ?? {}))))\n"
		for name, text := range map[string]string{"messages.mjs": string(i18n.Module), "test.mjs": script} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		out, err := exec.CommandContext(t.Context(), node, filepath.Join(dir, "test.mjs")).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var got []string
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: %s %v: %q, the server shows %q", locale, asked[i].Key, asked[i].Args, got[i], want[i])
			}
		}
	}
}

func FuzzMessages(f *testing.F) {
	for _, text := range []string{"{n, plural, offset:1 =0 {a} one {#} other {'#' # {x}}}", "'{' '' }", "{a, select, other {}}", "{n,number,::.00}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		data, err := json.Marshal(map[string]string{"k": text})
		if err != nil {
			return
		}
		m, err := i18n.Catalog{Files: fstest.MapFS{"ja.json": {Data: data}}}.Load()
		if err != nil {
			return
		}
		_, _ = m.In("ja", "k", i18n.Args{"n": 2, "x": "y", "a": "b"})
		_ = m.JSON("t", "k").Render(in(t, "ja"), new(strings.Builder))
	})
}
