// What a generator is told of the page it makes.

package gorgon

// An Input says which page a generator is to make. It holds nothing of any
// request.
type Input struct {
	Path   string  // decoded, without base path and locale: "/products/7"
	Locale string  // one of [App.Locales], "" where the app has none
	Values *Values // the build's values; read them with [BuildValue.Get]

	pattern *Pattern
}

// NewInput is the input for a page with this pattern at a path that matches it.
func NewInput(p *Pattern, path, locale string, values *Values) Input {
	return Input{Path: path, Locale: locale, Values: values, pattern: p}
}

// PathValue is the decoded value of a wildcard of the page's pattern, such
// as "7" for id in /products/{id}; "" for a name the pattern does not have.
func (in Input) PathValue(name string) string {
	if in.pattern == nil {
		return ""
	}
	return in.pattern.value(in.Path, name)
}
