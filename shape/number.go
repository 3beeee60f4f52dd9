// Decimal numbers, exactly.

package shape

import (
	"cmp"
	"math"
	"strconv"
	"strings"
)

// A decimal is ±0.digits × 10^exp, without zeros at either end of digits. It
// compares and converts without rounding, at a cost that depends on the length
// of the text and not on its exponent.
type decimal struct {
	neg    bool
	digits []byte // ASCII; none is zero
	exp    int64
}

// limit is one end of a range.
type limit struct {
	text string
	dec  decimal
	i    int64
	u    uint64
	f    float64
}

// parseDecimal reads a number of JSON; with loose, it also takes a sign "+",
// zeros in front, and no digit before the point, as people type them.
func parseDecimal(s string, loose bool) (decimal, bool) {
	var d decimal
	rest := s
	switch {
	case strings.HasPrefix(rest, "-"):
		d.neg, rest = true, rest[1:]
	case loose && strings.HasPrefix(rest, "+"):
		rest = rest[1:]
	}
	whole := leadingDigits(rest)
	rest = rest[len(whole):]
	var fraction string
	if strings.HasPrefix(rest, ".") {
		fraction = leadingDigits(rest[1:])
		if fraction == "" {
			return d, false
		}
		rest = rest[1+len(fraction):]
	}
	if whole == "" && (!loose || fraction == "") || !loose && len(whole) > 1 && whole[0] == '0' {
		return d, false
	}
	exp, ok := parseExponent(rest)
	if !ok {
		return d, false
	}
	digits := strings.TrimRight(whole+fraction, "0")
	trimmed := strings.TrimLeft(digits, "0")
	if trimmed == "" {
		return decimal{neg: d.neg}, true
	}
	d.exp = exp + int64(len(whole)) - int64(len(digits)-len(trimmed))
	d.digits = []byte(trimmed)
	return d, true
}

func leadingDigits(s string) string {
	return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))]
}

// parseExponent reads "", or e with an integer, which it limits to what no
// text in memory can bring back into range.
func parseExponent(s string) (int64, bool) {
	if s == "" {
		return 0, true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return 0, false
	}
	s = s[1:]
	neg := strings.HasPrefix(s, "-")
	if neg || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	if s == "" || leadingDigits(s) != s {
		return 0, false
	}
	exp := int64(1e15)
	if s = strings.TrimLeft(s, "0"); len(s) <= 15 {
		exp, _ = strconv.ParseInt("0"+s, 10, 64)
	}
	if neg {
		exp = -exp
	}
	return exp, true
}

// compare returns -1, 0 or 1.
func (d decimal) compare(e decimal) int {
	if len(d.digits) == 0 && len(e.digits) == 0 {
		return 0
	}
	if s, t := d.sign(), e.sign(); s != t {
		return cmp.Compare(s, t)
	}
	c := cmp.Compare(d.exp, e.exp)
	if c == 0 {
		c = strings.Compare(string(d.digits), string(e.digits))
	}
	if d.neg {
		return -c
	}
	return c
}

func (d decimal) sign() int {
	switch {
	case len(d.digits) == 0:
		return 0
	case d.neg:
		return -1
	}
	return 1
}

// integer returns the text of an integer of at most 20 digits. whole is false
// if the number has a fraction, and text is "" if it has more digits.
func (d decimal) integer() (text string, whole bool) {
	if len(d.digits) == 0 {
		return "0", true
	}
	if d.exp < int64(len(d.digits)) {
		return "", false
	}
	if d.exp > 20 {
		return "", true
	}
	text = string(d.digits) + strings.Repeat("0", int(d.exp)-len(d.digits))
	if d.neg {
		text = "-" + text
	}
	return text, true
}

// newLimit returns the limit of a number of this size.
func newLimit(text string, bits int) limit {
	l := limit{text: text}
	l.dec, _ = parseDecimal(text, true)
	l.f, _ = strconv.ParseFloat(text, bits)
	if i, whole := l.dec.integer(); whole {
		l.i, _ = strconv.ParseInt(i, 10, 64)
		l.u, _ = strconv.ParseUint(i, 10, 64)
	}
	return l
}

// floatText returns the shortest decimal of a float of this size.
func floatText(f float64, bits int) string {
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.FormatFloat(f, format, -1, bits)
}
