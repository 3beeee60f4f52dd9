// Verdicts: each a small app in one target.

package plan_test

import (
	"context"
	"iter"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/rooms"
)

var (
	files     = plan.Target{Name: "files"}
	machine   = plan.Target{Name: "machine", Offers: plan.Offers{Process: true, Single: true, Disk: plan.KeptFiles, OpenFor: plan.Always, Schedule: "a timer"}}
	container = plan.Target{Name: "container", Offers: plan.Offers{Process: true, Disk: plan.VolumeFiles, OpenFor: plan.Always, Peers: true}}
	elastic   = plan.Target{Name: "elastic", Offers: plan.Offers{Process: true, Elastic: true, Frozen: plan.UnlessPaid, Disk: plan.LostFiles, OpenFor: time.Hour, Schedule: "a scheduler"}}
	function  = plan.Target{Name: "function", Offers: plan.Offers{Process: true, Elastic: true, Frozen: plan.BetweenCalls, Disk: plan.LostFiles, Schedule: "a rule"}}
)

func view(int) gorgon.Component { return gorgon.Text("x") }

func built(context.Context, gorgon.Input) (int, error) { return 1, nil }

func requested(context.Context, gorgon.Input, *http.Request) (int, error) { return 1, nil }

func page(change func(*gorgon.Page[int])) gorgon.App {
	p := gorgon.Page[int]{Path: "/p", View: view}
	change(&p)
	return gorgon.App{Name: "test", Parts: []gorgon.Part{p}}
}

func handler(needs ...gorgon.Need) gorgon.App {
	return gorgon.App{Name: "test", Parts: []gorgon.Part{gorgon.Handler{Pattern: "/h", Handler: http.NotFoundHandler(), Needs: needs}}}
}

func service(every time.Duration, needs ...gorgon.Need) gorgon.App {
	run := func(context.Context) error { return nil }
	return gorgon.App{Name: "test", Parts: []gorgon.Part{gorgon.Service{Name: "s", Run: run, Every: every, Needs: needs}}}
}

func job() gorgon.App {
	return gorgon.App{Name: "test", Parts: []gorgon.Part{jobs.Job[int]{Name: "j", Run: func(context.Context, int) error { return nil }}}}
}

// A series that is due more often than the target's clock goes is refused there.
func TestSeriesAreNotMoreFrequentThanTheClock(t *testing.T) {
	for every, want := range map[time.Duration]plan.Fit{time.Second: plan.Unfit, time.Minute: plan.Conditional} {
		app := plan.App{Parts: []plan.Part{{Name: "service s", Needs: []plan.Need{{Part: "service s", Kind: plan.Jobs, Every: every}}}}}
		for _, c := range []struct {
			target plan.Target
			fit    plan.Fit
		}{{machine, plan.Conditional}, {elastic, want}, {function, want}} {
			if o := plan.Judge(app, c.target, plan.Setting{}); o.Fit != c.fit {
				t.Errorf("every %s in %s: %q, want %q", every, c.target.Name, o.Fit, c.fit)
			}
		}
	}
}

