// Guarded: a guard runs before the page is read, whichever URL leads to it.

package main

import (
	"context"
	"net/http"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/serve"
)

var guarded = exhibit{"guarded", "/guarded", []gorgon.Part{
	gorgon.Page[Place]{
		Path:    "/guarded",
		Load:    here,
		Guards:  []func(http.Handler) http.Handler{withKey},
		Errors:  map[int]func(gorgon.Failure) gorgon.Component{http.StatusForbidden: locked},
		HeadFor: head[Place]("guarded"),
		View: func(s Place) gorgon.Component {
			return show(s, "guarded", markup(`<p class="big">{}</p><p><a id="room" href="{}">{}</a></p>`, t("guarded.inside"), url("/guarded/room"), t("guarded.room")))
		},
	},
	// The usual guard of a page for members: it redirects all others to the
	// page where they get in. With navigation that is a click like any other.
	gorgon.Page[Place]{
		Path: "/guarded/room",
		LoadRequest: func(_ context.Context, in gorgon.Input, _ *http.Request) (Place, error) {
			return placeOf(in), nil
		},
		Guards:  []func(http.Handler) http.Handler{orElse("/guarded")},
		HeadFor: head[Place]("guarded"),
		View: func(s Place) gorgon.Component {
			return markup(`<h1>{}</h1><p>{}</p>`, t("guarded.room"), t("guarded.entered"))
		},
	},
}}

func hasKey(r *http.Request) bool {
	c, err := r.Cookie("gallery_key")
	return err == nil && c.Value == "stone"
}

// orElse is a guard that redirects visitors without the key to another page of
// this site, in the language of the page they requested.
func orElse(path string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if hasKey(r) {
				next.ServeHTTP(w, r)
				return
			}
			serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindRedirect, Location: path})
		})
	}
}

// whenOver is what a login in front of a whole site does: once a session is
// over, every page redirects to the start of the next one.
func whenOver(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("gallery_session"); err == nil && c.Value == "over" && !strings.HasSuffix(r.URL.Path, "/guarded") && !strings.Contains(r.URL.Path, "/assets/") {
			http.Redirect(w, r, "/guarded", http.StatusFound)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func withKey(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !hasKey(r) {
			serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindForbidden})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// locked is the error view that this page has for 403.
func locked(f gorgon.Failure) gorgon.Component {
	return show(Place{f.Path, f.Locale}, "guarded",
		markup(`<p class="big">{}</p><form method="post" action="{}"><button>{}</button></form><p><a id="room" href="{}">{}</a></p><form action="{}"><button id="enter">{}</button></form>`,
			t("guarded.outside"), url("/key"), t("guarded.take"), url("/guarded/room"), t("guarded.room"), url("/guarded/room"), t("guarded.room")))
}

// takeKey answers the form in each language, and redirects back to the page in
// it.
func takeKey(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "gallery_key", Value: "stone", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, gorgon.URL(r.Context(), "/guarded"), http.StatusSeeOther)
}
