// Pointers of faults, and names of form fields.

package shape

import (
	"strings"
)

// A step is one level of the way to a value. nil is the whole.
type step struct {
	above *step
	name  string
}

func (s *step) child(name string) *step { return &step{s, name} }

func (s *step) pointer() string {
	var names []string
	for ; s != nil; s = s.above {
		names = append(names, s.name)
	}
	var b strings.Builder
	for i := len(names) - 1; i >= 0; i-- {
		b.WriteByte('/')
		b.WriteString(escapePointer(names[i]))
	}
	return b.String()
}

var (
	pointerEscapes   = strings.NewReplacer("~", "~0", "/", "~1")
	pointerUnescapes = strings.NewReplacer("~1", "/", "~0", "~")
	nameEscapes      = strings.NewReplacer("~", "~0", ".", "~1")
	nameUnescapes    = strings.NewReplacer("~1", ".", "~0", "~")
)

func escapePointer(name string) string {
	return pointerEscapes.Replace(strings.ToValidUTF8(name, "\uFFFD"))
}

// PointerName returns the name of the form field that a pointer concerns:
// "steps.0.text" for "/steps/0/text". A dot in a key of a map is written ~1 in
// a name, and ~ is written ~0.
func PointerName(pointer string) string {
	steps := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, s := range steps {
		steps[i] = nameEscapes.Replace(pointerUnescapes.Replace(s))
	}
	return strings.Join(steps, ".")
}

// NamePointer returns the pointer of a form field's name: "/steps/0/text" for
// "steps.0.text".
func NamePointer(name string) string {
	if name == "" {
		return ""
	}
	var at *step
	for _, s := range nameSteps(name) {
		at = at.child(s)
	}
	return at.pointer()
}

// nameSteps splits the name of a form field.
func nameSteps(name string) []string {
	steps := strings.Split(name, ".")
	for i, s := range steps {
		steps[i] = nameUnescapes.Replace(s)
	}
	return steps
}
