// One locale: its plurals, numbers, currencies and dates, from CLDR.

package i18n

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-playground/locales"
	cldr "github.com/go-playground/locales/currency"
	"golang.org/x/text/currency"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	xmessage "golang.org/x/text/message"
	xnumber "golang.org/x/text/number"
)

// A locale is one language of a catalog with its messages.
type locale struct {
	name     string
	tag      language.Tag
	printer  *xmessage.Printer
	format   locales.Translator // nil where the catalog gives none
	digits   *strings.Replacer  // for 0 to 9; nil if they are those
	messages map[string]message
}

func (c Catalog) locale(name string) (*locale, error) {
	tag, err := language.Parse(name)
	if err != nil {
		return nil, fmt.Errorf("locale %q is not a language tag: use one such as \"en\" or \"pt-BR\"", name)
	}
	if digits := c.Digits[name]; digits != "" {
		if tag, err = tag.SetTypeForKey("nu", digits); err != nil {
			return nil, fmt.Errorf("the digits of %s are %q: use a name of CLDR such as \"latn\"", name, digits)
		}
	}
	l := &locale{name: name, tag: tag, printer: xmessage.NewPrinter(tag)}
	var pairs []string
	for d := range 10 {
		pairs = append(pairs, strconv.Itoa(d), l.printer.Sprint(xnumber.Decimal(d)))
	}
	if pairs[1] != "0" {
		l.digits = strings.NewReplacer(pairs...)
	}
	// The nearest of the formats: that of the locale, or of one of its parents.
	for want := strings.ReplaceAll(name, "-", "_"); want != "" && l.format == nil; {
		i := slices.IndexFunc(c.Formats, func(t locales.Translator) bool { return t.Locale() == want })
		if i >= 0 {
			l.format = c.Formats[i]
		}
		want = want[:max(0, strings.LastIndexByte(want, '_'))]
	}
	return l, nil
}

// An amount is a number as it is shown, which determines its plural form.
type amount struct {
	value float64
	text  string // of its absolute value, in ASCII digits
}

const maxFraction = 3 // the digits that a number without a style shows

func amountOf(value any) (amount, error) {
	switch v := value.(type) {
	case int:
		return whole(int64(v)), nil
	case int8:
		return whole(int64(v)), nil
	case int16:
		return whole(int64(v)), nil
	case int32:
		return whole(int64(v)), nil
	case int64:
		return whole(v), nil
	case uint:
		return amount{float64(v), strconv.FormatUint(uint64(v), 10)}, nil
	case uint8:
		return whole(int64(v)), nil
	case uint16:
		return whole(int64(v)), nil
	case uint32:
		return whole(int64(v)), nil
	case uint64:
		return amount{float64(v), strconv.FormatUint(v, 10)}, nil
	case float32:
		return broken(float64(v))
	case float64:
		return broken(v)
	}
	return amount{}, fmt.Errorf("is a %T: use a number", value)
}

func whole(n int64) amount {
	return amount{float64(n), strings.TrimPrefix(strconv.FormatInt(n, 10), "-")}
}

func broken(v float64) (amount, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return amount{}, fmt.Errorf("is %v: use a number that can be shown", v)
	}
	text := strconv.FormatFloat(math.Abs(v), 'f', maxFraction, 64)
	return amount{v, strings.TrimSuffix(strings.TrimRight(text, "0"), ".")}, nil
}

var forms = map[plural.Form]string{
	plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other",
}

// form returns the plural form of an amount: "one", "few", "other".
func (l *locale) form(rules *plural.Rules, a amount) string {
	const enough = 7 // digits: the rules need no remainder of more
	last := func(s string) int {
		n, _ := strconv.Atoi("0" + s[max(0, len(s)-enough):])
		return n
	}
	integer, fraction, _ := strings.Cut(a.text, ".")
	i := last(integer)
	if i == 0 && strings.Trim(integer, "0") != "" {
		i = 10_000_000 // not zero, though it ends in that many
	}
	bare := strings.TrimRight(fraction, "0")
	return forms[rules.MatchPlural(l.tag, i, len(fraction), len(bare), last(fraction), last(bare))]
}

// number formats a number in a style.
func (l *locale) number(value any, style numeric) (string, error) {
	a, err := amountOf(value)
	switch {
	case err != nil:
		return "", err
	case style.currency != "":
		return l.currency(a.value, style.currency)
	case style.percent:
		return l.printer.Sprint(xnumber.Percent(value, xnumber.MaxFractionDigits(1))), nil
	case style.fixed:
		return l.printer.Sprint(xnumber.Decimal(value, xnumber.MinFractionDigits(style.fraction), xnumber.MaxFractionDigits(style.fraction))), nil
	}
	return l.printer.Sprint(xnumber.Decimal(value, xnumber.MaxFractionDigits(maxFraction))), nil
}

