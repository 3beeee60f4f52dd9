// Which content coding a request gets: Accept-Encoding with its weights.

package answer

import "strings"

// A coding is one of the content codings that bodies are kept in.
type coding uint8

const (
	identity coding = iota
	gzip
	brotli
	zstd
	codings // how many there are
)

// names are the codings as HTTP writes them.
var names = [codings]string{"identity", "gzip", "br", "zstd"}

// preference breaks ties: the smallest body first, no coding last.
var preference = [codings]coding{brotli, zstd, gzip, identity}

func (c coding) String() string { return names[c] }

// accepted holds the weight of each coding in thousandths; 0 refuses it.
type accepted [codings]int16

// unnamed marks a coding that the header does not name.
const unnamed = -1

// accept reads the values of Accept-Encoding as RFC 9110 §12.5.3 has them. It
// allocates nothing. A member that cannot be understood is as if it were not
// there; of a coding that is named twice, the last word counts.
func accept(values []string) accepted {
	a := accepted{unnamed, unnamed, unnamed, unnamed}
	star := int16(unnamed)
	for _, value := range values {
		for value != "" {
			var member string
			member, value, _ = strings.Cut(value, ",")
			name, parameters, _ := strings.Cut(member, ";")
			name = trim(name)
			q, ok := weight(parameters)
			if !ok {
				continue
			}
			switch {
			case name == "*":
				star = q
			case strings.EqualFold(name, "gzip"), strings.EqualFold(name, "x-gzip"):
				a[gzip] = q
			case strings.EqualFold(name, "br"):
				a[brotli] = q
			case strings.EqualFold(name, "zstd"):
				a[zstd] = q
			case strings.EqualFold(name, "identity"):
				a[identity] = q
			}
		}
	}
	for c := range a {
		switch {
		case a[c] != unnamed:
		case star != unnamed:
			a[c] = star
		case coding(c) != identity:
			a[c] = 0
		}
	}
	return a
}

// best is the coding to send, of those that are to be had. No coding at all
// is the last resort even where the request refuses it: a page that cannot be
// read is of no use.
func (a accepted) best(have func(coding) bool) coding {
	chosen, top := identity, int16(0)
	for _, c := range preference {
		q := a[c]
		if c == identity && q == unnamed {
			continue // acceptable, but only where nothing else is
		}
		if q > top && (c == identity || have(c)) {
			chosen, top = c, q
		}
	}
	return chosen
}

// weight reads what follows a coding's name: nothing, or ";q=" and a number
// from 0 to 1 with at most three decimals.
func weight(parameters string) (int16, bool) {
	parameters = trim(parameters)
	if parameters == "" {
		return 1000, true
	}
	if len(parameters) < 3 || parameters[0]|0x20 != 'q' || parameters[1] != '=' {
		return 0, false
	}
	number := parameters[2:]
	if number[0] != '0' && number[0] != '1' || len(number) > 1 && number[1] != '.' || len(number) > 5 {
		return 0, false
	}
	q := int16(number[0]-'0') * 1000
	for i, unit := 2, int16(100); i < len(number); i, unit = i+1, unit/10 {
		if number[i] < '0' || number[i] > '9' {
			return 0, false
		}
		q += int16(number[i]-'0') * unit
	}
	return q, q <= 1000
}

// trim cuts the optional white space of HTTP off both ends.
func trim(s string) string { return strings.Trim(s, " \t") }
