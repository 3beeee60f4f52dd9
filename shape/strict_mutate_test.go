package shape_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// A value is JSON as it is written: with its order, its duplicates and its
// spelling of numbers and texts.
type value struct {
	open  byte // '{', '[' or 0
	raw   string
	names []string // quoted, of an object
	kids  []*value
}

func parse(body string) *value {
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	return parseNext(d)
}

func parseNext(d *json.Decoder) *value {
	token, err := d.Token()
	if err != nil {
		panic(err)
	}
	switch token := token.(type) {
	case json.Delim:
		v := &value{open: byte(token)}
		for d.More() {
			if v.open == '{' {
				name, _ := d.Token()
				v.names = append(v.names, quote(name.(string)))
			}
			v.kids = append(v.kids, parseNext(d))
		}
		_, _ = d.Token()
		return v
	case json.Number:
		return &value{raw: token.String()}
	case string:
		return &value{raw: quote(token)}
	}
	raw, _ := json.Marshal(token)
	return &value{raw: string(raw)}
}

func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)
	return strings.TrimSpace(b.String())
}

func (v *value) write(b *strings.Builder) {
	switch v.open {
	case 0:
		b.WriteString(v.raw)
		return
	case '{':
		b.WriteByte('{')
	default:
		b.WriteByte('[')
	}
	for i, kid := range v.kids {
		if i > 0 {
			b.WriteByte(',')
		}
		if v.open == '{' {
			b.WriteString(v.names[i] + ":")
		}
		kid.write(b)
	}
	if v.open == '{' {
		b.WriteByte('}')
	} else {
		b.WriteByte(']')
	}
}

func (v *value) clone() *value {
	c := &value{open: v.open, raw: v.raw, names: slices.Clone(v.names)}
	for _, kid := range v.kids {
		c.kids = append(c.kids, kid.clone())
	}
	return c
}

func (v *value) all(into []*value) []*value {
	into = append(into, v)
	for _, kid := range v.kids {
		into = kid.all(into)
	}
	return into
}

// A mutator makes bodies that nearly fit a type.
type mutator struct {
	*rand.Rand
	numbers, texts []string // at the limits of the schema
}

func pick[T any](m *mutator, of []T) T { return of[m.IntN(len(of))] }

// newMutator finds in a schema the limits near which bodies are interesting.
func newMutator(r *rand.Rand, schema []byte) *mutator {
	m := &mutator{Rand: r, numbers: slices.Clone(oddNumbers), texts: slices.Clone(oddTexts)}
	for _, found := range regexp.MustCompile(`"(min|max)[a-zA-Z]*":([-+0-9.eE]+)`).FindAllSubmatch(schema, -1) {
		text := string(found[2])
		m.numbers = append(m.numbers, text, text+"e0", "10e-1")
		if !strings.ContainsAny(text, ".e") {
			m.numbers = append(m.numbers, text+".0", text+".00000000000000000000000001", text+"000e-3", text[:len(text)-1]+"."+text[len(text)-1:]+"e1")
			if i, err := strconv.ParseInt(text, 10, 64); err == nil {
				m.numbers = append(m.numbers, strconv.FormatInt(i+1, 10), strconv.FormatInt(i-1, 10))
				if 0 <= i && i < 300 {
					for _, n := range []int64{i - 1, i, i + 1} {
						for _, of := range []string{"a", "ä", "😀", "e\u0301", "\n"} {
							m.texts = append(m.texts, quote(strings.Repeat(of, max(int(n), 0))))
						}
					}
				}
			}
		} else {
			m.numbers = append(m.numbers, more(text, "0000000000000000000000001"), more(text, "4"), more(text, "5"))
		}
	}
	for _, found := range regexp.MustCompile(`"enum":(\[[^]]*\])`).FindAllSubmatch(schema, -1) {
		var values []string
		_ = json.Unmarshal(found[1], &values)
		for _, v := range values {
			m.texts = append(m.texts, quote(v), quote(strings.ToUpper(v)), quote(v+" "), quote(v[:len(v)-1]), quote(v+"\x00"))
		}
	}
	return m
}

// more adds digits to a decimal.
func more(text, digits string) string {
	before, exp, found := strings.Cut(text, "e")
	if !strings.Contains(before, ".") {
		before += "."
	}
	if found {
		exp = "e" + exp
	}
	return before + digits + exp
}

