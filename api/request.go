// From a request to an input.

package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/shape"
)

const (
	typeJSON      = "application/json"
	typeForm      = "application/x-www-form-urlencoded"
	typeMultipart = "multipart/form-data"
)

// pageField is the name of the form field that names the page of a form.
const pageField = "_page"

// typed is the form that a request sent; nil if it sent none.
type typed struct {
	form shape.Form
	page string // of the form
	free func()
}

func (t *typed) close() {
	if t != nil && t.free != nil {
		t.free()
	}
}

// mediaTypeOf is the media type of a request's body; "" if it has none, or one
// that cannot be read. Text is UTF-8.
func mediaTypeOf(r *http.Request) string {
	switch header := r.Header["Content-Type"]; {
	case len(header) == 0:
		return ""
	case header[0] == typeJSON, header[0] == typeForm:
		return header[0] // the usual ones cost nothing
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	switch charset := params["charset"]; {
	case charset == "", strings.EqualFold(charset, "utf-8"), strings.EqualFold(charset, "us-ascii"):
		return kind
	}
	return ""
}

// isForm says whether the body is that of a form.
func isForm(r *http.Request) bool {
	kind := mediaTypeOf(r)
	return kind == typeForm || kind == typeMultipart
}

// WantsProblem says whether the errors of a request are answered as problem
// documents: it is not from a form, and does not accept HTML.
func (o *Operation) WantsProblem(r *http.Request) bool { return !wantsPage(r, o.Method) }

// wantsPage says whether a request is that of a browser's form or link.
func wantsPage(r *http.Request, method string) bool {
	accept := strings.Join(r.Header["Accept"], ",")
	if isForm(r) {
		return strings.Contains(accept, "html") || !strings.Contains(accept, "json")
	}
	return strings.Contains(accept, "html") && (method == http.MethodGet || mediaTypeOf(r) == "")
}

// read reads the input of a request: its parameters, then its body.
func (o *Operation) read(w http.ResponseWriter, r *http.Request, in any) (*typed, error) {
	body, faults, err := o.readBody(w, r, in)
	if err != nil {
		return body, err
	}
	var query url.Values
	if r.URL.RawQuery != "" && o.queries {
		if query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
			return body, &gorgon.Error{Kind: gorgon.KindInvalid, Message: "The query cannot be read."}
		}
	}
	faults = append(o.In.BindParameters(func(kind, name string) []string {
		switch kind {
		case "path":
			return []string{r.PathValue(name)}
		case "query":
			return query[name]
		default:
			return r.Header.Values(name)
		}
	}, in), faults...)
	return body, refusal(faults)
}

// refusal is the error for faults; nil for none.
func refusal(faults []shape.Fault) error {
	if len(faults) == 0 {
		return nil
	}
	e := &gorgon.Error{Kind: gorgon.KindUnprocessable, Fields: make([]gorgon.Field, len(faults))}
	for i, f := range faults {
		e.Fields[i] = fieldOf(f)
	}
	return e
}

func (o *Operation) readBody(w http.ResponseWriter, r *http.Request, in any) (*typed, []shape.Fault, error) {
	kind := mediaTypeOf(r)
	empty := r.ContentLength == 0 && r.Header.Get("Content-Type") == ""
	switch {
	case !o.In.Body() && (empty || o.Method == http.MethodGet):
		return nil, nil, nil
	case r.ContentLength > o.maxBody:
		return nil, nil, errTooLarge
	case !empty && encoded(r):
		w.Header().Set("Accept-Encoding", "identity")
		return nil, nil, &gorgon.Error{Kind: gorgon.KindInvalid, Status: http.StatusUnsupportedMediaType, Message: "Send the body without Content-Encoding."}
	case kind == typeJSON:
		data, err := o.readAll(w, r)
		if err != nil || !o.In.Body() && len(data) == 0 {
			return nil, nil, unread(err)
		}
		faults, err := o.In.Decode(data, in, shape.Options{IgnoreUnknown: o.ignore})
		if syntax, ok := errors.AsType[*shape.SyntaxError](err); ok {
			return nil, nil, &gorgon.Error{Kind: gorgon.KindInvalid, Fields: []gorgon.Field{fieldOf(syntax.Fault)}}
		}
		return nil, faults, err
	case kind == typeForm, kind == typeMultipart:
		return o.readForm(w, r, in, kind)
	case empty:
		faults, err := o.In.Decode([]byte("{}"), in, shape.Options{}) // says what is required
		return nil, faults, err
	}
	return nil, nil, &gorgon.Error{
		Kind: gorgon.KindInvalid, Status: http.StatusUnsupportedMediaType,
		Message: "Send " + typeJSON + ", " + typeForm + " or " + typeMultipart + " in UTF-8.",
	}
}

