// The blog as visitors find it: every page answers, drafts are nowhere, and an
// address that leads nowhere gets the error view. What posts/ holds is yours:
// the tests want only that there is a post.

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/gorgontest"
)

func TestApp(t *testing.T) {
	posts, err := readPosts(below("posts"), false)
	if err != nil {
		t.Fatal(err)
	}
	if len(posts) == 0 {
		t.Fatal("posts/ has no post for visitors, so there is nothing to test: write one with a title and a date that has come, and without draft: true")
	}
	app, err := app()
	if err != nil {
		t.Fatal(err)
	}
	site := gorgontest.Open(t, app)

	listed := site.Get("/sitemap.xml").Want(http.StatusOK).Find("loc")
	if want := posts.pages() + len(posts) + len(posts.tags()); listed.Length() < want {
		t.Errorf("the sitemap lists %d pages, want at least %d", listed.Length(), want)
	}
	for _, page := range listed.EachIter() {
		site.Get(page.Text()).Want(http.StatusOK, `<html lang="en">`, "<title>", "<main", "<h1").WantCache(gorgontest.Hit)
	}
	feed := site.Get("/feed.xml").Want(http.StatusOK).WantHeader("Content-Type", "application/atom+xml").WantCache(gorgontest.Hit)
	for i, p := range posts {
		at := gorgon.EscapePath(p.Path)
		page := site.Get(at).Want(http.StatusOK, `<meta property="og:description"`)
		var data struct{ Headline, DatePublished string }
		if err := json.Unmarshal([]byte(page.Find("script[type='application/ld+json']").Text()), &data); err != nil || data.Headline != p.Title || data.DatePublished == "" {
			t.Errorf("%s: search engines read %+v, %v", at, data, err)
		}
		if p.Picture != "" {
			page.Want(http.StatusOK, `<meta property="og:image" content="`+origin, "<picture>", "srcset=")
		}
		if i < inFeed {
			feed.Want(http.StatusOK, "<id>"+origin+at+"</id>")
		}
	}
	site.Get("/robots.txt").Want(http.StatusOK, origin+"/sitemap.xml")
	if text := site.Get("/nowhere").Want(http.StatusNotFound).Text("main"); !strings.Contains(text, "There is no such page") {
		t.Errorf("the error view of a 404 says %q", text)
	}
}

// file is a post with a head and a text.
func file(head, text string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("---\n" + head + "\n---\n" + text)}
}

// Tags of any letters, addresses in the head, and a summary in the text.
func TestHeads(t *testing.T) {
	posts, err := readPosts(fstest.MapFS{
		"glass.md":          file("title: Glass\ndate: 2026-01-02\ntags: [bücher, c#, Two words]", "See [that][s].\n\n<!--more-->\n\nMore.\n\n[s]: /posts/2024/stone"),
		"2024/long-name.md": file("title: Stone\ndate: \"2024-05-06\"\nslug: stone\naliases: [/old/stone/, /p/1.html]\nsummary: By hand.", "It's *patient*.<!--more-->"),
	}, false)
	if err != nil {
		t.Fatal(err)
	}
	site := gorgontest.Open(t, site(posts))
	site.Get("/").Want(http.StatusOK, "<p>See that.</p>", "<p>By hand.</p>", `href="/tags/b%C3%BCcher"`, `href="/tags/c%23"`, `href="/tags/Two%20words"`)
	for _, tag := range []string{"b%C3%BCcher", "c%23", "Two%20words"} {
		site.Get("/tags/"+tag).Want(http.StatusOK, "Glass", `<link rel="canonical" href="`+origin+"/tags/"+tag).WantCache(gorgontest.Hit)
	}
	site.Get("/posts/glass").Want(http.StatusOK, `<a href="/posts/2024/stone">that</a>`, "More.").WantNot("<!--more", "raw HTML")
	site.Get("/posts/2024/long-name").Want(http.StatusNotFound)
	for _, old := range []string{"/old/stone/", "/p/1.html"} {
		site.Get(old).Want(http.StatusOK, "<h1>Stone</h1>")
	}
	site.Get("/feed.xml").Want(http.StatusOK, "<summary>See that.</summary>", "<summary>By hand.</summary>", `href=&#34;`+origin+`/posts/2024/stone&#34;`).WantNot("more--", "raw HTML")
}

