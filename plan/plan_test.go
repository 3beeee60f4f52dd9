// Verdicts: each a small app in one place.

package plan_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/plan"
)

var (
	files     = plan.Place{Name: "files"}
	machine   = plan.Place{Name: "machine", Offers: plan.Offers{Process: true, Single: true, Disk: plan.KeptFiles, OpenFor: plan.Always, Schedule: "a timer"}}
	container = plan.Place{Name: "container", Offers: plan.Offers{Process: true, Disk: plan.VolumeFiles, OpenFor: plan.Always}}
	elastic   = plan.Place{Name: "elastic", Offers: plan.Offers{Process: true, Elastic: true, Frozen: plan.UnlessPaid, Disk: plan.LostFiles, OpenFor: time.Hour, Schedule: "a scheduler"}}
	function  = plan.Place{Name: "function", Offers: plan.Offers{Process: true, Elastic: true, Frozen: plan.BetweenCalls, Disk: plan.LostFiles, Schedule: "a rule"}}
)

func view(int) gorgon.Component { return gorgon.Text("x") }

func built(context.Context, gorgon.Input) (int, error) { return 1, nil }

func requested(context.Context, gorgon.Input, *http.Request) (int, error) { return 1, nil }

func page(change func(*gorgon.Page[int])) gorgon.App {
	p := gorgon.Page[int]{Path: "/p", View: view}
	change(&p)
	return gorgon.App{Name: "test", Routes: []gorgon.Route{p}}
}

func handler(needs ...gorgon.Need) gorgon.App {
	return gorgon.App{Name: "test", Handlers: map[string]http.Handler{"/h": gorgon.Handler{Handler: http.NotFoundHandler(), Needs: needs}}}
}

func service(every time.Duration, needs ...gorgon.Need) gorgon.App {
	run := func(context.Context) error { return nil }
	return gorgon.App{Name: "test", Services: []gorgon.Service{{Name: "s", Run: run, Every: every, Needs: needs}}}
}

