// The blog as visitors find it: every page answers, drafts are nowhere, and an
// address that leads nowhere gets the error view.

package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gorgon-go/gorgon/command"
)

func TestApp(t *testing.T) {
	posts, err := readPosts(below("posts"))
	if err != nil {
		t.Fatal(err)
	}
	site := serve(t)

	sitemap := get(t, site+"/sitemap.xml", http.StatusOK)
	listed := regexp.MustCompile(`<loc>`+regexp.QuoteMeta(origin)+`([^<]*)</loc>`).FindAllStringSubmatch(sitemap, -1)
	if want := 1 + len(posts) + len(posts.tags()); len(listed) != want {
		t.Errorf("the sitemap lists %d pages, want %d:\n%s", len(listed), want, sitemap)
	}
	for _, page := range listed {
		body := get(t, site+page[1], http.StatusOK)
		for _, want := range []string{`<html lang="en">`, "<title>", "<main", "<h1"} {
			if !strings.Contains(body, want) {
				t.Errorf("%s has no %s", page[1], want)
			}
		}
	}
	for _, p := range posts {
		if !strings.Contains(get(t, site+"/feed.xml", http.StatusOK), "<id>"+origin+"/posts/"+p.Slug+"</id>") {
			t.Errorf("the feed does not have %s", p.Slug)
		}
	}
	if !strings.Contains(get(t, site+"/robots.txt", http.StatusOK), origin+"/sitemap.xml") {
		t.Error("robots.txt does not name the sitemap")
	}
	if body := get(t, site+"/nowhere", http.StatusNotFound); !strings.Contains(body, "There is no such page") {
		t.Errorf("the error view of a 404 is %s", body)
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

// serve runs the app as its own command does, at a free port, and returns its URL.
func serve(t *testing.T) string {
	t.Helper()
	app, err := app()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	log, write := io.Pipe()
	ended := make(chan int, 1)
	dir := t.TempDir()
	go func() {
		code := command.Run(ctx, app, config, []string{"serve", "--addr", "127.0.0.1:0", "--dist", dir, "--store", "disk:" + dir + "/store"}, io.Discard, write)
		_ = write.Close()
		ended <- code
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != command.OK {
			t.Errorf("serve ended with exit code %d", code)
		}
	})
	lines, said := bufio.NewScanner(log), ""
	for lines.Scan() {
		said += lines.Text() + "\n"
		if _, at, ok := strings.Cut(lines.Text(), "serving starter-blog at "); ok {
			go func() { _, _ = io.Copy(io.Discard, log) }()
			url, _, _ := strings.Cut(at, " ")
			return strings.TrimSuffix(url, "/")
		}
	}
	t.Fatalf("it does not serve:\n%s", said)
	return ""
}

// get asks for a URL and wants a status; it returns the body.
func get(t *testing.T, url string, status int) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != status {
		t.Errorf("%s: status %d, want %d:\n%s", url, res.StatusCode, status, body)
	}
	return string(body)
}