// body returns a body made of a fitting one by up to four mutations, mostly by
// one, so that it decides.
func (m *mutator) body(of *value) string {
	root := of.clone()
	for range pick(m, []int{0, 1, 1, 1, 1, 1, 2, 2, 3, 4}) {
		all := root.all(nil)
		m.mutate(pick(m, all), all)
	}
	var b strings.Builder
	root.write(&b)
	text := b.String()
	if m.IntN(40) > 0 {
		return text
	}
	switch m.IntN(6) {
	case 0:
		return text + pick(m, []string{" ", "\n\t", "x", "{}", ",", "\x00", "null"})
	case 1:
		return text[:m.IntN(len(text)+1)]
	case 2:
		return "\ufeff" + text
	case 3:
		i := m.IntN(len(text))
		return text[:i] + pick(m, []string{"\xff", "\x00", ",", "/**/", "'", " ", "\xed\xa0\x80"}) + text[i:]
	case 4:
		n := 58 + m.IntN(10)
		return strings.Repeat("[", n) + strings.Repeat("]", n)
	}
	n := 25 + m.IntN(12)
	return strings.Repeat(`{"name":"a","kids":[`, n) + strings.Repeat(`]}`, n)
}

func (m *mutator) mutate(v *value, all []*value) {
	switch n := m.IntN(30); {
	case n == 0:
		*v = value{raw: "null"}
	case n == 1:
		*v = value{raw: pick(m, m.numbers)}
	case n == 2:
		*v = value{raw: pick(m, m.texts)}
	case n == 3:
		*v = *parse(pick(m, []string{`true`, `false`, `[]`, `{}`, `[null]`, `{"":0}`, `""`, `"1"`, `1`, `[[]]`, `{"text":"abc","minutes":1}`}))
	case n == 4:
		*v = *pick(m, all).clone()
	case v.open == '{':
		m.mutateObject(v, all)
	case v.open == '[':
		m.mutateList(v, all)
	case v.raw[0] == '"':
		v.raw = m.mutateText(v.raw)
	default:
		m.mutateNumber(v)
	}
}

func (m *mutator) mutateObject(v *value, all []*value) {
	add := func(name string, kid *value) {
		at := m.IntN(len(v.kids) + 1)
		v.names, v.kids = slices.Insert(v.names, at, name), slices.Insert(v.kids, at, kid)
	}
	if len(v.kids) == 0 || m.IntN(6) == 0 {
		add(pick(m, []string{`"x"`, `""`, `"a"`, `"Hidden"`, `"inner"`, `"Stamp"`, `"constructor"`, `"\u0000"`, `"Löffel"`, `"gram"`, `"piece"`}), pick(m, all).clone())
		return
	}
	i := m.IntN(len(v.kids))
	name := v.names[i]
	switch m.IntN(6) {
	case 0: // a case variant beside it
		other := v.kids[i].clone()
		m.mutate(other, all)
		add(m.vary(name), other)
	case 1: // in its place
		v.names[i] = m.vary(name)
	case 2:
		add(name, pick(m, all).clone())
	case 3, 4:
		v.names, v.kids = slices.Delete(v.names, i, i+1), slices.Delete(v.kids, i, i+1)
	case 5:
		v.names[i] = escaped(name)
	}
}

// vary returns a name that folds to the same.
func (m *mutator) vary(name string) string {
	switch m.IntN(4) {
	case 0:
		return strings.ToUpper(name)
	case 1:
		return strings.NewReplacer("k", "\u212a", "s", "\u017f").Replace(name)
	case 2:
		return strings.ReplaceAll(name, "e", "_e")
	}
	runes := []rune(name)
	i := m.IntN(len(runes))
	if unicode.IsUpper(runes[i]) {
		runes[i] = unicode.ToLower(runes[i])
	} else {
		runes[i] = unicode.ToUpper(runes[i])
	}
	return string(runes)
}

// escaped writes the first letter of a text as an escape.
func escaped(quoted string) string {
	if len(quoted) < 3 || quoted[1] == '\\' || quoted[1] >= 0x80 {
		return quoted
	}
	return `"\u00` + strconv.FormatInt(int64(quoted[1])+0x100, 16)[1:] + quoted[2:]
}

