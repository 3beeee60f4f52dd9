// A page that goes stale under load, whose generator is slow, then fails,
// then is repaired.

package e2e_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/e2e/internal/site"
)

const timed = "/timed/page"

func TestStaleUnderLoad(t *testing.T) {
	s := newStand(t, self(t))
	s.env = append(s.env, site.EnvInterval+"=3s")
	s.build()
	v := s.serve()
	v.want(timed, "stored")
	s.set(site.Delay, "2s")
	s.set(site.Data, "second")
	stop := load(t, 20, func(int) (answer, error) {
		a, _, err := v.page(timed)
		return a, err
	})
	until(t, "the page is made again", func() bool { return s.makings(timed) == 2 })
	if shown := v.want(timed, "detail=stale"); shown.Data != "first" {
		t.Errorf("meanwhile it shows %q", shown.Data)
	}
	until(t, "the new page is there", func() bool {
		_, shown, err := v.page(timed)
		return err == nil && shown.Data == "second"
	})
	if n := s.makings(timed); n != 2 {
		t.Errorf("it was made %d times, and not twice", n)
	}
	s.clear(site.Delay)

	// What fails leaves the last good page, and waits before it tries again.
	failing := time.Now()
	s.set(site.Data, "third")
	s.set(site.Fail, "the database is being moved")
	s.purge("--path", timed)
	var report cache.Report
	until(t, "the failure is known to another process", func() bool {
		report = s.why(timed)
		return len(report.Copies) > 0 && report.Copies[0].Failures > 0
	})
	c := report.Copies[0]
	if c.Place != "store" || !strings.Contains(c.Failure, "the database is being moved") || c.RetryAt.Before(failing.Add(2*time.Second)) {
		t.Errorf("why says %+v", c)
	}
	if shown := v.want(timed, "detail=stale"); shown.Data != "second" {
		t.Errorf("after the failure it shows %q", shown.Data)
	}
	if tries, most := s.makings(timed)-2, 1+int(time.Since(failing)/(2*time.Second)); tries > most {
		t.Errorf("it was tried %d times in %v", tries, time.Since(failing))
	}

	s.clear(site.Fail)
	until(t, "it heals by itself", func() bool {
		_, shown, err := v.page(timed)
		return err == nil && shown.Data == "third"
	})
	until(t, "and that is known", func() bool {
		report := s.why(timed)
		return report.Copies[0].Failures == 0 && report.Copies[0].Failure == ""
	})
	asked, longest := stop()
	if longest > time.Second {
		t.Errorf("a visitor waited %v", longest)
	}
	t.Logf("%d requests, the longest took %v", asked, longest)
	v.stop()
}

// why asks the program about a path, in a process of its own.
func (s *stand) why(path string) cache.Report {
	s.t.Helper()
	out := s.run("why", "--json", "--dist", s.dist, "--store", s.store, path)
	var report cache.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		s.t.Fatal(fmt.Errorf("%w:\n%s", err, out))
	}
	return report
}
