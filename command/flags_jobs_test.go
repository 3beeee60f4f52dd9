//go:build unix

// The effects of the flags and variables of jobs.

package command_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/mem"
)

// works gives the program a queue and a job, which takes a time, and a handler
// that adds one.
func (x *trial) works(takes time.Duration) (ran *atomic.Int64) {
	ran = new(atomic.Int64)
	queue := mem.NewJobs()
	x.queue = queue
	job := jobs.Job[int]{Name: "job", Run: func(ctx context.Context, _ int) error {
		select {
		case <-time.After(takes):
			ran.Add(1)
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}}
	if x.parts == nil {
		x.parts = x.app.Parts
	}
	x.app.Parts = append(slices.Clone(x.parts), job, gorgon.Handler{Pattern: "POST /add", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := job.Add(r.Context(), queue, 1); err != nil {
			http.Error(w, err.Error(), 500)
		}
	})})
	return ran
}

// lasting is a queue that stays open when the program ends.
type lasting struct{ jobs.Store }

func (lasting) Close() error { return nil }

// worked gives the program a queue with a job that is dead, and one that waits.
func (x *trial) worked() (dead, waits string) {
	x.works(0)
	x.queue = lasting{x.queue}
	added, err := x.queue.Add(x.Context(), jobs.New{Kind: "job"}, jobs.New{Kind: "job", After: time.Hour})
	if err != nil {
		x.Fatal(err)
	}
	taken, err := x.queue.Take(x.Context(), jobs.Ask{Worker: "w", Lease: time.Hour, Wants: []jobs.Want{{Kind: "job", N: 1}}})
	if err == nil {
		_, err = x.queue.Finish(x.Context(), jobs.Outcome{Ref: taken[0].Ref, Ending: jobs.Dead, Error: "1970"})
	}
	if err != nil {
		x.Fatal(err)
	}
	return strconv.FormatInt(added[0].ID, 10), strconv.FormatInt(added[1].ID, 10)
}

