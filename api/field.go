// The fields of a form.

package api

import (
	"context"
	"html"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/shape"
)

// A Field is one field of a [Form]. A view writes a label for ID, the control,
// and Message:
//
//	<label for={ t.ID }>Title</label>
//	<input { templ.Attributes(t.Input())... }/>
//	@t.Message()
type Field struct {
	Name    string
	ID      string
	Value   string   // what was typed; "" for none, and always for files and fields tagged secret
	Values  []string // of a repeated field
	Error   string   // what is wrong with it, for the visitor; "" for nothing
	ErrorID string   // the id of the element with Error; "" for none
	First   bool     // it is the first field with an error

	of      *shape.Field // nil for a field that the input has not
	focused bool         // a choice has the focus, if the field has it
}

// Attributes are those of every control, for templ: id, name, and what the
// checks of the field allow, so that the browser says it before it submits the
// form. A field with an error has aria-invalid and aria-describedby, and the
// first of them has the focus. Use it for select and textarea, whose value is
// their content.
func (f *Field) Attributes() map[string]any {
	a := map[string]any{"id": f.ID, "name": f.Name}
	if f.Error != "" {
		a["aria-invalid"], a["aria-describedby"] = "true", f.ErrorID
		if f.First {
			a["autofocus"] = true
		}
	}
	if f.of == nil {
		return a
	}
	n := f.of.Node
	list := n.Kind == shape.List
	if list {
		n = n.Elem
	}
	if f.Required() {
		a["required"] = true
	}
	switch n.Kind {
	case shape.String:
		if n.MinLen > 0 {
			a["minlength"] = strconv.Itoa(n.MinLen)
		}
		if n.MaxLen >= 0 {
			a["maxlength"] = strconv.Itoa(n.MaxLen)
		}
	case shape.Upload:
		a["type"] = "file"
		if list {
			a["multiple"] = true
		}
	}
	return a
}

// Required says whether the field must have a value.
func (f *Field) Required() bool {
	if f.of == nil || f.of.Optional {
		return false
	}
	switch n := f.of.Node; n.Kind {
	case shape.Bool, shape.Map, shape.Struct:
		return false
	case shape.String, shape.List, shape.Bytes:
		return n.MinLen > 0
	}
	return true
}

// Input are the attributes of an input element: those of Attributes, its type,
// limits and value. That of a bool is a checkbox. For a radio button, and for one
// checkbox of several, use Choice.
func (f *Field) Input() map[string]any {
	a := f.Attributes()
	if f.of != nil {
		n := f.of.Node
		switch {
		case f.of.Secret:
			a["type"] = "password"
		case n.Kind == shape.Int || n.Kind == shape.Float:
			a["type"], a["min"], a["max"], a["step"] = "number", n.Low, n.High, "1"
			if n.Kind == shape.Float {
				a["step"] = "any"
			}
		case n.Format == "email" || n.Format == "url":
			a["type"] = n.Format
		case n.Kind == shape.Bool:
			a["type"], a["value"] = "checkbox", "true"
			if f.Value == "true" || f.Value == "on" {
				a["checked"] = true
			}
			return a
		}
	}
	if a["type"] != "file" && a["type"] != "password" {
		a["value"] = f.Value
	}
	return a
}

// Choice are the attributes of an input element for one value of several: a radio
// button if the field has one value, and a checkbox if it is a slice. The id is ID,
// a hyphen and the value, with spaces as %20. A bool is a checkbox by Input, and two
// radio buttons by Choice("true") and Choice("false"). Of the choices that a Field
// has made, the first one takes the focus where the field was refused.
func (f *Field) Choice(value string) map[string]any {
	a := f.Attributes()
	if f.of != nil && f.of.Node.Kind != shape.List {
		a["type"] = "radio" // required: one of them
	} else {
		a["type"] = "checkbox"
		delete(a, "required") // each of them
	}
	delete(a, "minlength") // none is typed
	delete(a, "maxlength")
	if f.focused {
		delete(a, "autofocus") // a document has one
	}
	f.focused = true
	a["id"], a["value"] = f.ID+"-"+idOf(value), value
	if slices.Contains(f.Values, value) || f.isBool() && value == "true" && f.Value == "on" {
		a["checked"] = true
	}
	return a
}

// idOf is a value as a part of an id, which has no white space.
func idOf(value string) string {
	if strings.ContainsFunc(value, unicode.IsSpace) || strings.Contains(value, "%") {
		return url.PathEscape(value)
	}
	return value
}

func (f *Field) isBool() bool { return f.of != nil && f.of.Node.Kind == shape.Bool }

// Option are the attributes of an option element for one value.
func (f *Field) Option(value string) map[string]any {
	a := map[string]any{"value": value}
	if slices.Contains(f.Values, value) {
		a["selected"] = true
	}
	return a
}

// Choices are the values of a field whose type lists them.
func (f *Field) Choices() []string {
	if f.of == nil {
		return nil
	}
	if n := f.of.Node; n.Kind == shape.List {
		return n.Elem.Values
	}
	return f.of.Node.Values
}

// Message writes the error of the field, in a paragraph with the class "error"
// that the control refers to; nothing without an error.
func (f *Field) Message() gorgon.Component {
	return gorgon.ComponentFunc(func(_ context.Context, w io.Writer) error {
		if f.Error == "" {
			return nil
		}
		_, err := io.WriteString(w, `<p class="error" id="`+html.EscapeString(f.ErrorID)+`">`+html.EscapeString(f.Error)+`</p>`)
		return err
	})
}
