// Values as they may be shown.

package config

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/gorgon-go/gorgon/wire"
)

// show is a value as it may be printed: a secret as dots, a URL without what
// may be one.
func (k kind) show(text string) string {
	if k.secret || k.list && strings.Contains(text, "://") && strings.Contains(text, "@") {
		return wire.Dots // a comma may be part of a password
	}
	if !k.list {
		return shown(text)
	}
	parts := strings.Split(text, ",")
	for i, part := range parts {
		parts[i] = shown(part)
	}
	return strings.Join(parts, ",")
}

// shown shows a text on one line, and a URL without user, query and fragment.
func shown(text string) string {
	if strings.Contains(text, "://") {
		return shownURL(text)
	}
	if quoted := strconv.Quote(text); quoted != `"`+text+`"` && strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return quoted
	}
	return text
}

func shownURL(text string) string {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Scheme == "" || u.Opaque != "" || u.User == nil && strings.Contains(text, "@") {
		return wire.Dots // what is secret in it cannot be told
	}
	show := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	rest := show.String()
	if u.User != nil {
		rest = strings.Replace(rest, "://", "://"+wire.Dots+"@", 1)
	}
	if u.RawQuery != "" {
		rest += "?" + wire.Dots
	}
	if u.Fragment != "" {
		rest += "#" + wire.Dots
	}
	return rest
}
