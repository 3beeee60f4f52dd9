// Forms: what a view needs to show one, empty, filled or refused.

package api

import (
	"context"
	"html"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/shape"
	"github.com/gorgon-go/gorgon/viewctx"
)

// submitted is a form that was refused, in the context of the views that show
// it again.
type submitted struct {
	name    string // of the operation
	form    shape.Form
	failure gorgon.Failure
}

type submittedKey struct{}

// A Form is an HTML form that posts to an endpoint, as a view shows it: empty,
// filled by the app, or with what a visitor typed and what is wrong with it. The
// view writes the form element and its fields; see [Form.Attributes] and
// [Form.Field].
//
// A stored page may contain a form: it is empty there, and the same for all
// visitors. When the endpoint refuses an input, the page is rendered for that
// visitor alone.
type Form struct {
	Action   string // the URL that it is posted to
	Encoding string // the enctype: multipart/form-data if the input has files
	Page     string // the page that it is on, for the hidden field "_page"; "" in fragments

	// Message is the visible message of the error for which the form is shown
	// again, if it is not one of a field; "" for none.
	Message string

	// Refused says whether the form is shown again because it was refused.
	Refused bool

	// Err says why there is no form; the component Hidden fails with it.
	Err error

	in     *shape.Type
	prefix string // of the ids of its fields
	values map[string][]string
	errors map[string]string // by field name
	first  string            // the first field with an error
}

// Form returns the form of the endpoint for a view, empty or as the visitor
// submitted it. The context is that of the view. If the pattern of the endpoint
// has wildcards, use [Endpoint.FormWith].
func (e Endpoint[In, Out]) Form(ctx context.Context) *Form { return formOf(ctx, e.name(), nil) }

// FormWith is Form with the fields filled from a value, for a form that edits
// something. Fields tagged path and query become part of the URL.
func (e Endpoint[In, Out]) FormWith(ctx context.Context, in In) *Form {
	return formOf(ctx, e.name(), in)
}

// formOf is the form of the endpoint of a name, filled from an input; nil: empty.
func formOf(ctx context.Context, name string, in any) *Form {
	f := &Form{prefix: name + "-", values: map[string][]string{}, errors: map[string]string{}}
	named, o, err := find(ctx, name)
	if err != nil {
		f.Err = err
		return f
	}
	if o.Method != http.MethodPost {
		f.Err = &gorgon.Error{Op: "form", Path: name, Message: "its method is " + o.Method + ", and browsers submit forms with POST", Hint: "write POST in its Path"}
		return f
	}
	viewctx.UsesOf(ctx).Form = true
	site := viewctx.SiteOf(ctx)
	f.in, f.Encoding, f.Page = o.In, typeForm, gorgon.EscapePath(site.Path)
	if o.In.Files() {
		f.Encoding = typeMultipart
	}
	target := named.Path
	if in != nil {
		f.values = o.In.Values(in)
		target, f.Err = urlOf(o, named.Path, in)
	} else if strings.Contains(target, "{") {
		f.Err = &gorgon.Error{Op: "form", Path: name, Message: "its path has wildcards", Hint: "use FormWith, which has their values"}
	} else {
		target = gorgon.EscapePath(target)
	}
	f.Action = site.ReferenceURL(site.Locale, target)
	if s, ok := ctx.Value(submittedKey{}).(*submitted); ok && s.name == o.Name {
		f.submit(s)
	}
	return f
}

// submit shows a form as it was submitted.
func (f *Form) submit(s *submitted) {
	f.Refused, f.Message, f.values = true, s.failure.Message, s.form.Values
	for _, fault := range s.failure.Fields {
		name := shape.PointerName(fault.Pointer)
		if fault.Pointer == "" {
			f.Message = fault.Detail
			continue
		}
		if f.errors[name] == "" {
			f.errors[name] = fault.Detail
		}
		if f.first == "" {
			f.first = name
		}
	}
	if f.Message == "" && len(f.errors) == 0 {
		f.Message = s.failure.Title
	}
}

// Hidden writes the hidden fields of the form; the view writes it within the
// form element.
func (f *Form) Hidden() gorgon.Component {
	return gorgon.ComponentFunc(func(_ context.Context, w io.Writer) error {
		if f.Err != nil || f.Page == "" {
			return f.Err
		}
		_, err := io.WriteString(w, `<input type="hidden" name="`+pageField+`" value="`+html.EscapeString(f.Page)+`">`)
		return err
	})
}

// Attributes are those of the form element, for templ:
//
//	<form { templ.Attributes(f.Attributes())... }>
//
// In other templates, write action, method and enctype, and data-gorgon="form",
// which lets the browser runtime submit the form in place.
func (f *Form) Attributes() map[string]any {
	return map[string]any{"action": f.Action, "method": "post", "enctype": f.Encoding, "data-gorgon": "form"}
}

// Len is how many elements of a repeated field there are: Len("steps") is 2 for
// "steps.0.text" and "steps.1.text".
func (f *Form) Len(name string) int {
	indexes := map[string]bool{} // the highest says nothing: a visitor may send any
	for key := range f.values {
		if rest, ok := strings.CutPrefix(key, name+"."); ok {
			index, _, _ := strings.Cut(rest, ".")
			if i, err := strconv.Atoi(index); err == nil && i >= 0 && strconv.Itoa(i) == index {
				indexes[index] = true
			}
		}
	}
	return len(f.values[name]) + len(indexes)
}

// Errors are the messages of the fields by name, for a summary.
func (f *Form) Errors() []gorgon.Field {
	var all []gorgon.Field
	for _, name := range slices.Sorted(maps.Keys(f.errors)) {
		all = append(all, gorgon.Field{Pointer: shape.NamePointer(name), Detail: f.errors[name]})
	}
	return all
}

// Field returns a field by its name: "title", "steps.0.text". The elements of a
// repeated field may be fields of their own, "tags.0", or have one name, "tags".
func (f *Form) Field(name string) *Field {
	field := &Field{Name: name, ID: f.prefix + strings.ReplaceAll(name, ".", "-"), Values: f.valuesOf(name), Error: f.errors[name], First: name == f.first}
	if f.in != nil {
		field.of = f.in.Field(name)
	}
	if field.of != nil && (field.of.Secret || field.of.Node.Kind == shape.Upload) {
		field.Values = nil // it is not sent back
	}
	if len(field.Values) > 0 {
		field.Value = field.Values[0]
	}
	if field.Error != "" {
		field.ErrorID = field.ID + "-error"
	}
	return field
}

// valuesOf are the values of a field. Those that a repeated field has by its
// one name come before those with indexes.
func (f *Form) valuesOf(name string) []string {
	if dot := strings.LastIndexByte(name, '.'); dot > 0 {
		all := f.values[name[:dot]]
		if i, err := strconv.Atoi(name[dot+1:]); err == nil && i >= 0 && i < len(all) {
			return all[i : i+1]
		}
	}
	return f.values[name]
}
