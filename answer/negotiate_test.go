// Tests of negotiation: the header's grammar, and which coding wins.

package answer

import (
	"strings"
	"testing"
)

func TestAcceptEncoding(t *testing.T) {
	all := func(coding) bool { return true }
	only := func(cs ...coding) func(coding) bool {
		return func(c coding) bool {
			for _, x := range cs {
				if x == c {
					return true
				}
			}
			return false
		}
	}
	for _, test := range []struct {
		header []string
		have   func(coding) bool
		want   coding
	}{
		{nil, all, identity},
		{[]string{""}, all, identity},
		{[]string{"gzip, deflate, br, zstd"}, all, brotli},
		{[]string{"gzip, deflate, br, zstd"}, only(gzip, zstd), zstd},
		{[]string{"gzip, deflate, br"}, only(gzip), gzip},
		{[]string{"gzip, deflate, br"}, only(), identity},
		{[]string{"gzip"}, all, gzip},
		{[]string{"GZIP"}, all, gzip},
		{[]string{"x-gzip"}, all, gzip},
		{[]string{"deflate"}, all, identity},
		{[]string{"*"}, all, brotli},
		{[]string{"*;q=0"}, all, identity},
		{[]string{"*;q=0.5, gzip"}, all, gzip},
		{[]string{"br;q=0, *"}, all, zstd},
		{[]string{"gzip;q=0.2, br;q=0.1"}, all, gzip},
		{[]string{"gzip;q=0"}, all, identity},
		{[]string{"gzip;q=0.000, br;q=0.001"}, all, brotli},
		{[]string{"identity;q=1, gzip;q=0.5"}, all, identity},
		{[]string{"identity, gzip"}, all, gzip},
		{[]string{"identity;q=0.5, gzip;q=0.5"}, all, gzip},
		{[]string{"identity;q=0, gzip;q=0.1"}, all, gzip},
		{[]string{"identity;q=0"}, all, identity},
		{[]string{"*;q=0, zstd;q=0.3"}, all, zstd},
		{[]string{"gzip;q=1.001"}, all, identity},
		{[]string{"gzip;q=2"}, all, identity},
		{[]string{"gzip;q=0.1234"}, all, identity},
		{[]string{"gzip;q="}, all, identity},
		{[]string{"gzip;x=1"}, all, identity},
		{[]string{"gzip ; Q=1.000 "}, all, gzip},
		{[]string{" ,, gzip\t,"}, all, gzip},
		{[]string{"gzip;q=0.5", "br;q=0.4"}, all, gzip},
		{[]string{"gzip, gzip;q=0"}, all, identity},
		{[]string{"brotli"}, all, identity},
	} {
		if got := accept(test.header).best(test.have); got != test.want {
			t.Errorf("Accept-Encoding %q: %v, want %v", test.header, got, test.want)
		}
	}
}

func TestAcceptEncodingAllocatesNothing(t *testing.T) {
	header := []string{"gzip, deflate, br, zstd"}
	p := &Prepared{bodies: bodiesOf("x", []byte("a"), []byte("b"), []byte("c"), []byte("d"))}
	if n := testing.AllocsPerRun(100, func() { accept(header).best(p.have) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzAcceptEncoding(f *testing.F) {
	for _, s := range []string{"", "gzip, deflate, br, zstd", "*;q=0", "identity;q=0, *;q=0.5", "gzip;q=", ";q=1", "br;q=0.999,,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		a := accept([]string{header})
		for c, q := range a {
			if q > 1000 || q < unnamed || q == unnamed && coding(c) != identity {
				t.Fatalf("%q: weight %d for %v", header, q, coding(c))
			}
		}
		got := a.best(func(coding) bool { return true })
		if got != identity && a[got] <= 0 {
			t.Fatalf("%q: %v was refused, and chosen", header, got)
		}
		if got != identity && !strings.Contains(header, "*") && !strings.Contains(strings.ToLower(header), names[got]) {
			t.Fatalf("%q: %v was not asked for", header, got)
		}
	})
}
