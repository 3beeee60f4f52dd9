// Plurals, compared with the samples of CLDR.

package i18n

import (
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/language"

	"github.com/gorgon-go/gorgon"
)

// The samples that CLDR gives for the rules of each language, cardinal and
// ordinal: https://www.unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html
func TestPluralsFollowCLDR(t *testing.T) {
	for _, c := range []struct{ locale, kind, form, samples string }{
		{"en", "plural", "one", "1"},
		{"en", "plural", "other", "0 2 3 11 21 100 1000 0.1 1.5"},
		{"en", "selectordinal", "one", "1 21 31 101 1001"},
		{"en", "selectordinal", "two", "2 22 32 102 1002"},
		{"en", "selectordinal", "few", "3 23 33 103 1003"},
		{"en", "selectordinal", "other", "0 4 11 12 13 18 100 111 112 113 1000000"},
		{"de", "plural", "one", "1"},
		{"de", "plural", "other", "0 2 16 100 1000000 0.5 1.5"},
		{"de", "selectordinal", "other", "0 1 2 16 100"},
		{"fr", "plural", "one", "0 1 0.5 1.5"},
		{"fr", "plural", "other", "2 17 100 1000 2.5"},
		{"fr", "selectordinal", "one", "1"},
		{"fr", "selectordinal", "other", "0 2 16"},
		{"pl", "plural", "one", "1"},
		{"pl", "plural", "few", "2 3 4 22 23 24 32 102 1002"},
		{"pl", "plural", "many", "0 5 6 11 12 13 14 15 19 21 100 112 1000 1000000"},
		{"pl", "plural", "other", "0.1 1.5 2.5 10.1"},
		{"ru", "plural", "one", "1 21 31 101 1001"},
		{"ru", "plural", "few", "2 3 4 22 24 32 102 1002"},
		{"ru", "plural", "many", "0 5 11 12 14 19 20 100 111 1000 1000000"},
		{"ru", "plural", "other", "0.1 1.5 10.1"},
		{"ar", "plural", "zero", "0"},
		{"ar", "plural", "one", "1"},
		{"ar", "plural", "two", "2"},
		{"ar", "plural", "few", "3 4 10 103 110 1003"},
		{"ar", "plural", "many", "11 12 26 99 111 1011"},
		{"ar", "plural", "other", "100 101 102 200 202 300 1000 10000 0.1 1.5 10.1"},
		{"cs", "plural", "one", "1"},
		{"cs", "plural", "few", "2 3 4"},
		{"cs", "plural", "many", "0.1 1.5 10.1"},
		{"cs", "plural", "other", "0 5 19 100 1000000"},
		{"ja", "plural", "other", "0 1 2 15 100 1.5"},
	} {
		l, err := Catalog{}.locale(c.locale)
		if err != nil {
			t.Fatal(err)
		}
		for sample := range strings.FieldsSeq(c.samples) {
			n, _ := strconv.ParseFloat(sample, 64)
			a, err := amountOf(n)
			if err != nil {
				t.Fatal(err)
			}
			if form := l.form(rulesOf(kinds[c.kind]), a); form != c.form {
				t.Errorf("%s: %s of %s is %q, CLDR says %q", c.locale, c.kind, sample, form, c.form)
			}
			if i, err := strconv.Atoi(sample); err == nil {
				if a, _ := amountOf(i); l.form(rulesOf(kinds[c.kind]), a) != c.form {
					t.Errorf("%s: %s of the whole number %s differs", c.locale, c.kind, sample)
				}
			}
		}
	}
}

// The direction of a language is a table in the root, which imports nothing;
// x/text knows it from CLDR's likely subtags.
func TestDirectionsFollowCLDR(t *testing.T) {
	scripts := strings.Fields("Adlm Arab Aran Hebr Mand Hint Nkoo Rohg Samr Syrc Thaa")
	right := func(tag language.Tag) string {
		script, _ := tag.Script()
		for _, s := range scripts {
			if s == script.String() {
				return "rtl"
			}
		}
		return "ltr"
	}
	// For Malay, the CLDR data of x/text says Arabic script, which is outdated.
	excused := map[string]bool{"ms-ID": true, "ms-QO": true, "zsm-ID": true, "zsm-QO": true}
	regions := strings.Fields("AF AZ CC CM CN DE EG GN ID IL IN IQ IR KZ LB LY MN MY PK QO SA SD SN SY US UZ")
	count := 0
	const letters = "abcdefghijklmnopqrstuvwxyz"
	check := func(name string) {
		base, err := language.ParseBase(name)
		if err != nil || base.String() != name || name == "und" {
			return
		}
		count++
		for _, region := range append(regions, "") {
			tag, full := name, name
			if region != "" {
				full += "-" + region
			}
			parsed, err := language.Raw.Parse(full)
			if err != nil || excused[full] {
				continue
			}
			tag = full
			if got, want := gorgon.Direction(tag), right(parsed); got != want {
				t.Errorf("%s is %s, CLDR says %s", tag, got, want)
			}
		}
	}
	for _, a := range letters {
		for _, b := range letters {
			check(string(a) + string(b))
			for _, c := range letters {
				check(string(a) + string(b) + string(c))
			}
		}
	}
	if count < 500 {
		t.Errorf("%d languages were compared with CLDR", count)
	}
	for locale, want := range map[string]string{"az-Arab": "rtl", "az-Latn": "ltr", "ar-Latn": "ltr", "ar-u-nu-latn": "rtl", "en-x-arab": "ltr", "": "ltr", "AR": "rtl", "pa_PK": "rtl", "de-1996": "ltr"} {
		if got := gorgon.Direction(locale); got != want {
			t.Errorf("%q is %s, want %s", locale, got, want)
		}
	}
}