func (m *mutator) mutateList(v *value, all []*value) {
	if len(v.kids) == 0 {
		v.kids = append(v.kids, pick(m, all).clone())
		return
	}
	i := m.IntN(len(v.kids))
	switch m.IntN(5) {
	case 0:
		v.kids = slices.Delete(v.kids, i, i+1)
	case 1:
		v.kids = slices.Insert(v.kids, i, v.kids[i].clone())
	case 2:
		v.kids = nil
	case 3:
		for range m.IntN(12) {
			v.kids = append(v.kids, v.kids[i].clone())
		}
	case 4:
		other := v.kids[i].clone()
		m.mutate(other, all)
		v.kids = append(v.kids, other)
	}
}

func (m *mutator) mutateNumber(v *value) {
	if v.raw[0] != '-' && (v.raw[0] < '0' || v.raw[0] > '9') {
		v.raw = pick(m, []string{"true", "false", "null", "0", "1"})
		return
	}
	switch m.IntN(8) {
	case 0:
		v.raw = more(v.raw, "0")
	case 1:
		v.raw = more(v.raw, "0000000000000000000000000000001")
	case 2:
		if !strings.Contains(v.raw, "e") {
			v.raw += pick(m, []string{"e0", "E1", "e-1", "e+2", "e-0", "e00001"})
		}
	case 3:
		v.raw = "-" + strings.TrimPrefix(v.raw, "-")
	case 4:
		v.raw = strings.TrimPrefix(v.raw, "-")
	default:
		v.raw = pick(m, m.numbers)
	}
}

var (
	looksTime   = regexp.MustCompile(`^"[0-9]{4}-`)
	looksBytes  = regexp.MustCompile(`^"([A-Za-z0-9+/]{4})*[A-Za-z0-9+/]+={0,2}"$`)
	looksNumber = regexp.MustCompile(`^"-?[0-9]+"$`)
)

