//go:build unix

// Another build in the place of the one that serves, and back.

package rehearse

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/wire"
)

// An upgrade replaces the instances of one build by those of another one.
type upgrade struct {
	*rehearsal
	builds [2]*side // the one that runs now, and the new one
	front  front
	base   string
	rows   ledger
}

// names are those of the two builds.
var names = [2]string{"the build that runs now", "the new build"}

// A side is one of the two builds.
type side struct {
	*sandbox
	name    string
	targets []target
	assets  map[string]bool // that its pages link to
}

// upgrade begins with the package that runs now, puts the new one in its place, goes
// back, and puts the new one in its place again.
func (r *rehearsal) upgrade(ctx context.Context, targets []target) (err error) {
	u, err := r.newUpgrade(targets)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, u.close()) }()
	server := httptest.NewServer(&u.front)
	defer server.Close()
	defer server.CloseClientConnections()
	u.base = server.URL
	if err := u.cross(ctx); err != nil {
		r.fault("%v", err)
	}
	r.report.Upgrade = u.rows.list()
	for _, p := range r.report.Upgrade {
		if p.Failed > 0 {
			r.fault("while builds changed, %d of %d %s failed, such as: %s", p.Failed, p.Asked, p.What, u.rows.example(p.What))
		}
	}
	return nil
}

// newUpgrade lays out both packages over one store, one database and one folder of
// files.
func (r *rehearsal) newUpgrade(targets []target) (*upgrade, error) {
	m, err := pack.In(r.From)
	if err != nil {
		return nil, err
	}
	if m.App != r.manifest.App || m.OS != r.manifest.OS || m.Arch != r.manifest.Arch {
		return nil, fmt.Errorf("rehearse: the package in %s is %s for %s/%s, and the new one %s for %s/%s", r.From, m.App, m.OS, m.Arch, r.manifest.App, r.manifest.OS, r.manifest.Arch)
	}
	// Both see the files of this machine: of the one that runs now there is no image.
	old := &rehearsal{Config: r.Config, manifest: m, client: r.client, etags: map[string]string{}}
	old.Folder, old.Root = r.From, ""
	fresh := &rehearsal{Config: r.Config, manifest: r.manifest, client: r.client, etags: map[string]string{}}
	fresh.Root = ""
	u := &upgrade{rehearsal: r}
	before, err := old.paths()
	if err != nil { // it may be of another version of Gorgon, which its own program reads
		u.rows.note("pages of "+names[0], fmt.Sprintf("those of the new build are requested, since its own are not known here: %v", err))
		before = nil
		for _, t := range targets {
			before = append(before, target{path: t.path})
		}
	}
	if m.Build == r.manifest.Build {
		u.rows.note("builds", "both packages are of the same build")
	}
	for i, s := range []*side{{name: names[0], targets: before}, {name: names[1], targets: targets}} {
		of, beside := old, (*sandbox)(nil)
		if i == 1 {
			of, beside = fresh, u.builds[0].sandbox
		}
		if s.sandbox, err = newSandbox(of, beside); err != nil {
			return nil, errors.Join(err, u.close())
		}
		s.assets = map[string]bool{}
		u.builds[i] = s
	}
	return u, nil
}

func (u *upgrade) close() error {
	var faults []error
	for _, s := range slices.Backward(u.builds[:]) {
		if s != nil {
			faults = append(faults, s.close())
		}
	}
	return errors.Join(faults...)
}

// cross is the way there, back, and there again.
func (u *upgrade) cross(ctx context.Context) error {
	old, fresh := u.builds[0], u.builds[1]
	u.compare()
	u.Tell("starting the package that runs now")
	if err := u.migrate(ctx, old); err != nil {
		return err
	}
	if err := u.arrive(ctx, old); err != nil {
		return err
	}
	u.look(ctx, old)
	streams := u.streams(ctx)
	defer streams.leave()

	if back, err := u.prepare(ctx); !back || err != nil {
		return err
	}
	for _, change := range []struct {
		from, to *side
		back     bool
	}{{old, fresh, false}, {fresh, old, true}, {old, fresh, false}} {
		if change.back && u.report.OneWay != "" {
			break // it was accepted
		}
		u.Tell("replacing " + change.from.name + " by " + change.to.name)
		if err := u.replace(ctx, change.from, change.to); err != nil {
			return err
		}
		u.look(ctx, change.to)
		u.others(ctx, change.from)
	}
	streams.judge(&u.rows)
	took, err := u.builds[1].stop(ctx)
	u.report.StopTook = took.Round(time.Millisecond).String()
	return err
}

// compare says what the new build does not have any more.
func (u *upgrade) compare() {
	has := map[string]bool{}
	for _, p := range u.builds[1].manifest.Parts {
		has[p.Name] = true
	}
	gone := map[string][]string{}
	for _, p := range u.builds[0].manifest.Parts {
		kind, name, ok := strings.Cut(p.Name, " ")
		if ok && !has[p.Name] {
			gone[kind] = append(gone[kind], name)
		}
	}
	for kind, says := range map[string]string{
		"job":      "those that wait are not run any longer",
		"page":     "pages that are open and link to them lead nowhere",
		"endpoint": "pages that are open and clients that were generated call them in vain",
		"stream":   "pages that are open and clients that were generated call them in vain",
		"room":     "their members are sent away",
	} {
		if names := gone[kind]; len(names) > 0 {
			u.rows.note(kind+"s that the new build does not have", strings.Join(names, ", ")+": "+says)
		}
	}
}

// migrate prepares the store and the database for a build.
func (u *upgrade) migrate(ctx context.Context, s *side) error {
	if !s.migrates() {
		return nil
	}
	_, err := s.command(ctx, "migrate")
	return err
}

