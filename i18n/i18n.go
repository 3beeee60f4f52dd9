// Package i18n has the messages of a site in each of its languages.
//
// Messages are files of ICU MessageFormat, which translators and their tools
// know: texts with arguments, plurals, selections, numbers and dates. A
// [Catalog] is loaded once, and all its faults are reported together, so that a
// site with a gap in one language is not built:
//
//	var messages = i18n.Must(i18n.Catalog{Files: files, Locales: []string{"en", "de"}}.Load())
//
// Views ask the messages for the language of the page that is rendered:
//
//	messages.T("cart.items", i18n.Args{"n": 3})               // a gorgon.Component
//	messages.Text(ctx, "cart.items", i18n.Args{"n": 3})       // (string, error), for templ and others
//	template.FuncMap(messages.Funcs(ctx))                     // for html/template: {{t "cart.items" "n" 3}}
//
// A message that does not exist fails the page that asks for it, and so the
// build, which names page, key and locale.
package i18n

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
)

// Args are the arguments of a message: numbers, texts, times, [Money].
type Args map[string]any

// Money is an amount in a currency, shown as the locale does: 1.234,50 €. An
// amount beyond 15 digits is not exact.
type Money struct {
	Amount   float64
	Currency string // "EUR"
}

// T shows a message in the language of the page, escaped.
func (m *Messages) T(key string, args Args) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		text, err := m.Text(ctx, key, args)
		if err != nil {
			return err
		}
		return gorgon.Text(text).Render(ctx, w)
	})
}

// Text returns a message in the language of the page, as plain text.
func (m *Messages) Text(ctx context.Context, key string, args Args) (string, error) {
	return m.In(gorgon.LocaleOf(ctx), key, args)
}

// In returns a message in a locale, as plain text: for mail and other uses
// outside of pages.
func (m *Messages) In(locale, key string, args Args) (string, error) {
	l, found, err := m.find(locale, key)
	if err != nil {
		return "", err
	}
	for name := range found.arguments {
		if _, given := args[name]; !given {
			return "", fail(l, key, fmt.Errorf("argument %s is not given: give it", name))
		}
	}
	for name := range args {
		if _, known := found.arguments[name]; !known {
			return "", fail(l, key, fmt.Errorf("it has no argument %s: correct the name, or leave it out", name))
		}
	}
	var b strings.Builder
	if err := l.write(&b, found.parts, args, amount{}); err != nil {
		return "", fail(l, key, err)
	}
	return b.String(), nil
}

// Number returns a number in the language of the page. The style is that of a
// message: "", "integer", "percent", "::.00".
func (m *Messages) Number(ctx context.Context, n any, style string) (string, error) {
	l, err := m.locale(gorgon.LocaleOf(ctx))
	if err != nil {
		return "", err
	}
	s, err := numericOf(style)
	if err != nil {
		return "", err
	}
	text, err := l.number(n, s)
	if err != nil {
		return "", fmt.Errorf("i18n: the number %w", err)
	}
	return text, nil
}

// Currency returns an amount of money in the language of the page.
func (m *Messages) Currency(ctx context.Context, amount float64, currency string) (string, error) {
	return m.Number(ctx, amount, "::currency/"+currency)
}

// Date returns a date in the language of the page, in the zone of t. The style
// is short, medium, long or full; "" is medium.
func (m *Messages) Date(ctx context.Context, t time.Time, style string) (string, error) {
	return m.time(ctx, t, date, style)
}

// Time returns a time of day, as Date returns a date.
func (m *Messages) Time(ctx context.Context, t time.Time, style string) (string, error) {
	return m.time(ctx, t, clock, style)
}

func (m *Messages) time(ctx context.Context, t time.Time, what kind, style string) (string, error) {
	l, err := m.locale(gorgon.LocaleOf(ctx))
	if err != nil {
		return "", err
	}
	text, err := l.time(t, what, style)
	if err != nil {
		return "", fmt.Errorf("i18n: %w", err)
	}
	return text, nil
}