// encoded says whether the body is compressed.
func encoded(r *http.Request) bool {
	for _, coding := range r.Header["Content-Encoding"] {
		if coding != "" && !strings.EqualFold(coding, "identity") {
			return true
		}
	}
	return false
}

// firstRead is the memory that a claimed length alone is given.
const firstRead = 64 << 10

func (o *Operation) readAll(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if n := r.ContentLength; n >= 0 && n <= firstRead {
		data := make([]byte, n)
		_, err := io.ReadFull(r.Body, data)
		return data, err
	}
	var b bytes.Buffer
	_, err := b.ReadFrom(http.MaxBytesReader(w, r.Body, o.maxBody))
	return b.Bytes(), err
}

// unread is the error for a body that could not be read. Texts of the standard
// library contain parts of the body, so they are not passed on.
func unread(err error) error {
	var large *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &large), errors.Is(err, multipart.ErrMessageTooLarge):
		return errTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &gorgon.Error{Kind: gorgon.KindInvalid, Status: http.StatusRequestTimeout, Message: "The body came too slowly."}
	case errors.Is(err, context.Canceled), errors.Is(err, io.ErrUnexpectedEOF):
		return &gorgon.Error{Kind: gorgon.KindInvalid, Message: "The body could not be read.", Err: err}
	}
	return &gorgon.Error{Kind: gorgon.KindInvalid, Message: "The body could not be read."}
}

// readForm reads a form. Everything that was typed is returned, so that the
// form can be shown again.
func (o *Operation) readForm(w http.ResponseWriter, r *http.Request, in any, kind string) (*typed, []shape.Fault, error) {
	r, done := listen.WithBody(r, http.MaxBytesReader(w, r.Body, o.maxBody))
	t := &typed{free: done}
	var err error
	switch {
	case kind == typeMultipart:
		err = r.ParseMultipartForm(min(o.maxBody, inMemory))
	case r.PostForm == nil: // no guard has read it
		var data []byte
		if data, err = o.readAll(w, r); err == nil {
			r.PostForm, err = url.ParseQuery(string(data)) // ParseForm ignores the bodies of some methods
		}
	}
	if err != nil {
		t.close()
		return nil, nil, unread(err)
	}
	t.form.Values = r.PostForm
	if r.MultipartForm != nil {
		t.form.Values = r.MultipartForm.Value
		t.form.Files = map[string][]*shape.File{}
		for name, headers := range r.MultipartForm.File {
			for _, h := range headers {
				if h.Filename == "" && h.Size == 0 {
					continue // the field was left empty
				}
				t.form.Files[name] = append(t.form.Files[name], fileOf(h))
			}
		}
	}
	if pages := t.form.Values[pageField]; len(pages) > 0 {
		t.page = pages[0]
	}
	if o.ignore {
		t.form = o.In.Known(t.form)
	}
	return t, o.In.Bind(t.form, in), nil
}

// inMemory is how much of an upload is kept in memory, in bytes; the rest is in
// files, which are removed after the request.
const inMemory = 1 << 20

func fileOf(h *multipart.FileHeader) *shape.File {
	return &shape.File{Name: h.Filename, ContentType: h.Header.Get("Content-Type"), Size: h.Size,
		Open: func() (io.ReadCloser, error) { return h.Open() }}
}

var errTooLarge = &gorgon.Error{Kind: gorgon.KindTooLarge, Status: http.StatusRequestEntityTooLarge, Message: "The request is too large."}

// isNone says whether a type is None.
func isNone(t reflect.Type) bool { return t == reflect.TypeFor[None]() }

func fieldOf(f shape.Fault) gorgon.Field {
	return gorgon.Field{Pointer: f.Pointer, Detail: f.Detail, Code: f.Code, Limit: f.Limit}
}
