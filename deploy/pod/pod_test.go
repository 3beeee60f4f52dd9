// Names, variables, times and texts.

package pod_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/deploytest"
	"github.com/gorgon-go/gorgon/deploy/pod"
	"github.com/gorgon-go/gorgon/plan"
)

func TestLabel(t *testing.T) {
	label := regexp.MustCompile(`^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$`)
	for app, want := range map[string]string{
		"shop": "shop", "7-seas": "app-7-seas", "0123": "app-0123", "--a--": "a", "-": "app", "": "app", "yes": "yes",
		"My Shop_2": "my-shop-2", "über": "ber", strings.Repeat("ab-", 20): strings.Repeat("ab-", 13) + "a",
		strings.Repeat("a", 39) + "-b": strings.Repeat("a", 39),
	} {
		if got := pod.Label(app); got != want || !label.MatchString(got) {
			t.Errorf("Label(%q) is %q, want %q", app, got, want)
		}
	}
}

func TestWith(t *testing.T) {
	own := []deploy.Variable{{Name: "A", Value: "1"}, {Name: "B", For: "b"}, {Name: "C", Secret: true}}
	got := pod.With(own, deploy.Variable{Name: "A", Value: "2"}, deploy.Variable{Name: "B", Value: "2"}, deploy.Variable{Name: "C", Value: "2"}, deploy.Variable{Name: "D", Value: "2"})
	want := []deploy.Variable{{Name: "A", Value: "1"}, {Name: "B", Value: "2", For: "b"}, {Name: "C", Secret: true}, {Name: "D", Value: "2"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if own[1].Value != "" {
		t.Error("the site's own variables were changed")
	}
}

func TestStore(t *testing.T) {
	for _, c := range []struct {
		setting plan.Setting
		value   string
		secret  bool
	}{
		{plan.Setting{Store: "none"}, "none", false},
		{plan.Setting{}, "none", false},
		{plan.Setting{Store: "mem"}, "mem:", false},
		{plan.Setting{Store: "disk"}, "disk:/data/store", false},
		{plan.Setting{Store: "sqlite"}, "sqlite:/data/store.db", false},
		{plan.Setting{Store: "postgres", SharedStore: true}, "", true},
	} {
		v := pod.Store(deploy.Site{Outcome: plan.Outcome{Setting: c.setting}}, "/data")
		if v.Name != "GORGON_STORE" || v.Value != c.value || v.Secret != c.secret {
			t.Errorf("%+v: the variable is %+v", c.setting, v)
		}
	}
}

func TestGrace(t *testing.T) {
	for value, want := range map[string]time.Duration{"5s": 35 * time.Second, "": 30 * time.Second, "soon": 30 * time.Second} {
		if got := pod.Grace([]deploy.Variable{{Name: "GORGON_DRAIN", Value: value}}); got != want {
			t.Errorf("a drain of %q gives %s, want %s", value, got, want)
		}
	}
}

func TestCron(t *testing.T) {
	for _, c := range []struct {
		every []time.Duration
		want  string
	}{
		{nil, "0 * * * *"},
		{[]time.Duration{0}, "0 * * * *"}, // it runs all the time, by itself
		{[]time.Duration{24 * time.Hour}, "0 * * * *"},
		{[]time.Duration{time.Second}, "* * * * *"},
		{[]time.Duration{90 * time.Second}, "* * * * *"},
		{[]time.Duration{time.Hour, 5 * time.Minute}, "*/5 * * * *"},
		{[]time.Duration{25 * time.Minute}, "*/20 * * * *"},
		{[]time.Duration{59 * time.Minute}, "*/30 * * * *"},
	} {
		var app gorgon.App
		for _, every := range c.every {
			app.Parts = append(app.Parts, gorgon.Service{Every: every})
		}
		if got := pod.Cron(deploy.Site{App: plan.Describe(app)}.Every()); got != c.want {
			t.Errorf("%v: %q, want %q", c.every, got, c.want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		v    deploy.Variable
		want string
	}{
		{deploy.Variable{Name: "A_1", Value: "tab\tand\r\nlines"}, ""},
		{deploy.Variable{Name: "", Value: "x"}, `variable "": use letters`},
		{deploy.Variable{Name: "1A"}, `variable "1A": use letters`},
		{deploy.Variable{Name: "A=B"}, `variable "A=B": use letters`},
		{deploy.Variable{Name: "A\n"}, `variable "A\n": use letters`},
		{deploy.Variable{Name: "A", Value: "\xff"}, "variable A: its value is not text"},
		{deploy.Variable{Name: "A", Value: "\x00"}, "variable A: its value is not text"},
		{deploy.Variable{Name: "A", Value: "\x7f"}, "variable A: its value is not text"},
	} {
		err := pod.Check([]deploy.Variable{c.v})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q=%q: the error is %v, want %q", c.v.Name, c.v.Value, err, c.want)
		}
	}
}

func TestYAMLComment(t *testing.T) {
	f, err := pod.YAML("a.yaml", "one\n\ntwo", map[string]string{"a": "b"})
	if want := "# one\n#\n# two\na: b\n"; err != nil || string(f.Data) != want || f.Name != "a.yaml" {
		t.Errorf("%v, %q, want %q", err, f.Data, want)
	}
}

// A text that is written is the text that is read, on one line, and no reader
// takes it for anything else.
func FuzzQuoted(f *testing.F) {
	for _, text := range deploytest.Hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return // Check refuses it
		}
		file, err := pod.YAML("a.yaml", "c", map[string]pod.Quoted{"a": pod.Quoted(text)})
		if err != nil {
			t.Fatal(err)
		}
		if got := string(file.Data); strings.Count(got, "\n") != 2 || !strings.HasPrefix(got, "# c\na: \"") {
			t.Fatalf("%q is written %q", text, got)
		}
		var back map[string]any
		if err := yaml.Unmarshal(file.Data, &back); err != nil {
			t.Fatalf("%q is written %q: %v", text, file.Data, err)
		}
		if back["a"] != text {
			t.Errorf("%q came back as %q", text, back["a"])
		}
	})
}