func TestVerdicts(t *testing.T) {
	revalidated := page(func(p *gorgon.Page[int]) { p.BuildState, p.RevalidateAfter = built, time.Minute })
	incremental := page(func(p *gorgon.Page[int]) { p.Path, p.BuildState, p.Incremental = "/p/{id}", built, true })
	perRequest := page(func(p *gorgon.Page[int]) { p.RequestState = requested })
	guarded := page(func(p *gorgon.Page[int]) {
		p.BuildState, p.Guards = built, []func(http.Handler) http.Handler{func(h http.Handler) http.Handler { return h }}
	})
	plain := page(func(p *gorgon.Page[int]) { p.BuildState = built })
	shared := plan.Setting{Store: "postgres", SharedStore: true}

	for _, c := range []struct {
		law     string
		app     gorgon.App
		place   plan.Place
		setting plan.Setting
		fit     plan.Fit
		rule    string // of the first verdict
		says    string // in it
	}{
		// The five that a plan must never get wrong.
		{"a host of files has no page for each request, and the page is named", perRequest, files, plan.Setting{}, plan.Unfit, "process", "page /p"},
		{"a disk store is one instance's", revalidated, container, plan.Setting{Store: "disk", Replicas: 2}, plan.Unfit, "shared-store", "--store postgres"},
		{"where instances stand still, refreshes end within a request", revalidated, elastic, shared, plan.Conditional, "role", "--role=web"},
		{"a read-only root and no store forgets what was made", incremental, container, plan.Setting{ReadOnly: true}, plan.Conditional, "store", "lost with a restart"},
		{"memory is nothing to rely on where instances come and go", handler(gorgon.Memory), function, shared, plan.Unfit, "memory", "redis, postgres"},

		{"a built page fits everywhere", plain, files, plan.Setting{}, plan.Fits, "", ""},
		{"guards need somebody to ask", guarded, files, plan.Setting{}, plan.Unfit, "guards", "open to everybody"},
		{"guards are asked by a process", guarded, function, plan.Setting{}, plan.Fits, "", ""},
		{"files do not change", revalidated, files, plan.Setting{}, plan.Unfit, "refresh", "as they were built"},
		{"files are only those that were built", incremental, files, plan.Setting{}, plan.Unfit, "incremental", "BuildPaths"},
		{"handlers need a process", handler(), files, plan.Setting{}, plan.Unfit, "process", "drop it"},
		{"one machine has one disk", revalidated, machine, plan.Setting{Store: "disk"}, plan.Fits, "", ""},
		{"replicas on a single machine are one", revalidated, machine, plan.Setting{Store: "disk", Replicas: 3}, plan.Fits, "", ""},
		{"a disk store on a volume", revalidated, container, plan.Setting{Store: "disk"}, plan.Conditional, "volume", "volume"},
		{"a disk store under a read-only root", revalidated, container, plan.Setting{Store: "disk", ReadOnly: true}, plan.Unfit, "disk", "nothing can be written"},
		{"a disk store where instances come and go", incremental, elastic, plan.Setting{Store: "disk"}, plan.Unfit, "shared-store", "several instances"},
		{"a disk store that goes with its one instance", incremental, elastic, plan.Setting{Store: "sqlite", Replicas: 1}, plan.Conditional, "disk", "goes with its instance"},
		{"no store on several", incremental, container, plan.Setting{Replicas: 2}, plan.Conditional, "store", "each makes its own"},
		{"a shared store on several", incremental, container, plan.Setting{Store: "redis", SharedStore: true, Replicas: 2}, plan.Fits, "", ""},
		{"paid for, instances go on", revalidated, elastic, plan.Setting{Store: "redis", SharedStore: true, AlwaysOn: true}, plan.Fits, "", ""},
		{"memory of one container", handler(gorgon.Memory), container, plan.Setting{}, plan.Conditional, "memory", "restart"},
		{"memory of two", handler(gorgon.Memory), container, plan.Setting{Replicas: 2}, plan.Unfit, "memory", "--replicas 1"},
		{"open connections on a function", handler(gorgon.Connections), function, plan.Setting{}, plan.Unfit, "connections", "ask again"},
		{"open connections for an hour", handler(gorgon.Connections), elastic, plan.Setting{}, plan.Conditional, "connections", "after 1h"},
		{"open connections", handler(gorgon.Connections), machine, plan.Setting{}, plan.Fits, "", ""},
		{"work after the response where instances stand still", handler(gorgon.Background), elastic, plan.Setting{}, plan.Unfit, "background", "--always-on"},
		{"the same, paid for", handler(gorgon.Background), elastic, plan.Setting{AlwaysOn: true}, plan.Fits, "", ""},
		{"work after the response on a function", handler(gorgon.Background), function, plan.Setting{AlwaysOn: true}, plan.Unfit, "background", "Every"},
		{"a database behind functions", handler(gorgon.Database), function, plan.Setting{}, plan.Conditional, "database", "pooler"},
		{"files on a function", handler(gorgon.Disk), function, plan.Setting{}, plan.Unfit, "disk", "object store"},
		{"files on a volume", handler(gorgon.Disk), container, plan.Setting{}, plan.Conditional, "volume", "volume"},
		{"files of a machine", handler(gorgon.Disk), machine, plan.Setting{}, plan.Fits, "", ""},
		{"a worker where nothing runs", service(0), files, plan.Setting{}, plan.Unfit, "worker", "nothing runs"},
		{"a worker where instances stand still", service(0), elastic, plan.Setting{}, plan.Unfit, "worker", "--always-on"},
		{"a worker on a function, paid or not", service(0), function, plan.Setting{AlwaysOn: true}, plan.Unfit, "worker", "elsewhere"},
		{"a worker on a machine", service(0), machine, plan.Setting{}, plan.Fits, "", ""},
		{"a worker on several", service(0), container, plan.Setting{Replicas: 2}, plan.Conditional, "worker", "each instance"},
		{"scheduled work on a machine", service(time.Hour), machine, plan.Setting{}, plan.Fits, "", ""},
		{"scheduled work on several that share", service(time.Hour), container, plan.Setting{Store: "redis", SharedStore: true, Replicas: 2}, plan.Fits, "", ""},
		{"scheduled work on several that do not", service(time.Hour), container, plan.Setting{Replicas: 2}, plan.Conditional, "schedule", "each instance"},
		{"scheduled work where instances stand still", service(time.Hour), elastic, shared, plan.Conditional, "schedule", "maintain"},
		{"scheduled work more often than the place's clock", service(time.Second), function, shared, plan.Unfit, "schedule", "once a minute"},
	} {
		o := plan.Judge(c.app, c.place, c.setting)
		if o.Fit != c.fit {
			t.Errorf("%s: got %q, want %q: %v", c.law, o.Fit, c.fit, o.Verdicts)
			continue
		}
		if c.rule == "" {
			continue
		}
		if v := o.Verdicts[0]; v.Rule != c.rule || !strings.Contains(v.String(), c.says) {
			t.Errorf("%s: rule %q says %q; want rule %q, saying %q", c.law, v.Rule, v, c.rule, c.says)
		}
	}
}