// Funcs returns the functions for templates of html/template: t with a key and
// pairs of name and value, number, currency, date and time.
func (m *Messages) Funcs(ctx context.Context) map[string]any {
	return map[string]any{
		"t": func(key string, pairs ...any) (string, error) {
			args := Args{}
			for i := 0; i < len(pairs); i += 2 {
				name, ok := pairs[i].(string)
				if !ok || i+1 == len(pairs) {
					return "", fmt.Errorf("i18n: message %s: its arguments are not pairs of name and value", key)
				}
				args[name] = pairs[i+1]
			}
			return m.Text(ctx, key, args)
		},
		"number": func(n any, style ...string) (string, error) { return m.Number(ctx, n, first(style)) },
		"currency": func(amount float64, currency string) (string, error) {
			return m.Currency(ctx, amount, currency)
		},
		"date": func(t time.Time, style ...string) (string, error) { return m.Date(ctx, t, first(style)) },
		"time": func(t time.Time, style ...string) (string, error) { return m.Time(ctx, t, first(style)) },
	}
}

func first(s []string) string { return strings.Join(s[:min(1, len(s))], "") }

func (m *Messages) locale(name string) (*locale, error) {
	l := m.locales[name]
	if l == nil {
		return nil, fmt.Errorf("i18n: the catalog has no locale %q: add it to Catalog.Locales, with its file", name)
	}
	return l, nil
}

func (m *Messages) find(name, key string) (*locale, message, error) {
	l, err := m.locale(name)
	if err != nil {
		return nil, message{}, err
	}
	found, ok := l.messages[key]
	if !ok {
		return nil, message{}, fail(l, key, fmt.Errorf("there is no such message: add it to %s.json, or correct the key", name))
	}
	if found.in != nil {
		l = found.in
	}
	return l, found, nil
}

func fail(l *locale, key string, err error) error {
	return fmt.Errorf("i18n: message %s in %s: %w", key, l.name, err)
}

// write writes the parts of a message; shown is the number that # stands for.
func (l *locale) write(b *strings.Builder, parts []part, args Args, shown amount) error {
	for _, p := range parts {
		text, err := p.text, error(nil)
		value := args[p.name]
		switch p.kind {
		case argument:
			text, err = l.plain(value)
		case number:
			style, _ := numericOf(p.style)
			text, err = l.number(value, style)
		case date, clock:
			text, err = l.time(value, p.kind, p.style)
		case hash:
			text, err = l.number(shown.value, numeric{})
		case choice:
			key := fmt.Sprint(value)
			if _, is := p.cases[key]; !is {
				key = "other"
			}
			if err := l.write(b, p.cases[key], args, shown); err != nil {
				return err
			}
		case cardinal, ordinal:
			if err := l.count(b, p, value, args); err != nil {
				return err
			}
		}
		if err != nil {
			return fmt.Errorf("argument %s %w", p.name, err)
		}
		b.WriteString(text)
	}
	return nil
}

// count writes the case of a plural.
func (l *locale) count(b *strings.Builder, p part, value any, args Args) error {
	a, err := amountOf(value)
	if err != nil {
		return fmt.Errorf("argument %s %w", p.name, err)
	}
	parts, exact := p.cases["="+a.text]
	exact = exact && a.value >= 0
	if p.offset != 0 {
		if a, err = broken(a.value - float64(p.offset)); err != nil {
			return err
		}
	}
	if !exact {
		var has bool
		if parts, has = p.cases[l.form(rulesOf(p.kind), a)]; !has {
			parts = p.cases["other"]
		}
	}
	return l.write(b, parts, args, a)
}

// plain formats an argument without a type.
func (l *locale) plain(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case Money:
		return l.currency(v.Amount, v.Currency)
	case time.Time:
		return l.time(v, date, "")
	case fmt.Stringer:
		return v.String(), nil
	}
	if _, err := amountOf(value); err != nil {
		return "", fmt.Errorf("is a %T: use a text, a number, a time or Money", value)
	}
	return l.number(value, numeric{})
}
