package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/mem"
)

type order struct {
	ID    string
	Total int
}

func send(context.Context, order) error { return nil }

// An app adds jobs; here to a queue in memory, in an app to what jobdb.In(db)
// returns, or in a transaction to queue.In(tx).
func ExampleJob_Add() {
	receipt := jobs.Job[order]{Name: "receipt", Run: send, Key: func(o order) string { return o.ID }}
	queue := mem.NewJobs()
	first, err := receipt.Add(context.Background(), queue, order{ID: "7", Total: 12})
	fmt.Println(first.Existed, err)
	again, err := receipt.Add(context.Background(), queue, order{ID: "7"}, jobs.After(time.Minute))
	fmt.Println(again.Existed, again.ID == first.ID, err)
	// Output:
	// false <nil>
	// true true <nil>
}

func ExampleThen() {
	resize := jobs.Job[string]{Name: "resize", Run: func(context.Context, string) error { return nil }}
	notify := jobs.Job[string]{Name: "notify", Run: func(context.Context, string) error { return nil }}
	next, err := notify.New("cat.jpg")
	if err != nil {
		fmt.Println(err)
	}
	added, err := resize.Add(context.Background(), mem.NewJobs(), "cat.jpg", jobs.Then(next))
	fmt.Println(added.ID, err)
	// Output: 1 <nil>
}

// What is wrong with a job is said when the app is checked, with what to do.
func TestFaults(t *testing.T) {
	run := func(context.Context, int) error { return nil }
	key := func(int) string { return "" }
	for want, j := range map[string]jobs.Job[int]{
		`Name ""`:                         {Run: run},
		`Name "Receipt"`:                  {Name: "Receipt", Run: run},
		`Name "service/x"`:                {Name: "service/x", Run: run},
		"there is no Run":                 {Name: "a"},
		"Every and Cron":                  {Name: "a", Run: run, Every: time.Hour, Cron: "@daily"},
		"use a second or more":            {Name: "a", Run: run, Every: time.Millisecond},
		"no date in five years":           {Name: "a", Run: run, Cron: "0 0 31 2 *"},
		"name it in the field In":         {Name: "a", Run: run, Cron: "TZ=UTC 0 0 * * *"},
		"In is the location of Cron":      {Name: "a", Run: run, In: time.UTC},
		"a series is one job: remove Key": {Name: "a", Run: run, Every: time.Hour, Key: key},
		"a series is never done":          {Name: "a", Run: run, Every: time.Hour, Keep: time.Hour},
		"how long Key holds":              {Name: "a", Run: run, UntilDone: true},
		"is below zero":                   {Name: "a", Run: run, Limit: -1},
		`need "moon" is not known`:        {Name: "a", Run: run, Needs: []gorgon.Need{"moon"}},
	} {
		app := gorgon.App{Name: "a", Parts: []gorgon.Part{j, gorgon.Page[int]{Path: "/", View: func(int) gorgon.Component { return gorgon.Text("") }}}}
		if err := app.Validate(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "job "+j.Name) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	page := gorgon.Page[int]{Path: "/", View: func(int) gorgon.Component { return gorgon.Text("") }}
	good := jobs.Job[int]{Name: "a", Run: run}
	for want, parts := range map[string][]gorgon.Part{
		"two have this name": {good, good, page},
		"it has no guards":   {gorgon.Group{Guards: []func(http.Handler) http.Handler{func(h http.Handler) http.Handler { return h }}, Parts: []gorgon.Part{good}}, page},
	} {
		if err := (gorgon.App{Name: "a", Parts: parts}).Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if err := (gorgon.App{Name: "a", Parts: []gorgon.Part{gorgon.Group{Prefix: "/x", Parts: []gorgon.Part{good}}, page}}).Validate(); err != nil {
		t.Error(err)
	}
}

// What cannot be stored is refused before a store is asked, and is not in the
// error.
func TestRefused(t *testing.T) {
	secret := strings.Repeat("hunter2", 20_000)
	large := jobs.Job[string]{Name: "large", Run: func(context.Context, string) error { return nil }}
	if _, err := large.New(secret); !errors.Is(err, jobs.ErrInvalid) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("large arguments: %.200v", err)
	}
	odd := jobs.Job[func()]{Name: "odd", Run: func(context.Context, func()) error { return nil }}
	if _, err := odd.New(func() {}); err == nil || !strings.Contains(err.Error(), "odd") {
		t.Errorf("arguments that JSON has not: %v", err)
	}
	keyed := jobs.Job[string]{Name: "keyed", Key: func(s string) string { return s }, Run: func(context.Context, string) error { return nil }}
	if _, err := keyed.New(secret[:1000]); !errors.Is(err, jobs.ErrInvalid) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a large key: %v", err)
	}
}

// The errors of a job are bounded, whole lines, and the last ones.
func FuzzAddError(f *testing.F) {
	f.Add("fails", 3)
	f.Add("two\nlines\x00\xff", 40)
	f.Add(strings.Repeat("ü", 3000), 10)
	f.Fuzz(func(t *testing.T, text string, n int) {
		all := ""
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		for i := range max(1, min(n, 50)) {
			all = jobs.AddError(all, at, i+1, text)
			if len(all) > jobs.MaxErrors || !utf8.ValidString(all) || strings.Contains(all, "\x00") || !strings.HasSuffix(all, "\n") {
				t.Fatalf("%d bytes after attempt %d: %q", len(all), i+1, all)
			}
			if !strings.Contains(all, fmt.Sprintf("2026-01-02T03:04:05Z attempt %d: ", i+1)) {
				t.Fatalf("attempt %d is missing: %q", i+1, all)
			}
		}
	})
}
