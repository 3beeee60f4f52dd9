// Requests of other origins.

package api

import (
	"errors"
	"net/http"
	"slices"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/viewctx"
	"github.com/gorgon-go/gorgon/wire"
)

// allow refuses requests that pages of other origins make. It is false if the
// request has been answered.
func (o *Operation) allow(w http.ResponseWriter, r *http.Request) bool {
	if err := o.cross.Check(r); err != nil && !fromApp(r) {
		serve.Fail(w, r, &gorgon.Error{
			Op: "call", Path: o.Name, Kind: gorgon.KindForbidden, Message: "The request came from a page of another site.",
			Err: errors.New("a request of another origin"), Hint: "list the origin in Origins if its pages may call this",
		})
		return false
	}
	return true
}

// fromApp says whether a page of the app makes the request, where a proxy in
// between has replaced the Host.
func fromApp(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	site := r.Header.Get("Sec-Fetch-Site")
	return origin != "" && origin == viewctx.SiteOf(r.Context()).Origin && (site == "" || site == "same-origin")
}

// Share tells browsers whether a page of another origin may read the response.
// Package serve calls it outside of guards, whose refusals such a page can then
// read, too.
func (o *Operation) Share(w http.ResponseWriter, r *http.Request) { o.share(w, r) }

// share adds the headers of CORS for an origin that is listed.
func (o *Operation) share(w http.ResponseWriter, r *http.Request) bool {
	if len(o.origins) == 0 {
		return false
	}
	w.Header().Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if !slices.Contains(o.origins, origin) {
		return false
	}
	w.Header().Set("Access-Control-Allow-Origin", origin)
	w.Header().Set("Access-Control-Allow-Credentials", "true")
	exposed := "Location, Retry-After, " + wire.HeaderRequestID
	if o.once != nil {
		exposed += ", " + wire.HeaderReplayed
	}
	w.Header().Set("Access-Control-Expose-Headers", exposed)
	return true
}

// Trusts says whether a request comes from a page of an origin that Origins
// lists. Guards that judge where a request comes from ask it through serve.
func (o *Operation) Trusts(r *http.Request) bool {
	return slices.Contains(o.origins, r.Header.Get("Origin"))
}

// Preflight answers the question of a browser whether a page of another origin
// may call the operation. Package serve calls it, outside of guards.
func (o *Operation) Preflight(w http.ResponseWriter, r *http.Request) {
	if o.share(w, r) {
		w.Header().Set("Access-Control-Allow-Methods", o.Method)
		w.Header().Set("Access-Control-Allow-Headers", o.allowed)
		w.Header().Set("Access-Control-Max-Age", "7200")
	}
	w.Header().Set("Cache-Control", "private, no-store")
	w.WriteHeader(http.StatusNoContent)
}