// posts sends a POST without a body.
func (s *server) posts(path string, key string) (status int, body string) {
	s.Helper()
	r, err := http.NewRequest("POST", s.url+path, nil)
	if err != nil {
		s.Fatal(err)
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := insecure.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	return res.StatusCode, string(data)
}

// waiting is how many jobs wait.
func (s *server) waiting() int {
	s.Helper()
	list, err := s.queue.List(s.Context(), jobs.Filter{Kind: "job"})
	if err != nil {
		s.Fatal(err)
	}
	return len(list)
}

func checksOfJobs() map[string]func(*trial) {
	// after checks that a request runs what it has added, if serve is told so.
	after := func(x *trial, tells func(*trial) (args []string)) {
		ran := x.works(0)
		s := x.serves("--role", "web")
		if status, body := s.posts("/add", ""); status != 200 || s.waiting() != 1 || ran.Load() != 0 {
			x.Errorf("without it: %d %s, %d wait, %d have run", status, body, s.waiting(), ran.Load())
		}
		s.end()
		ran = x.works(0)
		s = x.serves(append([]string{"--role", "web"}, tells(x)...)...)
		if status, body := s.posts("/add", ""); status != 200 {
			x.Errorf("%d %s", status, body)
		}
		for s.waiting() > 0 && x.Context().Err() == nil {
			time.Sleep(time.Millisecond)
		}
		s.end()
		if ran.Load() != 1 {
			x.Errorf("%d have run", ran.Load())
		}
	}
	return map[string]func(*trial){
		"serve --work-after": func(x *trial) {
			after(x, func(*trial) []string { return []string{"--work-after", "10s"} })
			x.fails(2, "--work-after -1s", "serve", "--work-after", "-1s")
		},
		"GORGON_WORK_AFTER": func(x *trial) {
			after(x, func(x *trial) []string { x.Setenv("GORGON_WORK_AFTER", "10s"); return nil })
		},
		"GORGON_TICK_KEY": func(x *trial) {
			ran := x.works(0)
			x.Setenv("GORGON_TICK_KEY", "tick key")
			s := x.serves("--role", "web")
			s.posts("/add", "")
			for _, key := range []string{"", "another"} {
				if status, body := s.posts("/_gorgon/tick", key); status != 403 || strings.Contains(body, "tick key") {
					x.Errorf("with the key %q: %d %s", key, status, body)
				}
			}
			if ran.Load() != 0 {
				x.Error("a caller without the key runs jobs")
			}
			if status, body := s.posts("/_gorgon/tick", "tick key"); status != 200 || !strings.Contains(body, `{"ran":2,"failed":0,"due":0,"next":`) || ran.Load() != 1 { // the service is the other one
				x.Errorf("%d %s, %d have run", status, body, ran.Load())
			}
			s.wants("/_gorgon/tick", 405, "")
		},
		"jobs --kind": func(x *trial) {
			x.worked()
			x.says("job", "jobs", "--kind", "job")
			x.says("there are none", "jobs", "--kind", "other")
		},
		"jobs --state": func(x *trial) {
			x.worked()
			x.says("1970", "jobs", "--state", "dead")
			x.says("there are none", "jobs", "--state", "running")
			x.fails(2, "--state \"odd\"", "jobs", "--state", "odd")
		},
		"jobs --limit": func(x *trial) {
			x.worked()
			if lines := strings.Count(x.does("jobs", "--kind", "job", "--limit", "1"), "\n"); lines != 2 {
				x.Errorf("%d lines", lines)
			}
			x.fails(2, "--limit 0", "jobs", "--limit", "0")
		},
		"jobs --retry": func(x *trial) {
			dead, waits := x.worked()
			x.says("retried: 1 job\n", "jobs", dead, "--retry")
			x.says("retried: 0 jobs\n1 job left as they are", "jobs", waits, "--retry")
			x.says("waiting", "jobs", dead)
			x.fails(2, "say which jobs", "jobs", "--retry")
		},
		"jobs --now": func(x *trial) {
			dead, waits := x.worked()
			x.says("due: 1 job\n", "jobs", waits, "--now")
			x.says("due: 0 jobs\n1 job left as they are", "jobs", dead, "--now")
			if list, err := x.queue.List(x.Context(), jobs.Filter{State: jobs.Waiting}); err != nil || len(list) != 1 || list[0].Due.After(time.Now()) {
				x.Errorf("%+v: %v", list, err)
			}
			x.fails(2, "say which jobs", "jobs", "--now")
			x.fails(2, "exclude each other", "jobs", waits, "--now", "--retry")
		},
		"jobs --cancel": func(x *trial) {
			_, waits := x.worked()
			x.says("cancelled: 1 job\n", "jobs", waits, "--cancel")
			x.fails(1, "there is no job "+waits, "jobs", waits)
			x.fails(2, "exclude each other", "jobs", waits, "--cancel", "--retry")
			x.fails(2, "use one of them", "jobs", waits, "--kind", "job")
			x.fails(2, "is not the ID", "jobs", "x")
		},
		"jobs --remove": func(x *trial) {
			dead, waits := x.worked()
			x.says("removed: 0 jobs\n1 job left as they are", "jobs", waits, "--remove")
			x.says("removed: 1 job\n", "jobs", "--state", "dead", "--remove")
			x.fails(1, "there is no job "+dead, "jobs", dead)
			x.fails(2, "exclude each other", "jobs", waits, "--remove", "--cancel")
			x.fails(2, "say which jobs", "jobs", "--remove")
		},
		"jobs --json": func(x *trial) {
			x.worked()
			isJSON("jobs")(x)
			isJSON("jobs", "--kind", "job")(x)
			isJSON("jobs", "--kind", "job", "--retry")(x)
		},
		"maintain --work-for": func(x *trial) {
			for text, budget := range map[string]string{"1 job run, 1 of them failed": "100ms", "2 jobs run\n": "1m"} {
				x.works(time.Second)
				if _, err := x.queue.Add(x.Context(), jobs.New{Kind: "job", Args: []byte("1")}); err != nil {
					x.Fatal(err)
				}
				if strings.HasPrefix(text, "1") { // the service is another one
					text = strings.Replace(text, "1 job", "2 jobs", 1)
				}
				x.says(text, "maintain", "--store", "none", "--work-for", budget)
			}
			x.fails(2, "--work-for 0s", "maintain", "--work-for", "0s")
		},
	}
}
