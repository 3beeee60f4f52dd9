// Calling what handles an input, and answering with what it returns.

package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/viewctx"
)

// called answers a request with the output of Handle.
func (o *Operation) called(w http.ResponseWriter, r *http.Request, in any, t *typed) {
	o.grant(w, r)
	ctx := &deadline{Context: &exchange{Context: r.Context(), request: r, w: w}, at: time.Now().Add(o.timeout)}
	defer ctx.cancel()
	call, counts, err := o.onceOf(r, in, t)
	if err != nil {
		o.refuse(w, r, t, err)
		return
	}
	if counts {
		o.calledOnce(ctx, w, r, call, in, t)
		return
	}
	out, then, err := o.call(ctx, in)
	if err != nil {
		o.refuse(w, r, t, late(ctx, err))
		return
	}
	given := outcome{located: o.redirects, then: then}
	if !o.leadsOn(r) {
		if given.body, err = o.body(out); err != nil {
			serve.Fail(w, r, err)
			return
		}
	}
	o.respond(w, r, given, t)
}

// leadsOn says whether the answer is a redirect, as that to a browser's form is.
func (o *Operation) leadsOn(r *http.Request) bool {
	return wantsPage(r, o.Method) && o.Method != http.MethodGet
}

// body is an output as JSON; nil if there is none.
func (o *Operation) body(out any) ([]byte, error) {
	if o.Empty() {
		return nil, nil
	}
	body, err := o.Out.Append(make([]byte, 0, firstWrite), out)
	if err != nil {
		return nil, fmt.Errorf("%s: the output cannot be sent: %w", o.Name, err)
	}
	return body, nil
}

// respond sends an outcome.
func (o *Operation) respond(w http.ResponseWriter, r *http.Request, given outcome, t *typed) {
	header := w.Header()
	if header["Cache-Control"] == nil {
		header["Cache-Control"] = valueNoStore
	}
	if o.leadsOn(r) {
		o.onward(w, r, given, t)
		return
	}
	status := http.StatusOK
	if given.located {
		location, err := serve.Location(r, given.then)
		if err != nil {
			serve.Fail(w, r, fmt.Errorf("%s: Then: %w", o.Name, err))
			return
		}
		header.Set("Location", location)
		status = http.StatusCreated
	}
	if given.body == nil {
		if status == http.StatusOK {
			status = http.StatusNoContent
		}
		w.WriteHeader(status)
		return
	}
	header["Content-Type"] = valueJSON
	header["Content-Length"] = []string{strconv.Itoa(len(given.body))}
	w.WriteHeader(status)
	_, _ = w.Write(given.body)
}

// grant gives a Handle that may run longer than the server's limit for a
// response the time to send one.
func (o *Operation) grant(w http.ResponseWriter, r *http.Request) {
	if limit := listen.WriteTimeout(r); limit > 0 && o.timeout >= limit {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(o.timeout + limit))
	}
}

// Headers that are the same in every response.
var (
	valueJSON    = []string{typeJSON}
	valueNoStore = []string{"private, no-store"}
)

const firstWrite = 256 // bytes of an output; it may have more

// late is the error of a function that ran until its deadline.
func late(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &gorgon.Error{Kind: gorgon.KindTimeout, Err: err}
	}
	return err
}

// onward sends a browser on after a form was accepted.
func (o *Operation) onward(w http.ResponseWriter, r *http.Request, given outcome, t *typed) {
	then := given.then
	if !given.located {
		if then = pageOf(r, t); then == "" {
			then = "/"
		}
	}
	serve.Redirect(w, r, then)
}

// refuse answers with an error: a form is shown again, with what was typed.
func (o *Operation) refuse(w http.ResponseWriter, r *http.Request, t *typed, err error) {
	defer t.close()
	if t == nil || !wantsPage(r, o.Method) || !showsAgain(err) {
		serve.Fail(w, r, err)
		return
	}
	page := pageOf(r, t)
	if page == "" {
		serve.Fail(w, r, err)
		return
	}
	again := serve.Again{Page: page, Err: err, With: func(ctx context.Context, f gorgon.Failure) context.Context {
		return context.WithValue(ctx, submittedKey{}, &submitted{o.Name, o.In.Compact(t.form), f})
	}}
	if !serve.ShowAgain(w, r, again) {
		serve.Fail(w, r, err)
	}
}

// showsAgain says whether a form is shown again for an error: whatever the
// visitor typed is not lost. Where the visitor may not see the form, or what it
// was for is gone, the error view is shown.
func showsAgain(err error) bool {
	e, ok := errors.AsType[*gorgon.Error](err)
	if !ok {
		return true
	}
	switch e.Kind {
	case gorgon.KindUnauthorized, gorgon.KindForbidden, gorgon.KindNotFound, gorgon.KindGone, gorgon.KindRedirect:
		return false
	}
	return true
}

// pageOf is the page that a form was on: the one that the form names, and where
// it names none, the one that the browser comes from. "" for none.
func pageOf(r *http.Request, t *typed) string {
	referer, query := refererOf(r)
	named := ""
	if t != nil {
		named = t.page
	}
	if _, err := paths.Parse(named); err != nil {
		named = ""
	}
	if named == "" || named == referer {
		return referer + query
	}
	return named
}

// refererOf is the page of this app that the browser comes from, without base
// path and locale, and its query. Both are "" if the browser does not say.
func refererOf(r *http.Request) (page, query string) {
	site := viewctx.SiteOf(r.Context())
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host != r.Host && (site.Origin == "" || u.Scheme+"://"+u.Host != site.Origin) {
		return "", ""
	}
	path, err := paths.OfURL(u)
	rest, below := strings.CutPrefix(path, site.Base)
	if err != nil || !below {
		return "", ""
	}
	if rest, _, _ = site.Prefixes().Split(rest); rest == "" {
		rest = "/"
	}
	if u.RawQuery != "" {
		query = "?" + u.RawQuery
	}
	return paths.Escape(rest), query
}
