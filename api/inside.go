// Calls from Go.

package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/viewctx"
)

// Call calls the endpoint from Go: from a LoadRequest, a handler, or another
// endpoint. The input passes the same checks as one that came over HTTP, and
// the same guards decide, those of groups included: they see the request of ctx
// with the endpoint's method and path. A guard that answers itself is an error
// with the kind of its status. Without guards, any context will do that comes
// from the app.
func (e Endpoint[In, Out]) Call(ctx context.Context, in In) (out Out, err error) {
	ctx, end, err := admit(ctx, e.name(), in)
	if err != nil {
		return out, err
	}
	defer end()
	out, err = e.Handle(ctx, in)
	return out, late(ctx, err)
}

// admit checks a call from Go as one that came over HTTP, and returns the context
// for Handle.
func admit(ctx context.Context, name string, in any) (context.Context, context.CancelFunc, error) {
	named, o, err := find(ctx, name)
	if err == nil {
		err = refusal(o.In.Check(in))
	}
	if err == nil {
		ctx, err = passGuards(ctx, named, o, in)
	}
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(withinCall(ctx), o.timeout)
	return ctx, cancel, nil
}

// find finds an operation by its name in the app of a context.
func find(ctx context.Context, name string) (viewctx.Named, *Operation, error) {
	if look := viewctx.SiteOf(ctx).Find; look != nil {
		if named, ok := look(name); ok {
			if o, ok := named.Handler.(*Operation); ok && o.In != nil {
				return named, o, nil
			}
		}
		return viewctx.Named{}, nil, &gorgon.Error{Op: "find endpoint", Path: name, Err: errors.New("the app does not list it"), Hint: "add it to App.Parts"}
	}
	return viewctx.Named{}, nil, &gorgon.Error{Op: "find endpoint", Path: name, Err: errors.New("the context is not one of an app"),
		Hint: "pass the context of a view, a loader, a request or Handle"}
}

// passGuards runs the guards of an operation for a call from Go. It returns
// the context that they passed on.
func passGuards(ctx context.Context, named viewctx.Named, o *Operation, in any) (context.Context, error) {
	if len(named.Guards) == 0 {
		return ctx, nil
	}
	r := serve.RequestOf(ctx)
	if r == nil {
		return nil, &gorgon.Error{Op: "call", Path: o.Name, Kind: gorgon.KindForbidden, Err: errors.New("the endpoint has guards, and the context has no request for them"),
			Hint: "pass the context of LoadRequest, of a handler or of Handle"}
	}
	r, err := requestOf(ctx, r, named, o, in)
	if err != nil {
		return nil, err
	}
	var passed context.Context
	var guarded http.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { passed = r.Context() })
	for _, guard := range slices.Backward(named.Guards) {
		guarded = guard(guarded)
	}
	verdict := &verdict{header: http.Header{}}
	guarded.ServeHTTP(verdict, r)
	if passed == nil {
		return nil, &gorgon.Error{Op: "call", Path: o.Name, Kind: verdict.kind(), Err: errors.New("a guard refused the call")}
	}
	return passed, nil
}

// requestOf is the request of a context as if it had been sent to the operation
// with an input.
func requestOf(ctx context.Context, of *http.Request, named viewctx.Named, o *Operation, in any) (*http.Request, error) {
	target, err := urlOf(o, named.Path, in)
	if err != nil {
		return nil, err
	}
	r := of.Clone(ctx)
	if r.URL, err = url.ParseRequestURI(target); err != nil {
		return nil, &gorgon.Error{Op: "call", Path: o.Name, Err: errors.New("its URL cannot be read")}
	}
	r.Method, r.RequestURI, r.Pattern = o.Method, target, o.Method+" "+named.Path
	r.Body, r.ContentLength, r.TransferEncoding = http.NoBody, 0, nil
	r.Form, r.PostForm, r.MultipartForm = nil, nil, nil
	for _, name := range [...]string{"Content-Type", "Content-Length", "Content-Encoding"} {
		r.Header.Del(name)
	}
	return r, o.In.EachParameter(in, func(kind, name string, values []string) {
		switch {
		case kind == "path" && len(values) > 0:
			r.SetPathValue(name, values[0])
		case kind == "header":
			r.Header[http.CanonicalHeaderKey(name)] = values
		}
	})
}

// A verdict takes what a guard answers, or a header that is not sent.
type verdict struct {
	header http.Header
	status int
}

func (v *verdict) Header() http.Header { return v.header }
func (v *verdict) WriteHeader(status int) {
	if v.status == 0 {
		v.status = status
	}
}
func (v *verdict) Write(b []byte) (int, error) { v.WriteHeader(http.StatusOK); return len(b), nil }

// kind is the kind of error of a guard's answer. A redirect leads to a page to
// sign in on.
func (v *verdict) kind() gorgon.Kind {
	for _, kind := range []gorgon.Kind{gorgon.KindForbidden, gorgon.KindNotFound, gorgon.KindGone, gorgon.KindTooMany, gorgon.KindUnavailable} {
		if kind.Status() == v.status {
			return kind
		}
	}
	return gorgon.KindUnauthorized
}