func TestVerdicts(t *testing.T) {
	revalidated := page(func(p *gorgon.Page[int]) { p.Load, p.RevalidateAfter = built, time.Minute })
	incremental := page(func(p *gorgon.Page[int]) { p.Path, p.Load, p.Incremental = "/p/{id}", built, true })
	perRequest := page(func(p *gorgon.Page[int]) { p.LoadRequest = requested })
	guarded := page(func(p *gorgon.Page[int]) {
		p.Load, p.Guards = built, []func(http.Handler) http.Handler{func(h http.Handler) http.Handler { return h }}
	})
	plain := page(func(p *gorgon.Page[int]) { p.Load = built })
	living := page(func(p *gorgon.Page[int]) { p.Load, p.Live = built, true })
	room := gorgon.App{Name: "test", Parts: []gorgon.Part{rooms.Topic[struct{}]{Name: "chat", Path: "/chat"}}}
	stream := gorgon.App{Name: "test", Parts: []gorgon.Part{api.Stream[api.None, int]{Path: "GET /s", Handle: func(context.Context, api.None, string) iter.Seq2[api.Item[int], error] { return nil }}}}
	endpoint := gorgon.App{Name: "test", Parts: []gorgon.Part{api.Endpoint[api.None, api.None]{Path: "POST /e", Handle: func(context.Context, api.None) (api.None, error) { return api.None{}, nil }}}}
	read := gorgon.App{Name: "test", Parts: []gorgon.Part{api.Read[int]{Path: "GET /r", Load: built}}}
	shared := plan.Setting{Store: "postgres", SharedStore: true}

	for _, c := range []struct {
		law     string
		app     gorgon.App
		target  plan.Target
		setting plan.Setting
		fit     plan.Fit
		rule    string // of the first verdict
		says    string // in it
	}{
		// The five that a plan must never get wrong.
		{"a host of files has no page for each request, and the page is named", perRequest, files, plan.Setting{}, plan.Unfit, "process", "page /p"},
		{"a disk store is one instance's", revalidated, container, plan.Setting{Store: "disk", Replicas: 2}, plan.Unfit, "shared-store", "--store postgres"},
		{"where instances stand still, refreshes end within a request", revalidated, elastic, shared, plan.Conditional, "role", "--role=web"},
		{"a read-only root and no store loses what was generated", incremental, container, plan.Setting{ReadOnly: true}, plan.Conditional, "store", "a restart loses them"},
		{"memory is nothing to rely on where instances come and go", handler(gorgon.NeedMemory), function, shared, plan.Unfit, "memory", "redis, postgres"},

		{"a built page fits everywhere", plain, files, plan.Setting{}, plan.Fits, "", ""},
		{"one tab keeps an instance that is paid by the request", living, elastic, plan.Setting{}, plan.Conditional, "live", "24 instance-hours a day"},
		{"a tab costs nothing more where an instance runs anyway", living, elastic, plan.Setting{AlwaysOn: true}, plan.Fits, "", ""},
		{"a tab costs nothing more on a machine", living, machine, plan.Setting{}, plan.Fits, "", ""},
		{"open pages on a function stay as they are", living, function, plan.Setting{}, plan.Conditional, "live", "stay as they were"},
		{"open pages of files stay as they are", living, files, plan.Setting{}, plan.Conditional, "live", "stay as they were"},
		{"a room of one machine needs nothing", room, machine, plan.Setting{}, plan.Fits, "", ""},
		{"instances that cannot reach each other append by themselves", room, elastic, plan.Setting{}, plan.Conditional, "rooms", "appends by itself"},
		{"where instances reach each other, one owns a room", room, container, plan.Setting{Replicas: 2}, plan.Conditional, "rooms", "one instance owns each room"},
		{"members cannot stay where connections cannot", room, function, plan.Setting{}, plan.Unfit, "connections", "no connection can stay open"},
		{"a host of files has no rooms", room, files, plan.Setting{}, plan.Unfit, "process", "drop it"},
		{"guards need a program", guarded, files, plan.Setting{}, plan.Unfit, "guards", "every visitor can read"},
		{"guards are asked by a process", guarded, function, plan.Setting{}, plan.Fits, "", ""},
		{"files do not change", revalidated, files, plan.Setting{}, plan.Unfit, "refresh", "do not change after the build"},
		{"files are only those that were built", incremental, files, plan.Setting{}, plan.Unfit, "incremental", "Paths"},
		{"handlers need a process", handler(), files, plan.Setting{}, plan.Unfit, "process", "drop it"},
		{"one machine has one disk", revalidated, machine, plan.Setting{Store: "disk"}, plan.Fits, "", ""},
		{"replicas on a single machine are one", revalidated, machine, plan.Setting{Store: "disk", Replicas: 3}, plan.Fits, "", ""},
		{"a disk store on a volume", revalidated, container, plan.Setting{Store: "disk"}, plan.Conditional, "volume", "volume"},
		{"a disk store under a read-only root", revalidated, container, plan.Setting{Store: "disk", ReadOnly: true}, plan.Unfit, "disk", "read-only"},
		{"a disk store where instances come and go", incremental, elastic, plan.Setting{Store: "disk"}, plan.Unfit, "shared-store", "several instances"},
		{"a disk store deleted with its one instance", incremental, elastic, plan.Setting{Store: "sqlite", Replicas: 1}, plan.Conditional, "disk", "deleted with its instance"},
		{"no store on several", incremental, container, plan.Setting{Replicas: 2}, plan.Conditional, "store", "each generates its own"},
		{"a shared store on several", incremental, container, plan.Setting{Store: "redis", SharedStore: true, Replicas: 2}, plan.Fits, "", ""},
		{"paid for, instances go on", revalidated, elastic, plan.Setting{Store: "redis", SharedStore: true, AlwaysOn: true}, plan.Fits, "", ""},
		{"memory of one container", handler(gorgon.NeedMemory), container, plan.Setting{}, plan.Conditional, "memory", "restart"},
		{"memory of two", handler(gorgon.NeedMemory), container, plan.Setting{Replicas: 2}, plan.Unfit, "memory", "--replicas 1"},
		{"open connections on a function", handler(gorgon.NeedConnections), function, plan.Setting{}, plan.Unfit, "connections", "poll instead"},
		{"open connections for an hour", handler(gorgon.NeedConnections), elastic, plan.Setting{}, plan.Conditional, "connections", "after 1h"},
		{"open connections", handler(gorgon.NeedConnections), machine, plan.Setting{}, plan.Fits, "", ""},
		{"files cannot be a stream", stream, files, plan.Setting{}, plan.Unfit, "process", "stream GET /s"},
		{"a stream on a function", stream, function, plan.Setting{}, plan.Unfit, "connections", "stream GET /s"},
		{"a stream for an hour", stream, elastic, plan.Setting{}, plan.Conditional, "connections", "after 1h"},
		{"a stream", stream, container, plan.Setting{}, plan.Fits, "", ""},
		{"files cannot be an endpoint", endpoint, files, plan.Setting{}, plan.Unfit, "process", "endpoint POST /e"},
		{"an endpoint on a function", endpoint, function, plan.Setting{}, plan.Fits, "", ""},
		{"a read in a file", read, files, plan.Setting{}, plan.Fits, "", ""},
		{"a redirect in a file", gorgon.App{Name: "test", Parts: []gorgon.Part{gorgon.Redirects{"/a": "/b"}}}, files, plan.Setting{}, plan.Fits, "", ""},
		{"files cannot redirect what is not listed", gorgon.App{Name: "test", Parts: []gorgon.Part{gorgon.Redirects{"/a/{x}": "/b"}}}, files, plan.Setting{}, plan.Unfit, "process", "redirect /a/{x}"},
		{"work after the response where instances stand still", handler(gorgon.NeedBackground), elastic, plan.Setting{}, plan.Unfit, "background", "--always-on"},
		{"the same, paid for", handler(gorgon.NeedBackground), elastic, plan.Setting{AlwaysOn: true}, plan.Fits, "", ""},
		{"work after the response on a function", handler(gorgon.NeedBackground), function, plan.Setting{AlwaysOn: true}, plan.Unfit, "background", "Every"},
		{"a database behind functions", handler(gorgon.NeedDatabase), function, plan.Setting{}, plan.Conditional, "database", "pooler"},
		{"files on a function", handler(gorgon.NeedDisk), function, plan.Setting{}, plan.Unfit, "disk", "object store"},
		{"files on a volume", handler(gorgon.NeedDisk), container, plan.Setting{}, plan.Conditional, "volume", "volume"},
		{"files of a machine", handler(gorgon.NeedDisk), machine, plan.Setting{}, plan.Fits, "", ""},

		{"an app's files on a machine", handler(gorgon.NeedFiles), machine, plan.Setting{}, plan.Fits, "", ""},
		{"an app's files on a volume", handler(gorgon.NeedFiles), container, plan.Setting{}, plan.Conditional, "volume", "where FILES_URL leads"},
		{"an app's files for several", handler(gorgon.NeedFiles), container, plan.Setting{Replicas: 2}, plan.Conditional, "files", "an S3 bucket, which FILES_URL names"},
		{"an app's files on a read-only disk", handler(gorgon.NeedFiles), machine, plan.Setting{ReadOnly: true}, plan.Conditional, "files", "FILES_URL"},
		{"an app's files where instances come and go", handler(gorgon.NeedFiles), elastic, plan.Setting{Replicas: 1}, plan.Conditional, "files", "FILES_URL"},
		{"an app's files behind functions", handler(gorgon.NeedFiles), function, plan.Setting{}, plan.Conditional, "files", "FILES_URL"},
		{"a worker where nothing runs", service(0), files, plan.Setting{}, plan.Unfit, "worker", "runs no program"},
		{"a worker where instances stand still", service(0), elastic, plan.Setting{}, plan.Unfit, "worker", "--always-on"},
		{"a worker on a function, paid or not", service(0), function, plan.Setting{AlwaysOn: true}, plan.Unfit, "worker", "elsewhere"},
		{"a worker on a machine", service(0), machine, plan.Setting{}, plan.Fits, "", ""},
		{"a worker on several", service(0), container, plan.Setting{Replicas: 2}, plan.Conditional, "worker", "each instance"},
		{"scheduled work on a machine", service(time.Hour), machine, plan.Setting{}, plan.Fits, "", ""},
		{"scheduled work on several that share", service(time.Hour), container, plan.Setting{Store: "redis", SharedStore: true, Replicas: 2}, plan.Fits, "", ""},
		{"scheduled work on several that do not", service(time.Hour), container, plan.Setting{Replicas: 2}, plan.Conditional, "schedule", "each instance"},
		{"scheduled work where instances stand still", service(time.Hour), elastic, shared, plan.Conditional, "schedule", "maintain"},
		{"scheduled work more often than the target's clock", service(time.Second), function, shared, plan.Unfit, "schedule", "once a minute"},
		{"files run no jobs", job(), files, plan.Setting{}, plan.Unfit, "jobs", "runs no program"},
		{"jobs on a machine are punctual", job(), machine, plan.Setting{}, plan.Conditional, "jobs", "a quarter of a second"},
		{"jobs of several containers are punctual", job(), container, plan.Setting{Replicas: 2}, plan.Conditional, "jobs", "a quarter of a second"},
		{"jobs where instances stand still", job(), elastic, shared, plan.Conditional, "jobs", "begins after its response; those that are due later begin when a scheduler runs the maintain command, up to a minute late"},
		{"what makes them punctual there", job(), elastic, shared, plan.Conditional, "jobs", "--always-on"},
		{"jobs, paid for", job(), elastic, plan.Setting{Store: "postgres", SharedStore: true, AlwaysOn: true}, plan.Conditional, "jobs", "a quarter of a second"},
		{"jobs on a function, which no payment makes punctual", job(), function, plan.Setting{AlwaysOn: true}, plan.Conditional, "jobs", "a rule runs the maintain command, up to a minute late and as long as a start takes"},
		{"jobs where nothing calls", job(), plan.Target{Offers: plan.Offers{Process: true, Elastic: true, Frozen: plan.BetweenCalls}}, plan.Setting{}, plan.Unfit, "jobs", "--role=worker"},
	} {
		o := plan.Judge(plan.Describe(c.app), c.target, c.setting)
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

// A target's instances run as the plan says: with no work of their own where
// they stand still.
func TestRole(t *testing.T) {
	for _, c := range []struct {
		target   plan.Target
		alwaysOn bool
		role     string
	}{
		{files, false, ""}, {machine, false, "serve"}, {container, false, "serve"},
		{elastic, false, "web"}, {elastic, true, "serve"}, {function, false, "web"}, {function, true, "web"},
	} {
		if o := plan.Judge(plan.App{}, c.target, plan.Setting{AlwaysOn: c.alwaysOn}); o.Role != c.role {
			t.Errorf("%s, always on %t: role %q, want %q", c.target.Name, c.alwaysOn, o.Role, c.role)
		}
	}
}

// What was accepted no longer stands in the way; the rest does.
func TestUnaccepted(t *testing.T) {
	app := handler(gorgon.NeedMemory, gorgon.NeedConnections)
	o := plan.Judge(plan.Describe(app), function, plan.Setting{})
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
	for _, target := range []plan.Target{files, machine, container, elastic, function} {
		for _, n := range []gorgon.Need{gorgon.NeedMemory, gorgon.NeedConnections, gorgon.NeedBackground, gorgon.NeedDatabase, gorgon.NeedDisk, gorgon.NeedFiles} {
			o := plan.Judge(plan.Describe(handler(n)), target, plan.Setting{})
			for _, v := range o.Verdicts {
				if v.Says == "" || v.Rule == "" || v.Fit == plan.Unfit && v.Hint == "" {
					t.Errorf("%s in %s: %+v says too little", n, target.Name, v)
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
		for setup, s := range target.Setups {
			for _, i := range s.Items {
				if strings.Contains(" gcp aws cloudrun ", " "+name+" ") && i.Source == "" {
					t.Errorf("%s: %s: %s has no source", name, setup, i.What)
				}
				if _, err := time.Parse("2006-01", i.Seen); i.Seen != "" && err != nil {
					t.Errorf("%s: %s: %s was seen %q", name, setup, i.What, i.Seen)
				}
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
		t.Errorf("the variants of a target that is not overridden: %+v", others)
	}
	for _, bad := range []string{`{`, `{"date":"yesterday"}`, `{"date":"2030-01-01","targets":{"fly":{"setups":{"minimal":{"items":[{"what":"a","price":-1}]}}}}}`} {
		if _, err := plan.ParsePrices([]byte(bad)); err == nil {
			t.Errorf("%s is read", bad)
		}
	}
}

// SQLite and cgo, linked and declared by no part, are hinted at in one line.
func TestUndeclaredNeedsAreHintedAt(t *testing.T) {
	silent := []plan.Part{{Name: "page /", How: "build"}}
	said := []plan.Part{{Name: "page /", How: "build", Needs: []plan.Need{{Part: "page /", Kind: plan.Database}}}}
	database := []plan.Part{{Name: "database", How: "database", Needs: []plan.Need{{Part: "database", Kind: plan.Commits}, {Part: "database", Kind: plan.File}}}}
	for _, row := range []struct {
		name    string
		parts   []plan.Part
		modules []string
		cgo     []string
		store   bool
		want    string // the hint's first word; "" for none
	}{
		{"nothing linked", silent, []string{"example.com/lib"}, nil, false, ""},
		{"SQLite of the app", silent, []string{"modernc.org/sqlite"}, nil, false, "modernc.org/sqlite"},
		{"SQLite of the store", silent, []string{"modernc.org/sqlite"}, nil, true, ""},
		{"SQLite of the store and another", silent, []string{"modernc.org/sqlite", "github.com/mattn/go-sqlite3"}, nil, true, "github.com/mattn/go-sqlite3"},
		{"SQLite of the database", database, []string{"modernc.org/sqlite"}, nil, false, ""},
		{"SQLite of the database and another", database, []string{"modernc.org/sqlite", "github.com/mattn/go-sqlite3"}, nil, false, "github.com/mattn/go-sqlite3"},
		{"cgo", silent, nil, []string{"example.com/native"}, false, "example.com/native"},
		{"both, in one line", silent, []string{"modernc.org/sqlite"}, []string{"example.com/native"}, false, "modernc.org/sqlite"},
		{"declared", said, []string{"modernc.org/sqlite"}, []string{"example.com/native"}, false, ""},
	} {
		hints := plan.Undeclared(row.parts, row.modules, row.cgo, row.store)
		got := ""
		if len(hints) > 0 {
			got, _, _ = strings.Cut(hints[0], " ")
		}
		if len(hints) > 1 || got != row.want {
			t.Errorf("%s: hints %q, want %q", row.name, hints, row.want)
		}
	}
}

// Files are on a disk only if the program can use one.
func TestFilesOfABucketAlone(t *testing.T) {
	app := plan.Describe(handler(gorgon.NeedFiles))
	app.Files = []string{"s3", "mem"}
	if o := plan.Judge(app, machine, plan.Setting{}); o.Fit != plan.Conditional || o.Verdicts[0].Rule != "files" {
		t.Errorf("%+v", o)
	}
	app.Files = []string{"s3", "disk"}
	if o := plan.Judge(app, machine, plan.Setting{}); o.Fit != plan.Fits {
		t.Errorf("%+v", o)
	}
	made := function
	made.Offers.Buckets = plan.BucketMade
	if o := plan.Judge(app, made, plan.Setting{}); !strings.HasSuffix(o.Verdicts[0].String(), "which FILES_URL names: the files that deploy writes make it; deploy with GORGON_SECRET set, which seals uploads for all instances") {
		t.Errorf("%s", o.Verdicts[0])
	}
	if o := plan.Judge(app, made, plan.Setting{Sealed: true}); !strings.HasSuffix(o.Verdicts[0].String(), "which FILES_URL names: the files that deploy writes make it") {
		t.Errorf("with a secret: %s", o.Verdicts[0])
	}
	made.Offers.Buckets = ""
	if o := plan.Judge(app, made, plan.Setting{Sealed: true}); o.Fit != plan.Conditional || !strings.HasSuffix(o.Verdicts[0].String(), "which FILES_URL names") {
		t.Errorf("with a secret, and a bucket of one's own: %s", o.Verdicts[0])
	}
	if o := plan.Judge(app, made, plan.Setting{}); !strings.HasSuffix(o.Verdicts[0].String(), "which FILES_URL names: deploy with GORGON_SECRET set, which seals uploads for all instances") {
		t.Errorf("without: %s", o.Verdicts[0])
	}
}
