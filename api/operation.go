// Operations: endpoints, reads and streams with their types erased.

package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/once"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/shape"
	"github.com/gorgon-go/gorgon/wire"
)

// A Kind says what an operation does.
type Kind string

const (
	Call    Kind = "call"   // of an Endpoint
	Reading Kind = "read"   // of a Read
	Events  Kind = "stream" // of a Stream
)

// An Operation is an [Endpoint], a [Read] or a [Stream] with its types erased,
// for packages that describe an app. In an app it is the Handler of a
// gorgon.Handler, or the About of a page that is a resource.
type Operation struct {
	Kind       Kind
	Name       string
	Method     string // "POST"
	Path       string // the pattern, without the prefixes of groups
	Summary    string
	Deprecated time.Time

	In  *shape.Type // nil if the type has faults
	Out *shape.Type // of what is returned, or of each event

	faults    []error
	origins   []string
	cross     *http.CrossOriginProtection
	timeout   time.Duration
	maxBody   int64
	ignore    bool
	once      once.Ledger
	secret    bool   // some field of the input is secret
	redirects bool   // there is a Then
	queries   bool   // some parameter is in the query
	allowed   string // the headers that a page of another origin may send
	input     reflect.Type
	call      func(ctx context.Context, in any) (out any, then string, err error) // in is a pointer
	answer    func(o *Operation, w http.ResponseWriter, r *http.Request, in any, t *typed)
}

const (
	defaultTimeout = 30 * time.Second
	defaultBody    = 1 << 20
)

func newOperation(kind Kind, path, name string, in, out reflect.Type) *Operation {
	o := &Operation{Kind: kind, Name: name, input: in, answer: (*Operation).called}
	var ok bool
	if o.Method, o.Path, ok = strings.Cut(path, " "); !ok || strings.ToUpper(o.Method) != o.Method || o.Method == "" {
		o.fault("Path %q has no method: write one in capitals before the pattern, as in \"POST /orders\"", path)
	}
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" || name == "" || name[0] < 'A' || name[0] > 'z' {
		o.fault("Name %q: use letters and digits, with a letter first, such as \"createOrder\"", name)
	}
	if ok && !strings.HasPrefix(o.Path, "/") {
		o.fault("Path %q: write a path after the method, as in \"POST /orders\"", path)
	}
	o.In, o.Out = o.shapeOf("In", in), o.shapeOf("Out", out)
	if o.In == nil {
		return o
	}
	o.allowed = "Content-Type, Authorization, " + wire.HeaderKey + ", Last-Event-ID"
	for _, p := range o.In.Parameters() {
		o.queries = o.queries || p.In == "query"
		if p.In == "header" {
			o.allowed += ", " + p.Name
		}
	}
	if (o.Method == http.MethodGet || o.Method == http.MethodHead) && o.In.Body() {
		o.fault("%s requests have no body: tag each field of %s with path, query or header", o.Method, in)
	}
	if kind != Reading { // whose Load takes them from its gorgon.Input
		o.checkWildcards()
	}
	return o
}

func (o *Operation) shapeOf(role string, t reflect.Type) *shape.Type {
	s, err := shape.Of(t)
	if err != nil {
		o.faults = append(o.faults, fmt.Errorf("%s %s: %w", role, t, err))
		return nil
	}
	return s
}

// checkWildcards compares the wildcards of the pattern with the fields.
func (o *Operation) checkWildcards() {
	pattern, err := paths.ParsePattern(o.Path)
	if err != nil {
		return // the app says so
	}
	fields := map[string]bool{}
	for _, p := range o.In.Parameters() {
		if p.In == "path" {
			fields[p.Name] = true
		}
	}
	for _, name := range pattern.Wildcards() {
		if !fields[name] {
			o.fault("the pattern has {%s}, and %s has no field for it: add one tagged path:%q", name, o.input, name)
		}
		delete(fields, name)
	}
	for name := range fields {
		o.fault("%s has a field tagged path:%q, which the pattern has not: add {%s} to Path", o.input, name, name)
	}
}

// checkLimits checks and completes the limits and origins.
func (o *Operation) checkLimits() {
	if o.timeout < 0 || o.maxBody < 0 {
		o.fault("Timeout and MaxBody must not be negative: give a value above zero, or none for %v and %d bytes", defaultTimeout, defaultBody)
	}
	if o.timeout == 0 {
		o.timeout = defaultTimeout
	}
	if o.maxBody == 0 {
		o.maxBody = defaultBody
	}
	o.cross = http.NewCrossOriginProtection()
	for _, origin := range o.origins {
		u, err := url.Parse(origin)
		if err == nil && (u.Scheme != "https" && u.Scheme != "http" || u.Host == "") {
			err = errors.New("it is not an http or https origin")
		}
		if err == nil {
			err = o.cross.AddTrustedOrigin(origin)
		}
		if err != nil {
			o.fault("Origins has %q: %w: write one such as \"https://app.example.com\"", origin, err)
		}
	}
}

// Word is what the operation is called in lists of the parts of an app.
func (o *Operation) Word() string {
	if o.Kind == Call {
		return "endpoint"
	}
	return string(o.Kind)
}

// Empty reports whether nothing is returned: the output is None.
func (o *Operation) Empty() bool { return o.Out != nil && isNone(o.Out.Node().Type) }

// Validate lists the faults of the declaration.
func (o *Operation) Validate() error { return errors.Join(o.faults...) }

// ServeHTTP answers a request.
func (o *Operation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !o.allow(w, r) {
		return
	}
	if !o.Deprecated.IsZero() {
		w.Header().Set("Deprecation", fmt.Sprintf("@%d", o.Deprecated.Unix())) // RFC 9745
	}
	in := reflect.New(o.input).Interface()
	typed, err := o.read(w, r, in)
	if err != nil {
		o.refuse(w, r, typed, err)
		return
	}
	defer typed.close()
	o.answer(o, w, r, in, typed)
}
