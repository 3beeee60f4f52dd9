// Messages as translators write them: the grammar of ICU MessageFormat.

package i18n

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A kind is the kind of a part of a message.
type kind uint8

const (
	literal  kind = iota // text
	argument             // {name}
	number               // {n, number}, with a style
	date                 // {d, date}, with a style
	clock                // {d, time}, with a style
	cardinal             // {n, plural, …}
	ordinal              // {n, selectordinal, …}
	choice               // {x, select, …}
	hash                 // # within a plural
)

var kinds = map[string]kind{
	"number": number, "date": date, "time": clock, "plural": cardinal, "selectordinal": ordinal, "select": choice,
}

// A part is one piece of a message.
type part struct {
	kind   kind
	text   string // of a literal
	name   string // of an argument
	style  string
	offset int      // of a plural
	keys   []string // of the cases, in order
	cases  map[string][]part
}

// A style of numbers.
type numeric struct {
	percent  bool
	fraction int    // digits, where fixed
	fixed    bool   // the digits of the fraction are
	currency string // "EUR"
}

// A parser reads one message.
type parser struct {
	src string
	at  int
}

// maxDepth limits how deep cases may be nested. Two levels are usual: a gender
// and a number.
const maxDepth = 8

// parse parses a message. Its error says what is wrong at which character.
func parse(src string) ([]part, error) {
	p := &parser{src: src}
	parts, err := p.message(0, false)
	if err == nil && p.at < len(src) {
		err = errors.New("a closing brace has no opening one: write '}' in quotes")
	}
	if err != nil {
		return nil, fmt.Errorf("character %d: %w", utf8.RuneCountInString(src[:min(p.at, len(src))])+1, err)
	}
	return parts, nil
}

// message reads to the end, or to the brace that closes it.
func (p *parser) message(depth int, inPlural bool) ([]part, error) {
	var parts []part
	var text strings.Builder
	end := func() {
		if text.Len() > 0 {
			parts = append(parts, part{kind: literal, text: text.String()})
			text.Reset()
		}
	}
	for p.at < len(p.src) {
		switch c := p.src[p.at]; {
		case c == '\'':
			if err := p.quoted(&text, inPlural); err != nil {
				return nil, err
			}
		case c == '#' && inPlural:
			end()
			p.at++
			parts = append(parts, part{kind: hash})
		case c == '{':
			end()
			a, err := p.argument(depth, inPlural)
			if err != nil {
				return nil, err
			}
			parts = append(parts, a)
		case c == '}':
			end()
			return parts, nil
		default:
			text.WriteByte(c)
			p.at++
		}
	}
	end()
	return parts, nil
}

// quoted reads an apostrophe: two are one, and one before a special character
// quotes everything up to the next apostrophe. Any other stands for itself.
func (p *parser) quoted(text *strings.Builder, inPlural bool) error {
	start := p.at
	p.at++
	switch {
	case p.at < len(p.src) && p.src[p.at] == '\'':
		text.WriteByte('\'')
		p.at++
		return nil
	case p.at == len(p.src) || p.src[p.at] != '{' && p.src[p.at] != '}' && (!inPlural || p.src[p.at] != '#'):
		text.WriteByte('\'')
		return nil
	}
	for p.at < len(p.src) {
		c := p.src[p.at]
		p.at++
		if c != '\'' {
			text.WriteByte(c)
			continue
		}
		if p.at == len(p.src) || p.src[p.at] != '\'' {
			return nil
		}
		text.WriteByte('\'')
		p.at++
	}
	p.at = start
	return errors.New("the quote that begins here does not end: write a second apostrophe")
}

func (p *parser) space() {
	for p.at < len(p.src) && strings.IndexByte(" \t\r\n", p.src[p.at]) >= 0 {
		p.at++
	}
}

// word reads a name, a type, or the name of a case.
func (p *parser) word() string {
	p.space()
	start := p.at
	for p.at < len(p.src) && strings.IndexByte(" \t\r\n,{}'#|", p.src[p.at]) < 0 {
		p.at++
	}
	word := p.src[start:p.at]
	p.space()
	return word
}

func (p *parser) take(c byte) bool {
	if p.at < len(p.src) && p.src[p.at] == c {
		p.at++
		return true
	}
	return false
}

