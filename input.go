// What a loader receives about the page it loads.

package gorgon

import "github.com/gorgon-go/gorgon/paths"

// An Input identifies the page whose state a loader loads. It contains nothing
// of any request.
type Input struct {
	Path   string // decoded, without base path and locale: "/products/7"
	Locale string // one of the app's locales; "" where the app has none

	pattern *paths.Pattern
	values  func(name string) (any, error)
}

// PathValue returns the decoded value of a wildcard of the page's pattern,
// such as "7" for id in /products/{id}, and "" for a name that the pattern
// does not have.
func (in Input) PathValue(name string) string {
	if in.pattern == nil {
		return ""
	}
	return in.pattern.Value(in.Path, name)
}

// Input returns the input for this page at a path that its pattern matches.
// values reads build values, as returned by [App.ReadValues]; it is nil if
// there are none.
func (d *Definition) Input(path, locale string, values func(name string) (any, error)) Input {
	return Input{Path: path, Locale: locale, pattern: d.Pattern, values: values}
}
