// Addresses.

package mail

import (
	"net/mail"
	"strings"
)

// Address writes an address with a name, which may hold any characters, as
// fields of a [Message] take it.
func Address(name, address string) string {
	return (&mail.Address{Name: name, Address: address}).String()
}

// parse reads the addresses of a field. What was given is not in errors.
func parse(field string, all []string) (list []mail.Address, _ error) {
	for _, text := range all {
		if controls(text) {
			return nil, invalid(field+" holds a control character, such as the end of a line", "")
		}
		a, err := mail.ParseAddress(text)
		switch {
		case err != nil:
			return nil, invalid(field+" holds an invalid address", `write "ada@example.com", or use mail.Address(name, address)`)
		case strings.ContainsFunc(a.Address, func(c rune) bool { return c <= ' ' || c > '~' }):
			return nil, invalid(field+" holds an address that is not in ASCII, or has spaces", "write the domain in its xn-- form; few servers accept other letters before the @")
		case controls(a.Name):
			return nil, invalid(field+" holds a name with a control character", "")
		}
		list = append(list, *a)
	}
	return list, nil
}

// controls says whether a text has what could end a line of a header.
func controls(text string) bool {
	return strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f || c == '\u0085' || c == '\u2028' || c == '\u2029' })
}
