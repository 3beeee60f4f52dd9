package config_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"log"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gorgon-go/gorgon/config"
)

const hidden = "zq7kvXw9jYhPfq"

// parts are those of the secret, also in hexadecimal and as numbers.
var parts = func() (all []string) {
	for i := 0; i+4 <= len(hidden); i++ {
		part := hidden[i : i+4]
		for _, form := range []string{part, fmt.Sprintf("%x", part), fmt.Sprintf("% x", part), strings.Trim(fmt.Sprint([]byte(part)), "[]")} {
			all = append(all, strings.ToLower(form))
		}
	}
	return all
}()

// tells says whether a text has a part of the secret.
func tells(said string) bool {
	said = strings.ToLower(said)
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(said, part) })
}

type holder struct {
	Secret  config.Secret
	secret  config.Secret
	Pointer *config.Secret
	pointer *config.Secret
	Any     any
	any     any
	List    []config.Secret
	list    []config.Secret
	Map     map[string]config.Secret
	private map[string]*config.Secret
	Inner   struct{ secret config.Secret }
}

func held() (config.Secret, holder) {
	s := config.NewSecret(hidden)
	h := holder{s, s, &s, &s, s, s, []config.Secret{s}, []config.Secret{s}, map[string]config.Secret{"k": s}, map[string]*config.Secret{"k": &s}, struct{ secret config.Secret }{s}}
	return s, h
}

// No way of printing shows a Secret, alone or in another value.
func TestSecretIsNotShown(t *testing.T) {
	s, h := held()
	values := map[string]any{
		"secret": s, "pointer": &s, "struct": h, "pointer to struct": &h, "slice": []config.Secret{s}, "array": [2]*config.Secret{&s, nil},
		"map": map[string]any{"k": h}, "error": fmt.Errorf("it fails: %w", errors.Join(fmt.Errorf("with %v and %q", s, &s))), "reflected": reflect.ValueOf(h),
		"shop": Shop{StripeKey: s, Keys: []config.Secret{s}}, "definition": config.Of(Shop{StripeKey: s}), "any": []any{s, &s, h, &h},
	}
	for name, v := range values {
		for _, flag := range []string{"", "+", "#", "-20", "020", " ", "20.3", "+#"} {
			for verb := rune('A'); verb <= 'z'; verb++ {
				if said := fmt.Sprintf("%"+flag+string(verb), v); tells(said) {
					t.Errorf("%s with %%%s%c: %s", name, flag, verb, said)
				}
			}
		}
		if said := fmt.Sprint(v) + fmt.Sprintln(v) + string(fmt.Append(nil, v)) + fmt.Errorf("%v", v).Error(); tells(said) {
			t.Errorf("%s: %s", name, said)
		}
		for form, encode := range map[string]func(*bytes.Buffer) error{
			"JSON": func(b *bytes.Buffer) error { return json.NewEncoder(b).Encode(v) },
			"XML":  func(b *bytes.Buffer) error { return xml.NewEncoder(b).Encode(v) },
			"gob":  func(b *bytes.Buffer) error { return gob.NewEncoder(b).Encode(v) },
			"slog as text": func(b *bytes.Buffer) error {
				slog.New(slog.NewTextHandler(b, nil)).Info("m", "k", v, "g", slog.GroupValue(slog.Any("k", v)))
				return nil
			},
			"slog as JSON": func(b *bytes.Buffer) error {
				slog.New(slog.NewJSONHandler(b, nil)).Info("m", "k", v, "g", slog.GroupValue(slog.Any("k", v)))
				return nil
			},
			"log":      func(b *bytes.Buffer) error { log.New(b, "", 0).Print(v); return nil },
			"template": func(b *bytes.Buffer) error { return page.Execute(b, v) },
		} {
			var b bytes.Buffer
			err := encode(&b) // many values have no such form
			if tells(b.String()) || err != nil && tells(err.Error()) {
				t.Errorf("%s in %s: %s, %v", name, form, &b, err)
			}
		}
	}
}

var page = template.Must(template.New("").Parse(`<p title="{{.}}">{{.}}</p><script>let s = {{.}}</script>{{printf "%q" .}}`))

func TestSecretIsDots(t *testing.T) {
	s, _ := held()
	for _, said := range []string{
		fmt.Sprint(s), fmt.Sprint(&s), fmt.Sprintf("%s", s), fmt.Sprintf("%#v", s), fmt.Sprintf("%q", s), fmt.Sprintf("%x", s), fmt.Sprintf("%d", s), s.String(), s.GoString(), s.LogValue().String(),
		fmt.Sprint(config.Secret{}),
	} {
		if said != "••••" {
			t.Errorf("it prints as %s", said)
		}
	}
	if got, err := json.Marshal(map[string]any{"a": s, "b": &s}); err != nil || string(got) != `{"a":"••••","b":"••••"}` {
		t.Errorf("%s, %v", got, err)
	}
	if got := fmt.Sprintf("%v", struct{ S config.Secret }{s}); got != "{••••}" {
		t.Error(got)
	}
}

func TestSecretIsCompared(t *testing.T) {
	one, same, other, none := config.NewSecret("one"), config.NewSecret("one"), config.NewSecret("other"), config.NewSecret("")
	if !one.Equal(same) || one.Equal(other) || one.Equal(none) || !none.Equal(config.Secret{}) {
		t.Error("Equal is wrong")
	}
	if !one.Matches("one") || one.Matches("other") || one.Matches("") || one.Matches("one ") {
		t.Error("Matches is wrong")
	}
	if none.Matches("") || !none.IsZero() || one.IsZero() || none.Reveal() != "" || one.Reveal() != "one" {
		t.Error("a Secret that is not set matches")
	}
	if !reflect.DeepEqual(one, same) || reflect.DeepEqual(one, other) || !cmp.Equal(one, same) || cmp.Equal(one, other) {
		t.Error("tests cannot compare secrets")
	}
}

// Whatever the value: no panic, and no fault has it.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "1", "-1", "1e400", "0x1p-2", "true", "1m", "2026-01-31T12:00:00Z", "https://u:p@h/?q#f", "a,b,,c", "::1%eth0", "\x00", "é,\xff", "9223372036854775808"} {
		f.Add(text)
	}
	parsers := config.Kinds(Shop{})
	f.Fuzz(func(t *testing.T, text string) {
		const mark = "zq7kv"
		for _, parse := range parsers {
			_ = parse(text)
			if says := parse(text + mark); strings.Contains(says, mark) {
				t.Errorf("a fault has the value: %s", says)
			}
		}
		d := config.Define[Shop]("SHOP_")
		_, err := d.ReadFrom("SHOP_MAX_ITEMS="+text+mark, "SHOP_ORIGIN="+text+mark, "SHOP_KEYS="+text+mark, "SHOP_STRIPE_KEY_FILE="+mark+"/there/is/none", "SHOP_UNIT="+text+mark)
		if err == nil || strings.Contains(err.Error(), mark) {
			t.Errorf("%v", err)
		}
		if shown := config.Shown("postgres://user:" + mark + text + mark + "@h/db"); !strings.ContainsAny(text, "/?#") && strings.Contains(shown, mark) {
			t.Errorf("a URL is shown as %s", shown)
		}
	})
}
