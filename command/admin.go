// The pages for operators, at an address of their own.

package command

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/operate"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/roster"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/wire"
)

// An Admin is the pages for operators: what admin.New returns. A program without
// it links nothing of it.
type Admin interface {
	// Guarded says whether something of the app decides who may see the pages, so
	// that they can be at an address that others reach.
	Guarded() bool

	// Open returns the pages of a program. They end with the context.
	Open(ctx context.Context, p *operate.Program) (http.Handler, error)
}

// adminFlags say where the pages for operators are, and what they may change.
type adminFlags struct {
	addr  string
	write bool
}

func (f *adminFlags) add(p *program, c *cobra.Command) {
	c.Flags().StringVar(&f.addr, "admin", "", "where the pages for operators are, such as :9465 on this machine alone, or unix:/run/"+p.app.Name+"/admin.sock; none if empty (GORGON_ADMIN)")
	c.Flags().BoolVar(&f.write, "admin-write", false, "let them change something: purge pages, retry and cancel jobs (GORGON_ADMIN_WRITE=true)")
	p.fromEnv(c, "admin", "GORGON_ADMIN")
	p.fromEnv(c, "admin-write", "GORGON_ADMIN_WRITE")
}

func (f *adminFlags) check(p *program) error {
	path, isFile := strings.CutPrefix(f.addr, unixScheme)
	switch {
	case f.addr == "" && f.write:
		return misused("--admin-write without --admin: say where the pages are, as in --admin :9465")
	case f.addr == "":
		return nil
	case p.config.Admin == nil:
		return misused(`--admin: this program has no pages for operators: import "github.com/gorgon-go/gorgon/admin" and set command.Config.Admin to admin.New(admin.Config{})`)
	case isFile && path != "":
		return nil
	case isFile || !isAddr(f.addr):
		return misused("--admin %s: write it as host:port, such as 127.0.0.1:9465, or as unix: and a file (its default comes from GORGON_ADMIN)", quoted(f.addr))
	case onLambda() != "":
		return misused("--admin: nothing can reach that address of a Lambda function: unset GORGON_ADMIN there")
	case !p.config.Admin.Guarded() && !isLoopback(f.addr):
		return misused("--admin %s: others could reach it, and nothing asks who they are: use an address of this machine alone, such as 127.0.0.1:9465, and a tunnel, or set Guard of admin.Config", f.addr)
	}
	return nil
}

