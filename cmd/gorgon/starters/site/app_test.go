// The site as visitors find it: every page answers, and an address that leads
// nowhere gets the error view.

package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/command"
)

func TestApp(t *testing.T) {
	site := serve(t)

	sitemap := get(t, site+"/sitemap.xml", http.StatusOK)
	listed := regexp.MustCompile(`<loc>`+regexp.QuoteMeta(origin)+`([^<]*)</loc>`).FindAllStringSubmatch(sitemap, -1)
	if len(listed) < 3 {
		t.Errorf("the sitemap lists %d pages:\n%s", len(listed), sitemap)
	}
	for _, page := range listed {
		body := get(t, site+page[1], http.StatusOK)
		for _, want := range []string{`<html lang="en">`, "<title>", "<main", "<h1"} {
			if !strings.Contains(body, want) {
				t.Errorf("%s has no %s", page[1], want)
			}
		}
	}
	if !strings.Contains(get(t, site+"/robots.txt", http.StatusOK), origin+"/sitemap.xml") {
		t.Error("robots.txt does not name the sitemap")
	}
	if body := get(t, site+"/nowhere", http.StatusNotFound); !strings.Contains(body, "There is no such page") {
		t.Errorf("the error view of a 404 is %s", body)
	}
}

// serve runs the app as its own command does, at a free port, and returns its URL.
func serve(t *testing.T) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	log, write := io.Pipe()
	ended := make(chan int, 1)
	dir := t.TempDir()
	go func() {
		code := command.Run(ctx, app(), config, []string{"serve", "--addr", "127.0.0.1:0", "--dist", dir, "--store", "disk:" + dir + "/store"}, io.Discard, write)
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
		if _, at, ok := strings.Cut(lines.Text(), "serving starter-site at "); ok {
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