// argument reads the content of braces.
func (p *parser) argument(depth int, inPlural bool) (part, error) {
	p.at++
	a := part{kind: argument, name: p.word()}
	if a.name == "" || strings.ContainsAny(a.name, `<>"&\`) {
		return a, errors.New("an argument has no name: write {name}, or '{' in quotes for a brace")
	}
	if p.take('}') {
		return a, nil
	}
	if !p.take(',') {
		return a, fmt.Errorf("argument %s is not closed: write {%s}", a.name, a.name)
	}
	start := p.at
	word := p.word()
	var known bool
	if a.kind, known = kinds[word]; !known {
		p.at = start
		return a, fmt.Errorf("argument %s is of type %q: use number, date, time, plural, selectordinal or select", a.name, word)
	}
	if a.kind >= cardinal {
		return a, p.choices(&a, depth, inPlural)
	}
	if p.take(',') {
		p.space()
		start = p.at
		for p.at < len(p.src) && p.src[p.at] != '}' && p.src[p.at] != '{' {
			p.at++
		}
		a.style = strings.TrimSpace(p.src[start:p.at])
		if err := checkStyle(a); err != nil {
			p.at = start
			return a, err
		}
	}
	if !p.take('}') {
		return a, fmt.Errorf("argument %s is not closed: write a closing brace", a.name)
	}
	return a, nil
}

// choices reads the cases of a plural or a select.
func (p *parser) choices(a *part, depth int, inPlural bool) error {
	if depth == maxDepth {
		return fmt.Errorf("cases are nested more than %d deep: write several messages", maxDepth)
	}
	if !p.take(',') {
		return fmt.Errorf("argument %s has no cases: write {%s, …, other {…}}", a.name, a.name)
	}
	a.cases = map[string][]part{}
	for {
		start := p.at
		key := p.word()
		if digits, ok := strings.CutPrefix(key, "offset:"); ok && a.kind == cardinal && len(a.keys) == 0 {
			if digits == "" {
				digits = p.word()
			}
			var err error
			if a.offset, err = strconv.Atoi(digits); err != nil || a.offset < 0 {
				p.at = start
				return fmt.Errorf("the offset of %s is %q: use a whole number", a.name, digits)
			}
			continue
		}
		if key == "" {
			break
		}
		if err := checkCase(a, key); err != nil {
			p.at = start
			return err
		}
		if !p.take('{') {
			return fmt.Errorf("case %s of %s has no text: write %s {…}", key, a.name, key)
		}
		parts, err := p.message(depth+1, a.kind != choice || inPlural)
		if err != nil {
			return err
		}
		if !p.take('}') {
			return fmt.Errorf("case %s of %s is not closed: write a closing brace", key, a.name)
		}
		a.keys = append(a.keys, key)
		a.cases[key] = parts
	}
	if !p.take('}') {
		return fmt.Errorf("argument %s is not closed: write a closing brace", a.name)
	}
	if a.cases["other"] == nil && !slices.Contains(a.keys, "other") {
		return fmt.Errorf("argument %s has no case other: add one, for all values that the other cases do not name", a.name)
	}
	return nil
}

var categories = []string{"zero", "one", "two", "few", "many", "other"}

func checkCase(a *part, key string) error {
	if slices.Contains(a.keys, key) {
		return fmt.Errorf("case %s of %s occurs twice: remove one", key, a.name)
	}
	if a.kind == choice || slices.Contains(categories, key) {
		return nil
	}
	if n, ok := strings.CutPrefix(key, "="); ok {
		if _, err := strconv.ParseUint(n, 10, 31); err == nil {
			return nil
		}
	}
	return fmt.Errorf("case %s of %s is not a number: use =1, zero, one, two, few, many or other", key, a.name)
}

func checkStyle(a part) error {
	if a.kind == number {
		_, err := numericOf(a.style)
		return err
	}
	if !slices.Contains(lengths, a.style) {
		return fmt.Errorf("argument %s has style %q: use short, medium, long or full", a.name, a.style)
	}
	return nil
}

var lengths = []string{"short", "medium", "long", "full"}

// numericOf reads the style of a number: a word, or one of the skeletons
// ::percent, ::currency/EUR and ::.00.
func numericOf(style string) (numeric, error) {
	switch style {
	case "", "decimal":
		return numeric{}, nil
	case "integer", "::precision-integer":
		return numeric{fixed: true}, nil
	case "percent":
		return numeric{percent: true}, nil
	case "::percent":
		return numeric{}, errors.New("the style ::percent shows 1 as 1 %: use percent, which shows it as 100 %")
	}
	if code, ok := strings.CutPrefix(style, "::currency/"); ok {
		if _, err := unitOf(code); err != nil {
			return numeric{}, err
		}
		return numeric{currency: code}, nil
	}
	if zeros, ok := strings.CutPrefix(style, "::."); ok && zeros != "" && len(zeros) <= 12 && strings.Trim(zeros, "0") == "" {
		return numeric{fixed: true, fraction: len(zeros)}, nil
	}
	return numeric{}, fmt.Errorf("numbers have no style %q: use integer, percent, ::currency/EUR or ::.00", style)
}

// arguments lists the arguments of a message, with their types.
func arguments(parts []part, into map[string]kind) {
	for _, p := range parts {
		if p.kind == literal || p.kind == hash {
			continue
		}
		is := p.kind
		switch is {
		case cardinal, ordinal:
			is = number
		case clock:
			is = date
		}
		if before, ok := into[p.name]; !ok || before == argument {
			into[p.name] = is
		}
		for _, key := range p.keys {
			arguments(p.cases[key], into)
		}
	}
}
