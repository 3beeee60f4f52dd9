// What a site says of the times between requests.

package deploy_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/plan"
)

// Where instances are suspended, requests run the jobs that they add, and the
// maintain command the others, each minute; elsewhere instances do, and nothing is
// to be set. An app without jobs is called as rarely as its services allow.
func TestSuspended(t *testing.T) {
	job := jobs.Job[int]{Name: "mail", Run: func(context.Context, int) error { return nil }}
	daily := gorgon.Service{Name: "digest", Every: 24 * time.Hour, Run: func(context.Context) error { return nil }}
	elastic := plan.Target{Offers: plan.Offers{Process: true, Elastic: true, Frozen: plan.UnlessPaid, Schedule: "a scheduler"}}
	for _, c := range []struct {
		name     string
		parts    []gorgon.Part
		alwaysOn bool
		set      string
		every    time.Duration
	}{
		{"jobs", []gorgon.Part{job, daily}, false, "GORGON_ROLE=web GORGON_WORK_AFTER=10s", time.Minute},
		{"no jobs", []gorgon.Part{daily}, false, "GORGON_ROLE=web", time.Hour},
		{"jobs, paid for", []gorgon.Part{job}, true, "", time.Hour},
	} {
		app := plan.Describe(gorgon.App{Name: "test", Parts: c.parts})
		s := deploy.Site{App: app, Outcome: plan.Judge(app, elastic, plan.Setting{AlwaysOn: c.alwaysOn})}
		var set []string
		for _, v := range s.Suspended() {
			if v.Secret || v.For == "" {
				t.Errorf("%s: %+v is a secret, or says nothing", c.name, v)
			}
			set = append(set, v.Name+"="+v.Value)
		}
		if got := strings.Join(set, " "); got != c.set || s.Every() != c.every {
			t.Errorf("%s: %q is set, and maintain called each %s; want %q and %s", c.name, got, s.Every(), c.set, c.every)
		}
	}
}
