// Percent-encoding.

package paths

import "strings"

// Escape percent-encodes a decoded path for use in a URL.
func Escape(path string) string { return escape(path, inPath) }

// EscapeReference percent-encodes the path of a reference, some of which may be
// encoded already: "%23" stays, "%" alone and "#" do not.
func EscapeReference(path string) string { return escape(path, inReference) }

// SplitReference cuts a reference such as "/search?q=1#results" into its path,
// as it is written, and its query and fragment, percent-encoded where they need
// it.
func SplitReference(reference string) (path, rest string) {
	if i := strings.IndexAny(reference, "?#"); i >= 0 {
		return reference[:i], escape(reference[i:], inQuery)
	}
	return reference, ""
}

// The places in a URL, by what may stand there as it is.
type place uint8

const (
	inPath      place = 1 << iota // a decoded path
	inReference                   // a path, some of which may be encoded
	inQuery                       // a query or fragment, some of which may be encoded
)

// plain says of each byte in which places it stands for itself.
var plain = func() (table [256]place) {
	mark := func(in place, bytes string) {
		for _, c := range []byte(bytes) {
			table[c] |= in
		}
	}
	mark(inPath|inReference|inQuery, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~/$&+,:;=@")
	mark(inQuery, "!'()*[]?#%")
	return table
}()

// escape percent-encodes what cannot stand in a place.
func escape(text string, in place) string {
	const hex = "0123456789ABCDEF"
	for i := 0; i < len(text); i++ {
		if plain[text[i]]&in != 0 {
			continue
		}
		b := make([]byte, i, len(text)+16) // the usual text does not come here
		copy(b, text)
		for ; i < len(text); i++ {
			c := text[i]
			if plain[c]&in != 0 || c == '%' && in == inReference && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]) {
				b = append(b, c)
				continue
			}
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
		return string(b)
	}
	return text
}