func (m *mutator) mutateText(raw string) string {
	switch n := m.IntN(10); {
	case n == 0:
		return escaped(raw)
	case n == 1:
		return pick(m, m.texts)
	case n < 4: // one character
		inside := []rune(raw[1 : len(raw)-1])
		if strings.Contains(raw, `\`) {
			return raw
		}
		at := m.IntN(len(inside) + 1)
		c := pick(m, []rune(`aZ09+/=-_.:@ ,TzätZ%#?[&x`))
		if at < len(inside) && m.IntN(2) == 0 {
			inside[at] = c
		} else if at < len(inside) && m.IntN(2) == 0 {
			inside = slices.Delete(inside, at, at+1)
		} else {
			inside = slices.Insert(inside, at, c)
		}
		return quote(string(inside))
	}
	if near := nearTexts(raw); near != nil && m.IntN(4) > 0 {
		return quote(pick(m, near))
	}
	return pick(m, m.texts)
}

// nearTexts are the texts near to what a text looks like.
func nearTexts(raw string) []string {
	switch {
	case looksTime.MatchString(raw):
		return times
	case looksNumber.MatchString(raw):
		return wholes
	case strings.Contains(raw, "@"):
		return emails
	case strings.Contains(raw, "://"):
		return urls
	case looksBytes.MatchString(raw):
		return base64s
	}
	return nil
}

// everywhere yields a body for each place and each odd value near to what
// stands there.
func everywhere(of *value, yield func(body string)) {
	root := of.clone()
	for _, v := range root.all(nil) {
		was := *v
		try := func(raw string) {
			*v = value{raw: raw}
			var b strings.Builder
			root.write(&b)
			yield(b.String())
			*v = was
		}
		for _, raw := range []string{"null", "true", `""`, "0", "[]", "{}"} {
			try(raw)
		}
		switch {
		case v.open != 0:
		case v.raw[0] == '"':
			for _, text := range nearTexts(v.raw) {
				try(quote(text))
			}
		case v.raw[0] != 't' && v.raw[0] != 'f':
			for _, number := range oddNumbers {
				try(number)
			}
		}
	}
}

var oddNumbers = []string{"0", "-0", "0.0", "-0.0", "1e2", "1E+2", "1.0", "1.5", "100e-2", "1e400", "-1e400", "1e-400", "0e999", "1e18", "1e19", "1e20", "1e21", "123456789012345678", "1234567890123456789", "9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740993", "9007199254740991.0", "90071992547409910e-1", "9007199254740991.5", "3.0000000000000000000001", "1.7976931348623157e308", "1.7976931348623158e308", "1.79769313486231570e+308", "1.797693134862315700000000000000000001e308", "-1.7976931348623159e308", "3.4028235e38", "3.4028235e+38", "3.40282350000001e38", "3.4028234663852886e38", "-3.4028236e38", "5e-324", "4.9e-324", "1e-46", "18446744073709551615", "18446744073709551616", "255", "256", "-129", "4294967296"}

var oddTexts = []string{`""`, `" "`, `"\u0000"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ude00\ud83d"`, `"\ufffd"`, "\"\ufffd\"", `"\u2028"`, `"null"`, `"true"`, `"1"`, `"abc"`, `"ABC"`, `"aab"`, `"\"\\\/\b\f\n\r\t"`, `"<&>"`, `"e\u0301"`, `"é"`, `"a\nb"`, `"AB,1\n"`, `"YWJj\n"`, `"gram\n"`}

var times = []string{"2026-11-29T04:50:00Z", "2026-11-29t04:50:00Z", "2026-11-29T04:50:00z", "2026-11-29 04:50:00Z", "2026-11-29T04:50:60Z", "2016-12-31T23:59:60Z", "2026-02-29T00:00:00Z", "2024-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2000-02-29T00:00:00Z", "0000-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-11-29T24:00:00Z", "2026-11-29T23:60:00Z", "2026-11-29T04:50:00", "2026-11-29", "2026-11-29T04:50Z", "2026-11-29T04:50:00+24:00", "2026-11-29T04:50:00+23:59", "2026-11-29T04:50:00-23:59", "2026-11-29T04:50:00+05:60", "2026-11-29T04:50:00-00:00", "2026-11-29T04:50:00+0530", "2026-11-29T04:50:00.Z", "2026-11-29T04:50:00.1Z", "2026-11-29T04:50:00.123456789Z", "2026-11-29T04:50:00.1234567890Z", "2026-11-29T04:50:00,5Z", "2026-11-29T4:50:00Z", "0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "10000-01-01T00:00:00Z", "-001-01-01T00:00:00Z", "٢026-11-29T04:50:00Z", "0001-01-01T00:00:00Z", ""}

var wholes = []string{"0", "-0", "+1", "01", "-01", "1.0", "1e2", " 1", "1 ", "", "-", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "99999999999999999999", "184467440737095516150", "-1", "99", "100", "101", "98", "1050", "1051", "1049", "999", "1000", "-120", "-121", "-119", "-7", "-6", "-20", "-21", "-8", "-10", "5", "4", "1_0", "0x1", "١", "1\n"}

var emails = []string{"a@b", "a@b.c", "a.b.@c", ".a@b", "a..b@c", "a@b_c", "a@-b", "a@b-", "a@b.", "@b", "a@", "a b@c", "ä@b.c", "a@ä.c", `"a"@b`, "a@[1.2.3.4]", "a@b@c", "a@b.c\n", "A+x~!#$%&'*/=?^_`{|}@B9", strings.Repeat("a", 64) + "@b", strings.Repeat("a", 252) + "@b", strings.Repeat("a", 253) + "@b", "a@" + strings.Repeat("b", 63), "a@" + strings.Repeat("b", 64), strings.Repeat("a", 38) + "@b", strings.Repeat("a", 39) + "@b"}

var urls = []string{"https://example.com", "http://example.com/", "HTTPS://example.com", "https://EXAMPLE.com/%zz", "https://example.com/%2", "https://example.com/a b", "ftp://example.com", "https://", "https:///x", "https://user@example.com", "https://example.com:", "https://example.com:99999", "https://example.com:123456", "https://[::1]/", "https://127.0.0.1:80/?q=[]", "https://example.com?x#y#z", "https://example.com#example", "javascript:alert(1)//https://example.com", "https://example.com/ä", "https://example.com\n", "//example.com", "https://ex_ample.com", "https://example.com/" + strings.Repeat("a", 3000)}

var base64s = []string{"", "YQ==", "YR==", "YWI=", "YWJ=", "YWJj", "YQ", "YQ=", "YWI", "YWJjZA==", "YWJjZGU=", "YWJjZGVm", "YWJjZGVmZw==", "YQ==\n", "\nYQ==", "Y Q==", "_-8=", "/+8=", "====", "=", "YQ==YQ==", "YWJjYQ==", "A===", "////"}
