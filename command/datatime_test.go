// When the data of pages was read, against when their bytes say they were made.

package command_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/seed"
	"github.com/gorgon-go/gorgon/testbed"
)

// notesOf is an app whose one page shows what a file holds.
func notesOf(data string, rule func(*gorgon.Page[string])) gorgon.App {
	page := gorgon.Page[string]{
		Path: "/",
		Load: func(context.Context, gorgon.Input) (string, error) {
			b, err := os.ReadFile(data)
			return string(b), err
		},
		Tags: func(string) []string { return []string{"cms"} },
		View: func(s string) gorgon.Component { return gorgon.Text(s) },
	}
	if rule != nil {
		rule(&page)
	}
	return gorgon.App{Name: "notes", Error: func(f gorgon.Failure) gorgon.Component { return gorgon.Text(f.Title) }, Parts: []gorgon.Part{page}}
}

// answer serves a site until it has answered one request.
func answer(t *testing.T, app gorgon.App, args ...string) (body, status string) {
	t.Helper()
	addr, err := testbed.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		out := &screen{}
		command.Run(ctx, app, command.Config{Bundler: bundle.Bundler{}, Stores: drivers}, append([]string{"serve", "--addr", addr, "--drain", "0s"}, args...), out, out)
	}()
	defer func() { stop(); <-done }()
	for range 600 {
		res, err := http.Get("http://" + addr + "/")
		if err != nil {
			time.Sleep(50 * time.Millisecond) // the server starts
			continue
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b), res.Header.Get("Cache-Status")
	}
	t.Fatal("the server does not answer")
	return "", ""
}

// What a build has just made is newer than anything made before it, whatever
// time its bytes carry; and a page that was made since is newer than the build.
func TestWhatWasReadLaterWins(t *testing.T) {
	dir := t.TempDir()
	data, store := filepath.Join(dir, "data"), filepath.Join(dir, "store")
	write := func(s string) {
		if err := os.WriteFile(data, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	app := notesOf(data, nil)
	dist := filepath.Join(dir, "dist")
	old := strconv.FormatInt(time.Now().Add(-90*24*time.Hour).Unix(), 10) // of a commit
	build := func() {
		t.Helper()
		t.Setenv("SOURCE_DATE_EPOCH", old)
		if code, said := runs(t, app, time.Minute, "build", "--out", dist); code != 0 {
			t.Fatal(code, said)
		}
	}
	at := []string{"--dist", dist, "--store", "disk:" + store}
	wants := func(says string) {
		t.Helper()
		if body, status := answer(t, app, at...); !strings.Contains(body, ">"+says+"<") {
			t.Errorf("it answers %q, %s; want %q", body, status, says)
		}
	}
	write("v1")
	build()
	bytes1, err := os.ReadFile(filepath.Join(dist, "notes.seed"))
	if err != nil {
		t.Fatal(err)
	}
	wants("v1")
	write("v2")
	if code, said := runs(t, app, time.Minute, append([]string{"purge", "--tag", "cms", "--expire"}, at...)...); code != 0 {
		t.Fatal(code, said)
	}
	wants("v2") // made by the server, newer than the build
	wants("v2") // and read from the store
	// A build whose data is older than what the store has does not win …
	if code, said := runs(t, app, time.Minute, "build", "--out", dist, "--data-time", time.Now().Add(-time.Hour).Format(time.RFC3339)); code != 0 {
		t.Fatal(code, said)
	}
	write("v3")
	wants("v2")
	// … and one that reads its data now does, from the same commit.
	build()
	wants("v3")
	// The bytes are those of the first build, but for the data.
	write("v1")
	build()
	if again, err := os.ReadFile(filepath.Join(dist, "notes.seed")); err != nil || string(again) != string(bytes1) {
		t.Errorf("the seed's bytes are not reproducible: %v", err)
	}
}

// Times that disagree: a seed is as old as its data, one that is ahead of the
// clock counts as now, and a purge counts up to five minutes before it.
func TestClocksAheadAndBehind(t *testing.T) {
	const hour = time.Hour
	for name, test := range map[string]struct {
		bytes, data time.Duration // from now: what the build says, and when it read its data
		purged      bool
		rule        func(*gorgon.Page[string])
		fresh       bool
		warns       bool
	}{
		"of an old commit, with an interval": {bytes: -90 * 24 * hour, rule: func(p *gorgon.Page[string]) { p.RevalidateAfter = hour }, fresh: true},
		"of an old commit, with an end":      {bytes: -90 * 24 * hour, rule: func(p *gorgon.Page[string]) { p.RevalidateAfter, p.StaleFor = hour, hour }, fresh: true},
		"old data":                           {data: -2 * hour, rule: func(p *gorgon.Page[string]) { p.RevalidateAfter = hour }},
		"data of a clock that is ahead":      {data: hour, rule: func(p *gorgon.Page[string]) { p.RevalidateAfter = 30 * time.Minute }, fresh: true, warns: true},
		"a commit of a clock that is ahead":  {bytes: 24 * hour, rule: func(p *gorgon.Page[string]) { p.RevalidateAfter = hour }, fresh: true},
		"purged, and then built":             {purged: true},
		"purged, and built of later data":    {data: hour, purged: true, warns: true}, // it counts as now, which is within five minutes
		"purged before old data":             {data: -hour, purged: true},
		"never purged":                       {bytes: -24 * hour, data: -hour, fresh: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			data, dist, store := filepath.Join(dir, "data"), filepath.Join(dir, "dist"), filepath.Join(dir, "store")
			if err := os.WriteFile(data, []byte("here"), 0o600); err != nil {
				t.Fatal(err)
			}
			app := notesOf(data, test.rule)
			now := time.Now()
			if test.purged {
				s, err := disk.Open(store, disk.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := s.Bump(t.Context(), pages.Stale, pages.TagSubject("cms")); err != nil {
					t.Fatal(err)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("SOURCE_DATE_EPOCH", strconv.FormatInt(now.Add(test.bytes).Unix(), 10))
			args := []string{"build", "--out", dist}
			if test.data != 0 {
				args = append(args, "--data-time", now.Add(test.data).Format(time.RFC3339Nano))
			}
			if code, said := runs(t, app, time.Minute, args...); code != 0 {
				t.Fatal(code, said)
			}
			code, said := runs(t, app, time.Minute, "why", "/", "--dist", dist, "--store", "disk:"+store, "--json")
			if code != 0 {
				t.Fatal(code, said)
			}
			if fresh := strings.Contains(said, `"phase": "fresh"`); fresh != test.fresh {
				t.Errorf("fresh: %v, want %v\n%s", fresh, test.fresh, said)
			}
			if warns := strings.Contains(said, "ahead of this machine"); warns != test.warns {
				t.Errorf("warns: %v, want %v\n%s", warns, test.warns, said)
			}
			// The bytes say what they were told to.
			s, err := seed.Open(filepath.Join(dist, "notes.seed"))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			e, err := s.Entry(pages.Key{Route: "/", Path: "/"})
			if err != nil || e.ModifiedAt.Unix() != now.Add(test.bytes).Unix() {
				t.Errorf("it was modified at %v: %v", e.ModifiedAt, err)
			}
		})
	}
}

func TestDataTimeIsChecked(t *testing.T) {
	code, said := runs(t, notesOf("", nil), time.Minute, "build", "--data-time", "yesterday", "--out", t.TempDir())
	if code != 2 || !strings.Contains(said, "2026-01-31T12:00:00Z") {
		t.Errorf("%d\n%s", code, said)
	}
}
