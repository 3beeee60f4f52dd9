// The app's jobs, as far as the commands use them.

package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/viewctx"
)

// A Jobs runs the jobs of the app: what work.New returns. An app without one
// links nothing of it.
type Jobs interface {
	// Use sets the log, where the app has not, the context whose values jobs find
	// in theirs, and what there is to run. Services with an Every are series. It
	// is called before Run and Tick.
	Use(log *slog.Logger, base context.Context, tasks []gorgon.Task, services []gorgon.Service)

	// Run runs jobs until the context ends, and those that run then to their end.
	Run(ctx context.Context)

	// Tick runs what is due, for as long as a budget lasts.
	Tick(ctx context.Context, budget time.Duration) (metrics.Batch, error)

	// Noting is a context in which it is noted that jobs were added.
	Noting(ctx context.Context) (noting context.Context, added func() bool)

	// Desk is what people look after jobs with.
	Desk() metrics.Desk

	// State adds what is known of jobs.
	State(s *metrics.State)

	// Needs lists what the store of jobs requires of the target.
	Needs() []gorgon.Need

	Close() error
}

// errNoJobs is the fault of an app whose jobs no program runs.
var errNoJobs = errors.New("the app has jobs, and command.Config.Jobs is not set: give work.New(work.Options{Store: …})")

// checkJobs says what is wrong with the app's jobs.
func (p *program) checkJobs() error {
	if len(p.app.Tasks()) > 0 && p.config.Jobs == nil {
		return errNoJobs
	}
	return nil
}

// useJobs prepares the running of jobs. They find the app's caches as in ctx, and
// the site, whose default language is theirs, so that links in mails are whole.
func (p *program) useJobs(ctx context.Context, site viewctx.Site) {
	if p.config.Jobs == nil {
		return
	}
	site.Caches = viewctx.SiteOf(ctx).Caches
	ctx = viewctx.WithSite(ctx, p.app.SiteIn(site, p.app.Locales.All()[0]))
	p.config.Jobs.Use(p.log, ctx, p.app.Tasks(), p.app.Services())
}

// bareSite is the site without what a build made of it.
func (p *program) bareSite() viewctx.Site {
	return viewctx.Site{Base: p.base, Origin: p.app.Origin, Locales: p.app.Locales.Tags}
}

func (p *program) closeJobs() error {
	if p.config.Jobs == nil {
		return nil
	}
	return p.config.Jobs.Close()
}

// services are those that are not series of the app's jobs.
func (p *program) services() (list []gorgon.Service) {
	for _, s := range p.app.Services() {
		if p.config.Jobs == nil || s.Every == 0 {
			list = append(list, s)
		}
	}
	return list
}

// tickBudget is how long a batch may take that a request asks for.
const tickBudget = 25 * time.Second

// tick is one batch, for a request that asks for it.
func (p *program) tick() func(ctx context.Context) (metrics.Batch, error) {
	if p.config.Jobs == nil {
		return nil
	}
	return func(ctx context.Context) (metrics.Batch, error) { return p.config.Jobs.Tick(ctx, tickBudget) }
}

// mayTick says who may ask for a batch.
func (p *program) mayTick() func(*http.Request) bool {
	byKey := serve.WithKey(os.Getenv("GORGON_TICK_KEY"))
	others := p.config.MayTick
	if others == nil {
		return byKey
	}
	return func(r *http.Request) bool { return byKey(r) || others(r) }
}

// afterwards runs the jobs that a request has added once it is answered, in the
// time that the platform gives to the request.
type afterwards struct {
	next   http.Handler
	jobs   Jobs
	budget time.Duration
	log    *slog.Logger

	mu    sync.Mutex
	busy  bool // a batch runs
	again bool // jobs were added meanwhile
}

func (a *afterwards) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, added := a.jobs.Noting(r.Context())
	a.next.ServeHTTP(w, r.WithContext(ctx))
	if !added() {
		return
	}
	_ = http.NewResponseController(w).Flush() // a client that went away does not wait
	a.work(context.WithoutCancel(r.Context()))
}

// work runs batches, one at a time on an instance.
func (a *afterwards) work(ctx context.Context) {
	a.mu.Lock()
	a.again = true
	if a.busy {
		a.mu.Unlock()
		return
	}
	a.busy = true
	for end := time.Now().Add(a.budget); a.again && time.Now().Before(end); {
		a.again = false
		a.mu.Unlock()
		if _, err := a.jobs.Tick(ctx, time.Until(end)); err != nil {
			a.log.Warn("jobs could not be run after a response: they wait", "err", err)
		}
		a.mu.Lock()
	}
	a.busy = false
	a.mu.Unlock()
}

// afterFlag is how long jobs are run after responses.
type afterFlag struct{ budget time.Duration }

func (f *afterFlag) check() error {
	if f.budget < 0 {
		return misused("--work-after %s: give a time such as 10s, or 0 to leave jobs to others (its default comes from GORGON_WORK_AFTER)", f.budget)
	}
	return nil
}

// wrap lets requests run the jobs that they have added, if that is asked for.
func (f *afterFlag) wrap(p *program, h http.Handler) http.Handler {
	if f.budget == 0 || p.config.Jobs == nil {
		return h
	}
	return &afterwards{next: h, jobs: p.config.Jobs, budget: f.budget, log: p.log}
}

// saidBatch is a batch in words.
func saidBatch(b metrics.Batch) string {
	text := plural(b.Ran, "job") + " run"
	if b.Failed > 0 {
		text += fmt.Sprintf(", %d of them failed", b.Failed)
	}
	if b.Due > 0 {
		text += "; more are due"
	}
	return text
}

// jobParts are the parts with what the store of jobs requires, and with services
// that are series.
func (p *program) jobParts(parts []plan.Part) []plan.Part {
	if p.config.Jobs == nil {
		return parts
	}
	for i := range parts {
		for k, n := range parts[i].Needs {
			if n.Kind == plan.Schedule {
				parts[i].Needs[k].Kind = plan.Jobs
			}
		}
	}
	return append(parts, storePart("jobs", "queue", p.config.Jobs.Needs()))
}

// storePart is the part that a store of jobs or rooms is, with what it requires.
func storePart(name, how string, needs []gorgon.Need) plan.Part {
	store := plan.Part{Name: name, How: how}
	for _, n := range needs {
		why := "its store declares it"
		if n == gorgon.NeedMemory {
			why = name + " are in the memory of one process, and end with it: keep them in the app's database"
		}
		store.Needs = append(store.Needs, plan.Need{Part: name, Kind: plan.Kind(n), Why: why})
	}
	return store
}