// isLoopback says whether an address is reached from the same machine alone.
func isLoopback(addr string) bool {
	host, _, _ := net.SplitHostPort(addr)
	if host == "" || host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// An administration is the pages for operators of one run. A nil one is none.
type administration struct {
	v        *server
	side     *side
	started  time.Time
	recorder *operate.Recorder
	lines    operate.Lines
	end      context.CancelFunc
}

// listenAdmin opens the address of the pages for operators; nil where there is
// none. From then on the program's log is remembered.
func (v *server) listenAdmin(ctx context.Context) (*administration, error) {
	p := v.p
	if v.admin.addr == "" {
		return nil, nil
	}
	s, err := listenSide(ctx, p.log, "admin", v.admin.addr)
	if err != nil {
		return nil, err
	}
	a := &administration{v: v, side: s, started: time.Now(), recorder: operate.NewRecorder(time.Now)}
	p.log = a.lines.Logger(p.log)
	shown := s.at
	if !strings.HasPrefix(shown, unixScheme) {
		shown = "http://" + shown + "/"
	}
	fmt.Fprintf(p.err, "pages for the operators of %s at %s\n", p.app.Name, shown)
	return a, nil
}

// observers are what remembers requests.
func (a *administration) observers() []metrics.Observer {
	if a == nil {
		return nil
	}
	return []metrics.Observer{a.recorder}
}

// serve opens the pages.
func (a *administration) serve(ctx context.Context, s *site, kept *cache.Cache, store pages.Store, handler *serve.Handler, state func() metrics.State) error {
	if a == nil {
		return nil
	}
	ctx, a.end = context.WithCancel(context.WithoutCancel(ctx))
	program := &operate.Program{
		About: a.about(s), State: state, Checks: handler.Checks, Recorder: a.recorder, Lines: &a.lines, History: new(operate.History),
		Parts: a.parts(), Why: a.why(kept, handler), Trips: a.trips(kept), Writes: a.v.admin.write,
	}
	p := a.v.p
	if a.v.admin.write {
		program.Purge = a.purge(kept)
	}
	if p.config.Jobs != nil {
		program.Jobs = p.config.Jobs.Desk()
	}
	if p.config.Rooms != nil {
		program.Rooms = p.config.Rooms.List
	}
	if store, ok := p.config.Files.(interface {
		List(ctx context.Context, q blobs.Query) ([]blobs.Info, error)
	}); ok {
		program.Folders = func(ctx context.Context) ([]operate.Folder, error) {
			list, err := store.List(ctx, blobs.Query{Limit: blobs.MaxList})
			return foldersOf(list), err
		}
	}
	if store != nil {
		program.Instances = a.instances(a.self(program.About), store)
	}
	shown, err := p.config.Admin.Open(ctx, program)
	if err != nil {
		return fmt.Errorf("the pages for operators: %w", err)
	}
	go program.History.Watch(ctx, program)
	a.side.serve(ctx, shown)
	return nil
}

// close ends them.
func (a *administration) close() {
	if a == nil {
		return
	}
	if a.end != nil {
		a.end()
	}
	a.side.close()
}

func (a *administration) about(s *site) operate.About {
	p := a.v.p
	about := operate.About{
		App: p.app.Name, Build: s.renderer.Build, Version: versionOf(), Go: runtime.Version(), Role: a.v.role,
		Process: os.Getpid(), Started: a.started, Store: p.stores.shown(),
	}
	about.Host, _ = os.Hostname()
	if url := os.Getenv("DATABASE_URL"); url != "" && p.config.Database != nil {
		about.Database = pages.ShowLocation(url)
	}
	return about
}

// self is this instance among the others.
func (a *administration) self(about operate.About) operate.Instance {
	return operate.Instance{
		Name: fmt.Sprintf("%s (%d)", cmp.Or(about.Host, "unknown"), about.Process), Address: a.side.at,
		Build: about.Build, Role: about.Role, Started: about.Started,
	}
}

// instances are those that have such pages too and share the store.
func (a *administration) instances(self operate.Instance, store pages.Store) func(context.Context) ([]operate.Instance, error) {
	return func(ctx context.Context) ([]operate.Instance, error) {
		list, err := roster.List(ctx, store)
		for i, other := range list {
			list[i].Self = other.Name == self.Name && other.Started.Equal(self.Started)
		}
		return list, err
	}
}

// list has this instance among the others until it is told to end.
func (a *administration) list(ctx context.Context, s *site, store pages.Store) (end func()) {
	if a == nil || store == nil {
		return func() {}
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	var listed sync.WaitGroup
	listed.Go(func() { roster.Keep(ctx, store, a.self(a.about(s))) })
	return func() {
		stop()
		listed.Wait()
	}
}

// trips measures how far away the store and the database are, each by the
// shortest of three answers.
func (a *administration) trips(kept *cache.Cache) func(context.Context) []operate.Trip {
	const times = 3
	store, db := kept.Coherence().Store, a.v.p.config.Database
	return func(ctx context.Context) (list []operate.Trip) {
		if store != nil {
			if took, err := store.Trip(ctx, times); err == nil {
				list = append(list, operate.Trip{What: "store", Took: took.Seconds()})
			}
		}
		if db != nil {
			if r := measure(ctx, wire.Reach{}, times, db.Ping); r.Fault == "" {
				list = append(list, operate.Trip{What: "database", Took: r.Least.Seconds()})
			}
		}
		return list
	}
}

// parts are what the app declares.
func (a *administration) parts() []operate.Part {
	p := a.v.p
	var list []operate.Part
	for _, part := range p.roomParts(p.jobParts(plan.Parts(p.app))) {
		kind, name, _ := strings.Cut(part.Name, " ")
		list = append(list, operate.Part{Kind: kind, Name: cmp.Or(name, kind), Note: part.How})
	}
	return list
}

// why explains a page or a value.
func (a *administration) why(kept *cache.Cache, served *serve.Handler) func(context.Context, string) (cache.Report, error) {
	p := a.v.p
	return func(ctx context.Context, what string) (cache.Report, error) {
		page, key, isValue, err := why{p}.valueOf(what)
		if isValue {
			if err != nil {
				return cache.Report{}, err
			}
			report, _ := kept.WhyValue(ctx, page.Cache, key)
			return report, nil
		}
		page, path, locale, err := p.route(served.Router(), why{p}.pathOf(what))
		if err != nil {
			return cache.Report{}, err
		}
		return withoutProps(kept.Why(ctx, page, path, locale)), nil
	}
}

// purge makes out of date what is named, here and in the CDN.
func (a *administration) purge(kept *cache.Cache) func(ctx context.Context, kind, name string, expire bool) error {
	p := a.v.p
	return func(ctx context.Context, kind, name string, expire bool) error {
		of := map[string][]string{kind: {name}}
		subjects, err := purge{p}.subjects(of["path"], of["tag"], of["route"], of["fragment"], kind == "all")
		if err != nil {
			return err
		}
		verb := pages.Stale
		if expire {
			verb = pages.Expire
		}
		if _, err := kept.Purge(ctx, verb, subjects...); err != nil {
			return err
		}
		if cdn := p.app.CDN; cdn != nil && cdn.Purge != nil {
			if err := cdn.Purge(ctx, answer.EdgeTags(subjects)); err != nil {
				return fmt.Errorf("the pages are purged, and the CDN is not: %w: purge again", err)
			}
		}
		return nil
	}
}

// foldersOf counts files by the first part of their keys, which is the name of
// their bucket.
func foldersOf(list []blobs.Info) []operate.Folder {
	by := map[string]*operate.Folder{}
	for _, b := range list {
		name, _, _ := strings.Cut(b.Key, "/")
		if by[name] == nil {
			by[name] = &operate.Folder{Name: name, More: len(list) == blobs.MaxList}
		}
		by[name].Files++
		by[name].Bytes += b.Size
	}
	folders := make([]operate.Folder, 0, len(by))
	for _, f := range by {
		folders = append(folders, *f)
	}
	slices.SortFunc(folders, func(a, b operate.Folder) int { return cmp.Compare(a.Name, b.Name) })
	return folders
}
