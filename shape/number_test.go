package shape

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestDecimal(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	digits := func(n int) string {
		b := make([]byte, r.IntN(n+1))
		for i := range b {
			b[i] = "0012389"[r.IntN(7)]
		}
		return string(b)
	}
	number := func() string {
		s := []string{"", "-"}[r.IntN(2)] + strconv.Itoa(r.IntN(30)) // without a zero in front
		if f := digits(6); f != "" {
			s += "." + f
		}
		if r.IntN(2) == 0 {
			s += fmt.Sprintf("e%d", r.IntN(24)-6)
		}
		return s
	}
	for range 20000 {
		x, y := number(), number()
		d, ok := parseDecimal(x, false)
		e, other := parseDecimal(y, false)
		a, _ := new(big.Rat).SetString(x)
		b, _ := new(big.Rat).SetString(y)
		if !ok || !other || d.compare(e) != a.Cmp(b) {
			t.Fatalf("%s and %s: got %d", x, y, d.compare(e))
		}
		text, whole := d.integer()
		if whole != a.IsInt() || text != "" && text != a.Num().String() || text == "" && whole && len(a.Num().String()) <= 20 {
			t.Fatalf("%s: got %q, %v", x, text, whole)
		}
	}
	for _, s := range []string{"", "-", "+1", "01", "1.", ".5", "1e", "1e+", "1e1.0", "0x1", "1_0", "Inf", "NaN", " 1", "1 ", "--1", "1e1e1"} {
		if _, ok := parseDecimal(s, false); ok {
			t.Errorf("%q is a number", s)
		}
	}
	for s, want := range map[string]string{"+1": "1", "007": "7", "1.50e1": "15", "-0": "0"} {
		if d, ok := parseDecimal(s, true); !ok {
			t.Errorf("%q is not a number", s)
		} else if got, _ := d.integer(); got != want {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
	}
}

func TestRangePattern(t *testing.T) {
	check := func(low, high int64, at ...int64) {
		t.Helper()
		re := regexp.MustCompile(rangePattern(strconv.FormatInt(low, 10), strconv.FormatInt(high, 10)))
		for _, i := range at {
			if got := re.MatchString(strconv.FormatInt(i, 10)); got != (low <= i && i <= high) {
				t.Fatalf("%d to %d: %s says %v of %d", low, high, re, got, i)
			}
		}
		for _, s := range []string{"", "-", "-0", "00", "01", "+1", "1 ", "a", "--1"} {
			if re.MatchString(s) {
				t.Fatalf("%d to %d: %s matches %q", low, high, re, s)
			}
		}
	}
	var all []int64
	for i := int64(-130); i <= 130; i++ {
		all = append(all, i)
	}
	for low := int64(-125); low <= 125; low += 11 {
		for high := low; high <= 125; high += 7 {
			check(low, high, all...)
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 400 {
		low, high := r.Int64()>>r.IntN(63), r.Int64()>>r.IntN(63)
		if r.IntN(2) == 0 {
			low = -low
		}
		low, high = min(low, high), max(low, high)
		check(low, high, low, high, low-1, high+1, low+1, high-1, low/2+high/2, low*10, high*10, low/10, high/10, r.Int64(), 0, 1, -1)
	}
}

func FuzzEmail(f *testing.F) {
	pattern := regexp.MustCompile(emailPattern)
	for _, s := range []string{"a@b", "a.b@c-d.e", "@", "a@b@c", "a@-", "a@b.", "ä@b", "a@b\n", "a@" + strings.Repeat("b", 63), "a@" + strings.Repeat("b", 64), strings.Repeat("a", 253) + "@b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := isEmail(s), len(s) <= maxEmail && pattern.MatchString(s); got != want {
			t.Errorf("%q: got %v, want %v", s, got, want)
		}
	})
}