func unitOf(code string) (currency.Unit, error) {
	unit, err := currency.ParseISO(code)
	if err != nil || unit.String() != code {
		return unit, fmt.Errorf("there is no currency %q: use a code such as EUR", code)
	}
	return unit, nil
}

// currency formats an amount of money with the digits of its currency.
func (l *locale) currency(value float64, code string) (string, error) {
	unit, err := unitOf(code)
	if err != nil {
		return "", err
	}
	if l.format == nil {
		return "", l.noFormat()
	}
	scale, _ := currency.Standard.Rounding(unit)
	number := l.printer.Sprint(xnumber.Decimal(math.Abs(value), xnumber.MinFractionDigits(scale), xnumber.MaxFractionDigits(scale)))
	sign := ""
	if value < 0 && strings.Trim(strconv.FormatFloat(value, 'f', scale, 64), "-0.") != "" {
		sign = strings.TrimRight(l.printer.Sprint(xnumber.Decimal(-1)), l.printer.Sprint(xnumber.Decimal(1)))
	}
	symbol := l.printer.Sprint(currency.Symbol(unit))
	// The position of a currency sign depends on the locale and not on the
	// currency, and so does the space between; letters always have one.
	const space = "\u00a0"
	sample := strings.Trim(l.format.FmtCurrency(1, 2, cldr.EUR), "\u200e\u200f\u061c")
	if strings.HasPrefix(sample, "1") {
		return sign + number + space + symbol, nil
	}
	between := ""
	if last := symbol[len(symbol)-1]; strings.Contains(sample, space) || last >= 'A' && last <= 'Z' || last >= 'a' && last <= 'z' {
		between = space
	}
	return sign + symbol + between + number, nil
}

func (l *locale) noFormat() error {
	name := strings.ReplaceAll(l.name, "-", "_")
	return fmt.Errorf("the catalog has no Formats of %s: add New() of github.com/go-playground/locales/%s", l.name, name)
}

// time formats a date or a time of day in its own zone.
func (l *locale) time(value any, what kind, style string) (string, error) {
	t, ok := value.(time.Time)
	if !ok {
		return "", fmt.Errorf("is a %T: use a time.Time", value)
	}
	if l.format == nil {
		return "", l.noFormat()
	}
	show := map[kind]map[string]func(time.Time) string{
		date: {
			"short": l.format.FmtDateShort, "": l.format.FmtDateMedium, "medium": l.format.FmtDateMedium,
			"long": l.format.FmtDateLong, "full": l.format.FmtDateFull,
		},
		clock: {
			"short": l.format.FmtTimeShort, "": l.format.FmtTimeMedium, "medium": l.format.FmtTimeMedium,
			"long": l.format.FmtTimeLong, "full": l.format.FmtTimeFull,
		},
	}[what][style]
	if show == nil {
		return "", fmt.Errorf("dates have no style %q: use short, medium, long or full", style)
	}
	text := show(t)
	if l.digits != nil {
		text = l.digits.Replace(text)
	}
	return text, nil
}

// needed are the plural forms that whole numbers of the locale have, each with
// an example.
func (l *locale) needed(rules *plural.Rules) map[string]int {
	forms := map[string]int{}
	for n := range 201 {
		if form := l.form(rules, whole(int64(n))); forms[form] == 0 {
			forms[form] = n
		}
	}
	return forms
}

// check lists what a message lacks for its language.
func (l *locale) check(key string, m message) []error {
	var faults []error
	var walk func(parts []part)
	fault := func(text string, args ...any) {
		faults = append(faults, fmt.Errorf("%s: %s: %s", m.at, key, fmt.Sprintf(text, args...)))
	}
	walk = func(parts []part) {
		for _, p := range parts {
			style, _ := numericOf(p.style)
			if l.format == nil && (p.kind == date || p.kind == clock || p.kind == number && style.currency != "") {
				fault("%v", l.noFormat())
			}
			if p.kind == cardinal || p.kind == ordinal {
				needed := l.needed(rulesOf(p.kind))
				for _, form := range categories {
					n, is := needed[form]
					if _, has := p.cases[form]; is && !has && p.cases["="+strconv.Itoa(n)] == nil {
						fault("argument %s has no case %s, which %s has for %d: add it", p.name, form, l.name, n)
					}
				}
			}
			for _, k := range p.keys {
				walk(p.cases[k])
			}
		}
	}
	walk(m.parts)
	return faults
}

func rulesOf(k kind) *plural.Rules {
	if k == ordinal {
		return plural.Ordinal
	}
	return plural.Cardinal
}
