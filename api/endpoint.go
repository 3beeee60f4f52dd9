// Package api has typed endpoints: functions of a Go type that are a JSON
// endpoint, an HTML form that works without JavaScript, a function to call from
// Go, an operation in OpenAPI, and a method of generated clients.
//
//	var create = api.Endpoint[NewRecipe, Recipe]{
//		Path:   "POST /recipes",
//		Handle: func(ctx context.Context, in NewRecipe) (Recipe, error) { … },
//		Then:   func(_ NewRecipe, r Recipe) string { return "/recipes/" + r.ID },
//	}
//
// An [Endpoint] handles calls, a [Read] is a stored JSON document, a [Stream]
// sends events. All of them are parts of an app (gorgon.App.Parts). Package
// github.com/gorgon-go/gorgon/shape says how types are read: which JSON is
// accepted, which checks there are, and how form fields are named.
//
// # Requests
//
// The fields of the input tagged path, query and header are read from there;
// the other fields are the body: application/json,
// application/x-www-form-urlencoded or multipart/form-data. A body has at most
// MaxBody bytes. Requests that change something and come from another origin
// are refused, unless Origins lists it.
//
// # Responses
//
//	200  the output as JSON
//	201  the same, with a Location, if Then is set
//	204  the output is None
//	303  a form was accepted: to Then, or back to its page
//	400  the body is not JSON, or a form that cannot be read
//	403  the request comes from another origin
//	405  the path is that of other methods; Allow lists them
//	408  the body came too slowly
//	409  a call with the same key is still running, see Once
//	413  the body is too large
//	415  the body has another media type or charset, or is compressed
//	422  fields were refused; a form is shown again with what was typed
//	500  Handle failed; the log has the cause under the id of the problem
//	504  Handle did not end within Timeout
//
// An error that Handle returns has the status of its gorgon.Error. Programs
// receive errors as application/problem+json (RFC 9457) with one entry in
// errors for each field, browsers as a page. Neither contains a value that the
// caller sent, except that a form shows again what was typed into it. No
// response of an endpoint is stored by a cache.
//
// # Once
//
// Where an [Endpoint] has Once, a call with the header Idempotency-Key, 1 to 64
// visible ASCII characters, has its effect once within 24 hours, whatever is
// sent again, to whichever instance. The others receive its status, Location
// and body, with the header Idempotency-Replayed: true; headers and cookies that
// Handle has set are not sent again. Keys belong to the caller that guards have
// named (serve.WithCaller) and to the endpoint. Callers that are not known share
// theirs, which have at least 16 characters then and are not to be guessed.
//
// The same key with another input is refused with 422. While the first call is
// running, a program receives 409 and Retry-After, and a form waits for its
// answer. Only success is remembered: after an error the call may be sent again.
//
// The browser runtime gives each form that it submits a key. A form that comes
// without one is a double click if the same caller has sent the same within 10
// seconds; not if its input has secret fields, and not if the caller is not
// known.
package api

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/once"
	"github.com/gorgon-go/gorgon/shape"
)

// None is the input of an endpoint that takes nothing, and the output of one
// that returns nothing.
type None struct{}

// A File is an uploaded file, as a field of an input.
type File = shape.File