func TestDraftsAndFaults(t *testing.T) {
	folder := fstest.MapFS{
		"old.md":   file("title: Old\ndate: 2025-01-01", "Text."),
		"new.md":   file("title: New\ndate: 2026-01-01T12:00:00+02:00", "Text."),
		"draft.md": file("title: Draft\ndraft: true", "Text."),
		"later.md": file("title: Later\ndate: 9999-01-01", "Text."),

		"2024/trip/index.md": file("title: Trip\ndate: 2024-01-01", "Text."),
		"2024/trip/map.txt":  {Data: []byte("no post")},
	}
	posts, err := readPosts(folder, false)
	if err != nil || len(posts) != 3 || posts[0].Path != "/posts/new" || posts[2].Path != "/posts/2024/trip" {
		t.Errorf("got %v, %v; want the three that are not held back, the newest first", posts, err)
	}
	if posts, err := readPosts(folder, true); err != nil || len(posts) != 5 || !posts[0].Held() || posts[1].Held() {
		t.Errorf("while they are written: got %v, %v; want the draft and the one to come, too", posts, err)
	}
	const title = "title: A\ndate: 2026-01-01\n"
	for head, want := range map[string]string{
		"date: 2026-01-01":                "no title",
		"title: A":                        "no date",
		"title: A\ndate: 31.12.2023":      `posts/a.md: line 3: date "31.12.2023": write 2023-12-31`,
		title + "tags: [a/b]":             `"a/b": a slug or tag is one part`,
		title + "tags: ['']":              `"": a slug or tag`,
		title + "tag: a":                  "line 4: field tag",
		title + "picture: a":              "alt",
		title + "slug: b/c":               `"b/c": a slug or tag`,
		title + "slug: b":                 "posts/b.md: posts/a.md has the address /posts/b",
		title + "url: /a":                 "slug",
		title + "aliases: [old]":          `alias "old": write a path`,
		title + "aliases: [\"/?p=1\"]":    "without a query",
		title + "aliases: [/posts/b/]":    "posts/b.md: posts/a.md has the address /posts/b",
		title + "aliases: [/]":            "posts/a.md: the first page has the address /:",
		title + "aliases: [/old/, /old/]": "the address /old:",
	} {
		folder := fstest.MapFS{"a.md": file(head, "Text."), "b.md": file("title: B\ndate: 2026-01-01", "Text.")}
		if _, err := readPosts(folder, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want it to say %s", head, err, want)
		}
	}
	for text, want := range map[string]string{
		"Text.":                        "posts/a.md: it has no head",
		"+++\ntitle = 'A'\n+++\nText.": "posts/a.md: its head is TOML, between lines of +++",
	} {
		if _, err := readPosts(fstest.MapFS{"a.md": {Data: []byte(text)}}, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to say %s", err, want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	below := func(reference string) (string, error) { return "/below" + reference, nil }
	for text, want := range map[string]string{
		"| a |\n|--:|\n| 1 |":       `<td align="right">1</td>`,
		"A[^1]\n\n[^1]: Note.":      `<div class="footnotes"`,
		"- [x] done":                `<input checked="" disabled="" type="checkbox"`,
		"[a](/posts/a)":             `<a href="/below/posts/a">`,
		"a\n\n<!--\nmore\n-->\n\nb": "<p>a</p>\n<p>b</p>",
		"a <!-- b -->c":             "<p>a c</p>",
		"a <em>b</em>":              "HTML",
		"<!-- a --> b":              "HTML",
		"<!-- a":                    "HTML",
		"<script>alert(1)</script>": "HTML",
	} {
		html, err := markdown(text, below)
		if said := string(html) + fmt.Sprint(err); !strings.Contains(said, want) || (want == "HTML") != (err != nil) || strings.Contains(said, "style=") || err == nil && strings.Contains(said, "<!--") {
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
