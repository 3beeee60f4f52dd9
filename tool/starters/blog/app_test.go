// The blog as visitors find it: every page answers, drafts are nowhere, and an
// address that leads nowhere gets the error view.

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gorgon-go/gorgon/gorgontest"
)

func TestApp(t *testing.T) {
	posts, err := readPosts(below("posts"), false)
	if err != nil {
		t.Fatal(err)
	}
	app, err := app()
	if err != nil {
		t.Fatal(err)
	}
	site := gorgontest.Open(t, app)

	listed := site.Get("/sitemap.xml").Want(http.StatusOK).Find("loc")
	if want := posts.pages() + len(posts) + len(posts.tags()); listed.Length() != want {
		t.Errorf("the sitemap lists %d pages, want %d", listed.Length(), want)
	}
	for _, page := range listed.EachIter() {
		site.Get(page.Text()).Want(http.StatusOK, `<html lang="en">`, "<title>", "<main", "<h1").WantCache(gorgontest.Hit)
	}
	feed := site.Get("/feed.xml").Want(http.StatusOK)
	for _, p := range posts {
		feed.Want(http.StatusOK, "<id>"+origin+"/posts/"+p.Slug+"</id>")
	}
	var data struct{ Headline, DatePublished string }
	post := site.Get("/posts/"+posts[0].Slug).Want(http.StatusOK, `<meta property="og:description"`)
	if err := json.Unmarshal([]byte(post.Find("script[type='application/ld+json']").Text()), &data); err != nil || data.Headline != posts[0].Title || data.DatePublished == "" {
		t.Errorf("search engines read %+v, %v", data, err)
	}
	site.Get("/posts/hello").Want(http.StatusOK, `<meta property="og:image" content="`+origin, "<picture>", "srcset=")
	feed.Want(http.StatusOK, `href=&#34;`+origin+`/posts/`).WantHeader("Content-Type", "application/atom+xml").WantCache(gorgontest.Hit)
	site.Get("/robots.txt").Want(http.StatusOK, origin+"/sitemap.xml")
	if text := site.Get("/nowhere").Want(http.StatusNotFound).Text("main"); !strings.Contains(text, "There is no such page") {
		t.Errorf("the error view of a 404 says %q", text)
	}
}

func TestDraftsAndFaults(t *testing.T) {
	head := func(text string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("---\n" + text + "\n---\nText.")}
	}
	folder := fstest.MapFS{
		"old.md":   head("title: Old\ndate: 2025-01-01"),
		"new.md":   head("title: New\ndate: 2026-01-01"),
		"draft.md": head("title: Draft\ndraft: true"),

		"2024/trip/index.md": head("title: Trip\ndate: 2024-01-01"),
		"2024/trip/map.txt":  {Data: []byte("no post")},
	}
	posts, err := readPosts(folder, false)
	if err != nil || len(posts) != 3 || posts[0].Slug != "new" || posts[2].Slug != "2024/trip" {
		t.Errorf("got %v, %v; want the three that are not drafts, the newest first", posts, err)
	}
	if posts, err := readPosts(folder, true); err != nil || len(posts) != 4 {
		t.Errorf("while it is written: got %v, %v; want the draft, too", posts, err)
	}
	for text, want := range map[string]string{
		"date: 2026-01-01": "no title",
		"title: A":         "no date",
		"title: A\ndate: 2026-01-01\ntags: [A B]": "lower-case",
		"title: A\ndate: 2026-01-01\ntag: a":      "line 4: field tag",
		"title: A\ndate: 2026-01-01\npicture: a":  "alt",
	} {
		if _, err := readPosts(fstest.MapFS{"a.md": head(text)}, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want it to say %s", text, err, want)
		}
	}
	if _, err := readPosts(fstest.MapFS{"a.md": {Data: []byte("Text.")}}, false); err == nil || !strings.Contains(err.Error(), "posts/a.md: it has no head") {
		t.Errorf("got %v", err)
	}
}

func TestMarkdown(t *testing.T) {
	same := func(reference string) (string, error) { return reference, nil }
	for text, want := range map[string]string{
		"| a |\n|--:|\n| 1 |":         `<td align="right">1</td>`,
		"A[^1]\n\n[^1]: Note.":        `<div class="footnotes"`,
		"- [x] done":                  `<input checked="" disabled="" type="checkbox"`,
		"a\n\n<!-- more -->\n\n~~b~~": `<del>b</del>`,
		"a <em>b</em>":                "HTML",
		"<script>alert(1)</script>":   "HTML",
	} {
		html, err := markdown(text, same)
		if said := string(html) + fmt.Sprint(err); !strings.Contains(said, want) || (want == "HTML") != (err != nil) || strings.Contains(said, "style=") {
			t.Errorf("%q: %s, want %s", text, said, want)
		}
	}
}

func TestPages(t *testing.T) {
	b := make(blog, 2*perPage+1)
	if n := b.pages(); n != 3 {
		t.Fatalf("%d pages, want 3", n)
	}
	for n, want := range map[int]list{1: {Older: "/page/2"}, 2: {Newer: "/", Older: "/page/3"}, 3: {Newer: "/page/2"}} {
		if l := b.page(n); l.Newer != want.Newer || l.Older != want.Older || n == 3 && len(l.Posts) != 1 {
			t.Errorf("page %d: %d posts, newer %q, older %q", n, len(l.Posts), l.Newer, l.Older)
		}
	}
	if n := (blog{}).pages(); n != 1 {
		t.Errorf("an empty blog has %d pages", n)
	}
}
