// The blog as visitors find it: every page answers, drafts are nowhere, and an
// address that leads nowhere gets the error view.

package main

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gorgon-go/gorgon/gorgontest"
)

func TestApp(t *testing.T) {
	posts, err := readPosts(below("posts"))
	if err != nil {
		t.Fatal(err)
	}
	app, err := app()
	if err != nil {
		t.Fatal(err)
	}
	site := gorgontest.Open(t, app)

	listed := site.Get("/sitemap.xml").Want(http.StatusOK).Find("loc")
	if want := 1 + len(posts) + len(posts.tags()); listed.Length() != want {
		t.Errorf("the sitemap lists %d pages, want %d", listed.Length(), want)
	}
	for _, page := range listed.EachIter() {
		site.Get(page.Text()).Want(http.StatusOK, `<html lang="en">`, "<title>", "<main", "<h1").WantCache(gorgontest.Hit)
	}
	feed := site.Get("/feed.xml").Want(http.StatusOK)
	for _, p := range posts {
		feed.Want(http.StatusOK, "<id>"+origin+"/posts/"+p.Slug+"</id>")
	}
	site.Get("/robots.txt").Want(http.StatusOK, origin+"/sitemap.xml")
	if text := site.Get("/nowhere").Want(http.StatusNotFound).Text("main"); !strings.Contains(text, "There is no such page") {
		t.Errorf("the error view of a 404 says %q", text)
	}
}

func TestDraftsAndFaults(t *testing.T) {
	head := func(text string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("---\n" + text + "\n---\nText.")}
	}
	posts, err := readPosts(fstest.MapFS{
		"old.md":   head("title: Old\ndate: 2025-01-01"),
		"new.md":   head("title: New\ndate: 2026-01-01"),
		"draft.md": head("title: Draft\ndraft: true"),
	})
	if err != nil || len(posts) != 2 || posts[0].Slug != "new" {
		t.Errorf("got %v, %v; want the two that are no drafts, the newest first", posts, err)
	}
	for text, want := range map[string]string{
		"date: 2026-01-01": "no title",
		"title: A":         "no date",
		"title: A\ndate: 2026-01-01\ntags: [A B]": "lower-case",
		"title: A\ndate: 2026-01-01\ntag: a":      "tag",
	} {
		if _, err := readPosts(fstest.MapFS{"a.md": head(text)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want it to say %s", text, err, want)
		}
	}
	if _, err := readPosts(fstest.MapFS{"a.md": {Data: []byte("Text.")}}); err == nil || !strings.Contains(err.Error(), "posts/a.md: it has no head") {
		t.Errorf("got %v", err)
	}
}