// A place's instances run as the plan says: with no work of their own where
// they stand still.
func TestRole(t *testing.T) {
	for _, c := range []struct {
		place    plan.Place
		alwaysOn bool
		role     string
	}{
		{files, false, ""}, {machine, false, "serve"}, {container, false, "serve"},
		{elastic, false, "web"}, {elastic, true, "serve"}, {function, false, "web"}, {function, true, "web"},
	} {
		if o := plan.Judge(gorgon.App{}, c.place, plan.Setting{AlwaysOn: c.alwaysOn}); o.Role != c.role {
			t.Errorf("%s, always on %t: role %q, want %q", c.place.Name, c.alwaysOn, o.Role, c.role)
		}
	}
}

// What was accepted no longer stands in the way; the rest does.
func TestUnaccepted(t *testing.T) {
	app := handler(gorgon.Memory, gorgon.Connections)
	o := plan.Judge(app, function, plan.Setting{})
	if left := o.Unaccepted([]string{"memory"}); len(left) != 1 || left[0].Rule != "connections" {
		t.Errorf("left: %v", left)
	}
	if left := o.Unaccepted([]string{"memory", "connections"}); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// Every need that an app can declare is judged everywhere, and every refusal
// says what to do.
func TestEveryNeedIsJudged(t *testing.T) {
	for _, place := range []plan.Place{files, machine, container, elastic, function} {
		for _, n := range gorgon.Needs() {
			o := plan.Judge(handler(n), place, plan.Setting{})
			for _, v := range o.Verdicts {
				if v.Says == "" || v.Rule == "" || v.Fit == plan.Unfit && v.Mend == "" {
					t.Errorf("%s in %s: %+v says too little", n, place.Name, v)
				}
			}
		}
	}
}

func TestPrices(t *testing.T) {
	p := plan.StandardPrices()
	date, err := time.Parse(time.DateOnly, p.Date)
	if err != nil {
		t.Fatal(err)
	}
	if p.Old(date.AddDate(0, 11, 0)) || !p.Old(date.AddDate(0, 13, 0)) {
		t.Error("a table is old after a year, and not before")
	}
	for name, target := range p.Targets {
		for _, setup := range []string{"minimal", "typical"} {
			if len(target.Setups[setup].Items) == 0 || len(target.Source) == 0 {
				t.Errorf("%s: %s has no items, or no source", name, setup)
			}
		}
	}
	over, err := plan.ParsePrices([]byte(`{"date":"2030-01-01","currency":"EUR","targets":{"fly":{"title":"Fly","setups":{"minimal":{"for":"x","items":[{"what":"a","price":2,"amount":5,"free":1}]}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	costs := over.Over(p).Costs("fly")
	if len(costs) != 1 || costs[0].Monthly != 8 || costs[0].Currency != "EUR" {
		t.Errorf("costs over the standard ones: %+v", costs)
	}
	if others := over.Over(p).Costs("static"); len(others) == 0 || others[0].Currency != "USD" {
		t.Errorf("the variants of a place that is not overridden: %+v", others)
	}
	for _, bad := range []string{`{`, `{"date":"yesterday"}`, `{"date":"2030-01-01","targets":{"fly":{"setups":{"minimal":{"items":[{"what":"a","price":-1}]}}}}}`} {
		if _, err := plan.ParsePrices([]byte(bad)); err == nil {
			t.Errorf("%s is read", bad)
		}
	}
}
