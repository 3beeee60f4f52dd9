// A guard that redirects visitors to sign in.

package gorgontest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/gorgontest"
)

// signedIn shows a page to visitors who have signed in, and redirects others to
// the sign-in page. r.URL is the page's, even if a script in the browser
// requests one of its parts, so the way back leads to the page.
func signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("session"); err != nil || c.Value != "known" {
			back := url.Values{"next": {r.URL.RequestURI()}}
			http.Redirect(w, r, "/sign-in?"+back.Encode(), http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// membersOnly is a site with one page for members.
func membersOnly() gorgon.App {
	show := func(html string) func(string) gorgon.Component {
		return func(string) gorgon.Component { return gorgon.HTML(html) }
	}
	return gorgon.App{
		Name:       "club",
		Navigation: &gorgon.Navigation{},
		Parts: []gorgon.Part{
			gorgon.Page[string]{Path: "/", View: show(`<a href="/members?tab=1">Members</a>`)},
			gorgon.Page[string]{Path: "/members", Guards: []func(http.Handler) http.Handler{signedIn}, View: show("<h1>Members</h1>")},
			gorgon.Page[string]{Path: "/sign-in", View: show("<h1>Sign in</h1>")},
			gorgon.Handler{Pattern: "POST /sign-in", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.SetCookie(w, &http.Cookie{Name: "session", Value: "known", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
				to := r.FormValue("next")
				if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, `\`) {
					to = "/" // it came from the visitor
				}
				http.Redirect(w, r, to, http.StatusSeeOther)
			})},
		},
	}
}

// A guard that redirects visitors to sign in, with navigation on: the payload
// that the click requests is answered with a redirect, so the browser loads the
// whole page, and ends at the sign-in page.
func Example_signIn() {
	site := gorgontest.Open(t, membersOnly())
	click := site.Get("/").Navigate("/members?tab=1")
	fmt.Println(click.Payload.Status, click.Text("h1"), click.URL)
	fmt.Println(click.Payload.Header.Get("Cache-Control"))

	in := site.Post("/sign-in", url.Values{"next": {click.URL.Query().Get("next")}})
	fmt.Println(in.Text("h1"), in.URL)
	fmt.Println(in.Header.Get("Cache-Control"))
	// Output:
	// 303 Sign in http://gorgon.test/sign-in?next=%2Fmembers%3Ftab%3D1
	// private, no-store
	// Members http://gorgon.test/members?tab=1
	// private, no-store
}
