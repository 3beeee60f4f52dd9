// Stored JSON documents.

package api

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"time"

	"github.com/gorgon-go/gorgon"
)

// A Read is a JSON document with the strategies of a [gorgon.Page]: it is made
// at build, on the first request, or at intervals, is stored, has an ETag and
// compressed variants, and is purged by its tags. Its loader receives the
// values of the path and nothing else of a request, so that no query string
// selects what is stored. The fields are those of [gorgon.Resource].
type Read[Out any] struct {
	Path string // "GET /api/recipes/{id}"
	Name string // as in [Endpoint]

	Paths            func(ctx context.Context, in gorgon.Input) ([]string, error)
	Load             func(ctx context.Context, in gorgon.Input) (Out, error)
	Incremental      bool
	RevalidateAfter  time.Duration
	ShouldRevalidate func(ctx context.Context, in gorgon.Input, state Out, made time.Time) (bool, error)
	StaleFor         time.Duration
	ErrorFor         time.Duration
	Timeout          time.Duration
	Headers          func(Out) http.Header
	Tags             func(Out) []string
	Guards           []func(http.Handler) http.Handler
	Needs            []gorgon.Need

	Summary    string    // as in [Endpoint]
	Deprecated time.Time // as in [Endpoint]
}

// Part returns the read as a resource.
func (e Read[Out]) Part() gorgon.Part {
	o := newOperation(Reading, e.Path, named(e.Name, e.Path), reflect.TypeFor[None](), reflect.TypeFor[Out]())
	o.Summary, o.Deprecated = e.Summary, e.Deprecated
	if o.Method != http.MethodGet {
		o.fault("Path %q: a Read is read with GET: write \"GET /…\", or use an Endpoint", e.Path)
	}
	if e.Load == nil {
		o.fault("there is no Load: add one, a func(context.Context, gorgon.Input) (%s, error)", reflect.TypeFor[Out]())
	}
	return gorgon.Resource[Out]{
		Name: o.Name, Path: o.Path, Paths: e.Paths, Load: e.Load, Incremental: e.Incremental, RevalidateAfter: e.RevalidateAfter,
		ShouldRevalidate: e.ShouldRevalidate, StaleFor: e.StaleFor, ErrorFor: e.ErrorFor, Timeout: e.Timeout,
		ContentType: typeJSON, Headers: e.Headers, Tags: e.Tags, Guards: e.Guards, Needs: e.Needs, About: o,
		Write: func(_ context.Context, w io.Writer, state Out) error {
			data, err := o.Out.Append(nil, state)
			if err == nil {
				_, err = w.Write(data)
			}
			return err
		},
	}
}
