// What Handle reaches of the request that it is called for.

package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/serve"
)

// An exchange is the context of Handle: it has the request that an operation
// answers.
type exchange struct {
	context.Context
	request *http.Request
	w       http.ResponseWriter
	inner   bool // Handle was called from Go by what answers the request
}

type exchangeKey struct{}

func (x *exchange) Value(key any) any {
	if _, ok := key.(exchangeKey); ok {
		return x
	}
	return x.Context.Value(key)
}

// withinCall is the context of a Handle that is called from Go.
func withinCall(ctx context.Context) context.Context {
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	if !ok {
		return ctx
	}
	return &exchange{ctx, x.request, x.w, true}
}

// Request returns the request that Handle is called for, whose body has been
// read; nil if Handle was called from Go.
func Request(ctx context.Context) *http.Request {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok && !x.inner {
		return x.request
	}
	return nil
}

// Header returns the header of the response, for Handle to add to, a cookie for
// example. It is discarded if Handle was called from Go.
func Header(ctx context.Context) http.Header {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok && !x.inner {
		return x.w.Header()
	}
	return http.Header{}
}

// SetCookie adds a cookie to the response.
func SetCookie(ctx context.Context, c *http.Cookie) {
	if text := c.String(); text != "" {
		Header(ctx).Add("Set-Cookie", text)
	}
}

// Purge declares subjects out of date and returns the purge's epoch, as
// [serve.Purge] does, for a Handle that changed what pages show:
//
//	_, err := api.Purge(ctx, pages.Expire, pages.TagSubject("recipe-"+in.ID))
//
// The visitor whose request is answered sees the change on the next request,
// from any instance, also if Handle was called from another Handle. If it was
// called from a handler, the purge is the same, and the visitor may see the old
// page from other instances until they have received it. A LoadRequest cannot
// purge: it answers requests that change nothing.
func Purge(ctx context.Context, verb pages.Verb, subjects ...string) (uint64, error) {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return serve.Purge(x.w, x.request, verb, subjects...)
	}
	r := serve.RequestOf(ctx)
	if r == nil {
		return 0, &gorgon.Error{Op: "purge", Err: errors.New("the context belongs to no request of an app"), Hint: "pass the context of Handle or of a handler"}
	}
	return serve.Purge(&verdict{header: http.Header{}}, r.WithContext(ctx), verb, subjects...)
}