// prepare migrates for the new build while the old one serves, and says whether the
// old one could take its place again.
func (u *upgrade) prepare(ctx context.Context) (back bool, err error) {
	old, fresh := u.builds[0], u.builds[1]
	if !fresh.migrates() {
		return true, nil
	}
	pending, err := fresh.command(ctx, "migrate", "--pending")
	if err != nil && !refused(err) {
		return false, err
	}
	u.rows.note("migrations", strings.Join(strings.FieldsFunc(strings.TrimSpace(pending), func(c rune) bool { return c == '\n' }), "; "))
	if err := u.migrate(ctx, fresh); err != nil {
		return false, err
	}
	u.look(ctx, old)
	if _, err := old.command(ctx, "migrate", "--pending"); err != nil && !refused(err) {
		u.report.OneWay = cause(err).Error()
		if !u.AcceptOneWay {
			u.fault("there is no way back: %v", err)
			return false, nil
		}
	}
	return true, nil
}

// refused says that a command has something to do, and is not a failure.
func refused(err error) bool {
	e, ok := errors.AsType[*exec.ExitError](err)
	return ok && e.ExitCode() == pendingCode
}

// pendingCode is the exit code of "migrate --pending" where something is to be done.
const pendingCode = 3

// arrive starts as many instances as the place runs.
func (u *upgrade) arrive(ctx context.Context, s *side) error {
	for range u.count() {
		if err := u.add(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

func (u *upgrade) add(ctx context.Context, s *side) error {
	t, err := s.start(ctx)
	if err != nil {
		return err
	}
	s.instances = append(s.instances, t)
	if err := s.started(ctx, t); err != nil {
		return err
	}
	s.settle(t)
	u.front.add(s.sandbox, t)
	return nil
}

// replace replaces instances one by one, beneath a visitor.
func (u *upgrade) replace(ctx context.Context, from, to *side) error {
	visiting, stop := context.WithCancel(ctx)
	var visitor sync.WaitGroup
	defer visitor.Wait()
	defer stop()
	visitor.Go(func() {
		for n := 0; visiting.Err() == nil && len(from.targets) > 0; n++ {
			// What both have.
			t := from.targets[n%len(from.targets)]
			if slices.ContainsFunc(to.targets, func(o target) bool { return o.path == t.path }) {
				_, fault := u.visit(visiting, t)
				if visiting.Err() == nil {
					u.rows.count("requests while instances were replaced", fault)
				}
			}
			select {
			case <-visiting.Done():
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
	leaving := from.instances
	for _, t := range leaving {
		if err := u.add(ctx, to); err != nil {
			return fmt.Errorf("%s: %w", to.name, err)
		}
		u.front.remove(t)
		if err := from.end(ctx, t); err != nil {
			u.rows.count("instances that were told to end", err.Error())
		} else {
			u.rows.count("instances that were told to end", "")
		}
	}
	from.instances = nil
	return nil
}

// end tells one instance to end, and waits for it.
func (h *sandbox) end(ctx context.Context, t *instance) error {
	h.wake(t) // for good
	_ = t.command.Process.Signal(syscall.SIGTERM)
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case err := <-t.ended:
		t.ended <- nil
		if err != nil {
			return fmt.Errorf("%w\n%s", err, tail(t.log.String()))
		}
		return nil
	case <-timer.C:
		return fmt.Errorf("it does not end after %s", stopTimeout)
	case <-ctx.Done():
		return ctx.Err()
	}
}

var linked = regexp.MustCompile(`(?:href|src)="([^"]*` + regexp.QuoteMeta(wire.Assets) + `[^"]*)"`)

// look asks the build that serves for its pages, and notes what they link to.
func (u *upgrade) look(ctx context.Context, s *side) {
	for _, t := range s.targets {
		body, fault := u.visit(ctx, t)
		u.rows.count("pages of "+s.name, fault)
		for _, m := range linked.FindAllSubmatch(body, -1) {
			s.assets[html.UnescapeString(string(m[1]))] = true
		}
	}
}

// others asks for the assets of a build that serves no longer: pages that are open in
// browsers link to them.
func (u *upgrade) others(ctx context.Context, gone *side) {
	for path := range gone.assets {
		_, fault := u.visit(ctx, target{path: path, status: http.StatusOK})
		if kind := "assets of " + gone.name + ", after it"; u.builds[0].store == "none" {
			if fault != "" {
				u.rows.note(kind, "there is no store, so pages that are open lose them")
			}
		} else {
			u.rows.count(kind, fault)
		}
	}
}

// visit asks for a path, and says what is wrong with the answer.
func (u *upgrade) visit(ctx context.Context, t target) (body []byte, fault string) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.base+t.path, nil)
	if err != nil {
		return nil, err.Error()
	}
	res, err := u.client.Do(r)
	if err != nil {
		return nil, err.Error()
	}
	defer res.Body.Close()
	body, err = io.ReadAll(res.Body)
	switch {
	case err != nil:
		return nil, fmt.Sprintf("%s: its body breaks off: %v", t.path, err)
	case t.status != 0 && res.StatusCode != t.status:
		return nil, fmt.Sprintf("%s: answered with %d, not %d", t.path, res.StatusCode, t.status)
	case res.StatusCode >= 500:
		return nil, fmt.Sprintf("%s: answered with %d", t.path, res.StatusCode)
	}
	return body, ""
}

// migrates says whether a package has something that is to be migrated: a database, or
// a store that is not a folder.
func (h *sandbox) migrates() bool {
	return plan.App{Parts: h.manifest.Parts}.HasPart(plan.DatabasePart) ||
		h.store != "none" && h.store != "" && !strings.HasPrefix(h.store, "disk:")
}
