// What code that is not ours carries along with a request without seeing it.

package serve

import (
	"context"
	"errors"
	"net/http"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/pages"
)

// An inside is what code of the app reaches of the handler that called it.
type inside struct {
	fail   func(http.ResponseWriter, *http.Request, match, error)
	report func(*http.Request, match, error) gorgon.Failure
	render func(http.ResponseWriter, *http.Request, match, View) error
	again  func(http.ResponseWriter, *http.Request, match, Again) bool
	cache  *cache.Cache
	base   string
}

// A visit says who serves a request, what it asks for, and which page that is.
type visit struct {
	in *inside
	match
	target *target // nil once it is known which page
	known  *answer.Known

	request *http.Request // before it carried this visit
}

type visitKey struct{}

// visitOf is the visit of a request to the handler with this inside.
func visitOf(r *http.Request, in *inside) (visit, bool) {
	v, ok := r.Context().Value(visitKey{}).(*visit)
	if !ok {
		return visit{}, false
	}
	return *v, v.in == in
}

// A carrier is the context of a request for code that is not ours. It is one
// value, since every request of a handler has one.
type carrier struct {
	context.Context
	visit  visit
	known  answer.Known // of the visit, unless there was one around it
	record *record      // nil if the request has one already
	own    record
}

func (c *carrier) Value(key any) any {
	switch key.(type) {
	case visitKey:
		return &c.visit
	case recordKey:
		if c.record != nil {
			return c.record
		}
	}
	return c.Context.Value(key)
}

// Fail answers a request with the app's error view. Guards, handlers and
// middleware call it, before they send anything. The response has the status
// and message of a [gorgon.Error], or 500 for any other error, which is
// logged. Outside of an app the response is plain text.
func Fail(w http.ResponseWriter, r *http.Request, err error) {
	v, ok := r.Context().Value(visitKey{}).(*visit)
	if !ok {
		status := failure.Status(err)
		http.Error(w, http.StatusText(status), status)
		return
	}
	v.in.fail(w, r, v.match, err)
}

// Report writes an error to the log as [Fail] does and returns what the visitor
// may see of it, for code that answers by itself.
func Report(r *http.Request, err error) gorgon.Failure {
	v, ok := r.Context().Value(visitKey{}).(*visit)
	if !ok {
		return failure.Of(err, r.URL.Path, "")
	}
	return v.in.report(r, v.match, err)
}

// RequestOf returns the request that a context belongs to, in the context of a
// handler, guard or middleware of an app and in that of a LoadRequest; nil in
// any other. Its body may have been read.
func RequestOf(ctx context.Context) *http.Request {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok && v.request != nil {
		return v.request
	}
	if rec, ok := ctx.Value(recordKey{}).(*record); ok {
		return rec.request
	}
	return nil
}

// Purge declares subjects out of date and returns the purge's epoch. The app's
// own handlers call it. The visitor receives the epoch as a token, in a cookie
// that lasts a minute: a visitor who made a change sees it on the next
// request, from any instance (read-your-writes). The subjects are as in
// package pages: [pages.TagSubject], [pages.PathSubject],
// [pages.RouteSubject], [pages.All].
//
// It fails with [gorgon.KindUnavailable] if the store cannot record the purge,
// which then holds for this instance only.
func Purge(w http.ResponseWriter, r *http.Request, verb pages.Verb, subjects ...string) (uint64, error) {
	v, ok := r.Context().Value(visitKey{}).(*visit)
	if !ok || v.in.cache == nil {
		return 0, &gorgon.Error{Op: "purge", Err: errors.New("the request does not come from a gorgon handler that stores pages: call it from a handler, guard or middleware of the app")}
	}
	epoch, err := v.in.cache.Purge(context.WithoutCancel(r.Context()), verb, subjects...)
	if epoch > 0 {
		giveToken(w, r, v.in.base, epoch)
	}
	return epoch, err
}
