// Guarded: a guard runs before anything of the page is read, whichever URL leads to it.

package main

import (
	"context"
	"io"
	"net/http"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/serve"
)

var guarded = exhibit{"guarded", "/guarded", []gorgon.Route{
	gorgon.Page[Place]{
		Path:       "/guarded",
		BuildState: here,
		Guards:     []func(http.Handler) http.Handler{withKey},
		Errors:     map[int]func(gorgon.Failure) gorgon.Component{http.StatusForbidden: locked},
		Head:       head[Place]("guarded"),
		View: func(s Place) gorgon.Component {
			return show(s, "guarded", markup(`<p class="big">{}</p>`, t("guarded.inside")))
		},
	},
}}

func withKey(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("gallery_key"); err != nil || c.Value != "stone" {
			serve.Fail(w, r, &gorgon.Error{Kind: gorgon.Forbidden})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// locked is the error view that this page has for 403.
func locked(f gorgon.Failure) gorgon.Component {
	return show(Place{f.Path, f.Locale}, "guarded",
		markup(`<p class="big">{}</p><form method="post" action="{}"><input type="hidden" name="locale" value="`+f.Locale+`"><button>{}</button></form>`,
			t("guarded.outside"), keyURL, t("guarded.take")))
}

// keyURL is that of a handler, which is in no language.
var keyURL = gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
	return gorgon.Text(gorgon.URLIn(ctx, "", "/key")).Render(ctx, w)
})

// takeKey answers the form. Where it leads to is nobody's but ours, and beside
// it, whatever path the site lies below.
func takeKey(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "gallery_key", Value: "stone", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	w.Header().Set("Location", "."+gorgon.Prefixes{Locales: languages}.Path(r.PostFormValue("locale"), "/guarded"))
	w.WriteHeader(http.StatusSeeOther)
}
