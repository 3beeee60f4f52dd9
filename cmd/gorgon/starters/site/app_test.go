// The site as visitors find it: every page answers, and an address that leads
// nowhere gets the error view.

package main

import (
	"net/http"
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
	site.Get("/robots.txt").Want(http.StatusOK, origin+"/sitemap.xml")
	if text := site.Get("/nowhere").Want(http.StatusNotFound).Text("main"); !strings.Contains(text, "There is no such page") {
		t.Errorf("the error view of a 404 says %q", text)
	}
}
