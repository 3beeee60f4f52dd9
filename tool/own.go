// The files of a target that belong to the app's repository.

package tool

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/scaffold"
	"github.com/gorgon-go/gorgon/pack"
)

// A repository is where the files go that belong to one.
type repository struct {
	root   string // of git's working tree, or of the module where there is none
	infra  string // from the root, with slashes, and so are the others
	module string
	main   string
}

// find finds the repository of the app.
func (d *deployment) find(ctx context.Context) (r repository, err error) {
	dir, err := filepath.EvalSymlinks(d.source.Dir)
	if err != nil {
		return r, err
	}
	module := moduleRoot(dir)
	r.root = module
	if top, err := git(ctx, dir, "rev-parse", "--show-toplevel"); err == nil {
		r.root = filepath.FromSlash(top)
	}
	for _, p := range []struct {
		to *string
		of string
	}{{&r.module, module}, {&r.main, dir}} {
		rel, err := filepath.Rel(r.root, p.of)
		if err != nil {
			return r, err
		}
		*p.to = filepath.ToSlash(rel)
	}
	r.infra = path.Join(r.module, "infra", d.to)
	if d.infra != "" {
		at, err := filepath.Abs(d.infra)
		if err != nil {
			return r, err
		}
		if real, err := filepath.EvalSymlinks(filepath.Dir(at)); err == nil { // it need not exist itself
			at = filepath.Join(real, filepath.Base(at))
		}
		rel, err := filepath.Rel(r.root, at)
		if err != nil || !filepath.IsLocal(rel) {
			return r, cli.Misuse("--infra %s: it belongs into the app's repository, which is %s", cli.Quoted(d.infra), r.root)
		}
		r.infra = filepath.ToSlash(rel)
	}
	return r, nil
}

// moduleRoot is the folder of the go.mod that is in force in another.
func moduleRoot(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			return dir
		}
	}
}

// owns finds what is to be done with the files of the repository, and says so
// for --diff.
func (d *deployment) owns(ctx context.Context) (err error) {
	if d.target == nil || d.target.Own == nil {
		return nil
	}
	if d.repository, err = d.find(ctx); err != nil {
		return err
	}
	// They are of no build: a later one gives the same.
	site := d.site(pack.Manifest{App: d.app.Name, Program: d.app.Name, Base: d.base, OS: d.os, Arch: strings.Split(d.arch, ",")[0]})
	files, err := d.target.Own(ctx, site)
	if err != nil {
		return err
	}
	if d.target.Workflows != nil {
		more, err := d.target.Workflows(ctx, site)
		if err != nil {
			return err
		}
		files = append(files, more...)
	}
	if d.owned, err = scaffold.Look(d.repository.root, d.repository.infra, files); err != nil {
		return err
	}
	if !d.diff {
		return nil
	}
	d.phases.end()
	return d.differences(d.owned)
}

// tellOwn says what becomes of the files of the repository.
func (d *deployment) tellOwn(p *scaffold.Plan) {
	count := map[scaffold.Fate]int{}
	for _, c := range p.Changes {
		count[c.Fate]++
	}
	fmt.Fprintf(d.t.log, "%s, and workflows: %s written, %d unchanged; commit them before the next deploy; what to do next: %s\n", d.repository.infra, cli.Plural(count[scaffold.Written]+count[scaffold.Renewed], "file"), count[scaffold.Same],
		path.Join(d.repository.infra, deploy.ReadmeName))
	for _, c := range p.Changes {
		switch c.Fate {
		case scaffold.Beside:
			fmt.Fprintf(d.t.log, "  %s: you changed it, so the new version is in %s%s; this is what is new in it:\n%s", c.Name, path.Base(c.Name), scaffold.New, indent(c.Diff))
			if c.Own != "" {
				fmt.Fprintf(d.t.log, "  and this is what you changed:\n%s", indent(c.Own))
			}
		case scaffold.Yours:
			fmt.Fprintf(d.t.log, "  %s: you changed it, and nothing is new\n", c.Name)
		case scaffold.Deleted:
			fmt.Fprintf(d.t.log, "  %s: you deleted it, and it was not written again\n", c.Name)
		case scaffold.Removed:
			fmt.Fprintf(d.t.log, "  %s: the app does not need it any more, and it was removed: see what 'terraform plan' would destroy\n", c.Name)
		case scaffold.Unwanted:
			fmt.Fprintf(d.t.log, "  %s: the app does not need it any more, but you changed it: remove it yourself\n", c.Name)
		}
	}
}

// differences prints what a deploy would change in the repository.
func (d *deployment) differences(p *scaffold.Plan) error {
	if d.json {
		return d.t.print(p)
	}
	for _, c := range p.Changes {
		if _, err := fmt.Fprint(d.t.out, c.Diff); err != nil {
			return err
		}
	}
	return nil
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ") + "\n"
}
