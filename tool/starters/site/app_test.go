// The site as visitors find it: every page answers, and an address that leads
// nowhere gets the error view.

package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/gorgontest"
)

func TestApp(t *testing.T) {
	site := gorgontest.Open(t, app())
	listed := site.Get("/sitemap.xml").Want(http.StatusOK).Find("loc")
	if listed.Length() < 3 {
		t.Errorf("the sitemap lists %d pages", listed.Length())
	}
	for _, page := range listed.EachIter() {
		site.Get(page.Text()).Want(http.StatusOK, `<html lang="en">`, "<title>", "<main", "<h1").WantCache(gorgontest.Hit)
	}
	for _, link := range site.Get("/").Links() {
		site.Get(link).Want(http.StatusOK)
	}
	var data struct{ Name string }
	home := site.Get("/").Want(http.StatusOK, `<meta property="og:image" content="`+origin, "<picture>", "srcset=")
	if err := json.Unmarshal([]byte(home.Find("script[type='application/ld+json']").Text()), &data); err != nil || data.Name == "" {
		t.Errorf("search engines read %+v, %v", data, err)
	}
	site.Get("/robots.txt").Want(http.StatusOK, origin+"/sitemap.xml")
	if text := site.Get("/nowhere").Want(http.StatusNotFound).Text("main"); !strings.Contains(text, "There is no such page") {
		t.Errorf("the error view of a 404 says %q", text)
	}
}

// The form is shown again with what was typed, until it is right.
func TestContact(t *testing.T) {
	site := gorgontest.Open(t, app())
	letter := url.Values{"name": {"Ada"}, "email": {"ada"}, "text": {"Short."}}
	again := site.Get("/contact").Submit("Send", letter).Want(http.StatusUnprocessableEntity, `value="Ada"`, "Short.", `id="sendLetter-email-error"`)
	letter.Set("email", "ada@example.com")
	letter.Set("text", "How patient is granite?")
	again.Submit("Send", letter).Want(http.StatusOK, "Your letter has arrived")
	site.Visitor().Get("/contact").Want(http.StatusOK).WantNot("Ada", "aria-invalid").WantCache(gorgontest.Hit)
}