// An Endpoint is a typed function that is called over HTTP. Path and Handle are
// required.
type Endpoint[In, Out any] struct {
	// Path is the method and the pattern: "POST /orders", "GET /search",
	// "DELETE /orders/{id}". Each wildcard is a field of In with that path tag.
	Path string

	// Name names the endpoint in generated clients and must be unique in the
	// app. It never changes, so that old clients and forms keep working.
	// Default: made of Path: "postOrders", "deleteOrdersById".
	Name string

	// Handle does the work. It is called only with an input that passed all
	// checks. The context ends with the request and after Timeout.
	Handle func(ctx context.Context, in In) (Out, error)

	// Then returns where a browser goes after a form was accepted, as in
	// [gorgon.Redirect], and the Location for other callers. Default: back to
	// the page of the form.
	Then func(in In, out Out) string

	// Once lets each call have its effect once, also if it is sent several
	// times: oncedb.In(db). Handle then runs in a transaction of the app's
	// database, which db.Tx with its context joins; package once says what is
	// promised, and the section Once of this package what callers see. Default:
	// each call that is sent is a call.
	Once once.Ledger

	// Guards run before the request is read; the first one is outermost.
	// Default: none.
	Guards []func(http.Handler) http.Handler

	// Timeout ends the context of Handle. A Handle that does not look at its
	// context is waited for, and its result counts. Default: 30 s.
	Timeout time.Duration

	// MaxBody limits the body, files included, in bytes. The limit of the
	// server holds as well: 10 MiB, if listen.Server.MaxBodyBytes is not set.
	// Default: 1 MiB.
	MaxBody int64

	// IgnoreUnknown accepts JSON members and form fields that In does not have:
	// for webhooks of others. Default: they are refused.
	IgnoreUnknown bool

	// Origins are the other origins whose pages may call the endpoint, with
	// cookies: "https://app.example.com". Default: none.
	Origins []string

	// Summary says in one line what the endpoint does, for descriptions and
	// clients. Default: none.
	Summary string

	// Deprecated is when the endpoint was deprecated. Responses and
	// descriptions say so. Default: it is not.
	Deprecated time.Time

	// Needs lists what Handle requires of the target it runs on. Default:
	// nothing.
	Needs []gorgon.Need
}

// Part returns the endpoint as a handler.
func (e Endpoint[In, Out]) Part() gorgon.Part {
	o := e.operation()
	return gorgon.Handler{Pattern: e.Path, Handler: o, Name: o.Name, Guards: e.Guards, Needs: e.Needs}
}

// name is the endpoint's name.
func (e *Endpoint[In, Out]) name() string { return named(e.Name, e.Path) }

// named is a name, or the one that a path has.
func named(name, path string) string {
	if name != "" {
		return name
	}
	return nameOf(path)
}

func (e *Endpoint[In, Out]) operation() *Operation {
	o := newOperation(Call, e.Path, e.name(), reflect.TypeFor[In](), reflect.TypeFor[Out]())
	o.Summary, o.Deprecated, o.origins = e.Summary, e.Deprecated, e.Origins
	o.timeout, o.maxBody, o.ignore = e.Timeout, e.MaxBody, e.IgnoreUnknown
	o.checkLimits()
	o.once = e.Once
	o.checkOnce()
	o.redirects = e.Then != nil
	if e.Handle == nil {
		o.fault("there is no Handle: add one, a func(context.Context, %s) (%s, error)", reflect.TypeFor[In](), reflect.TypeFor[Out]())
	}
	o.call = func(ctx context.Context, in any) (any, string, error) {
		input := *in.(*In)
		out, err := e.Handle(ctx, input)
		if err != nil || e.Then == nil {
			return out, "", err
		}
		return out, e.Then(input, out), nil
	}
	return o
}

// nameOf makes a name of a method and a pattern: "postOrdersById".
func nameOf(path string) string {
	method, pattern, _ := strings.Cut(path, " ")
	var b strings.Builder
	b.WriteString(strings.ToLower(method))
	for segment := range strings.SplitSeq(pattern, "/") {
		inner, wild := strings.CutPrefix(segment, "{")
		if wild {
			inner = strings.TrimSuffix(strings.TrimSuffix(inner, "}"), "...")
			if inner != "$" {
				b.WriteString("By")
			}
		}
		upper := true
		for _, c := range inner {
			switch {
			case c >= 'a' && c <= 'z' && upper:
				b.WriteRune(c - 'a' + 'A')
			case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
				b.WriteRune(c)
			default:
				upper = true
				continue
			}
			upper = false
		}
	}
	return b.String()
}

// fault adds a fault of the declaration.
func (o *Operation) fault(format string, args ...any) {
	o.faults = append(o.faults, fmt.Errorf(format, args...))
}
