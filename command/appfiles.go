// The app's own files, as far as the commands use them.

package command

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/plan"
)

// Files are where the app's own files are: what blobs.At returns. An app without
// them links nothing of it.
type Files interface {
	// Check says what is wrong with FILES_URL. It asks and writes nothing.
	Check() error

	// Ready opens the store, unless it is open.
	Ready(ctx context.Context) error

	// Needs lists what the files require of the target, and Technologies where
	// they can be: "disk", "s3".
	Needs() []gorgon.Need
	Technologies() []string

	Close() error
}

// filesURL is the variable of package blobs.
const filesURL = "FILES_URL"

// checkFiles refuses to serve with a FILES_URL that cannot be right, or in a
// package without one: the default is for where the app is written, and what is
// uploaded into it might be deleted with the instance.
func (p *program) checkFiles() error {
	if p.config.Files == nil {
		for _, h := range p.app.Handlers() {
			if slices.Contains(h.Needs, gorgon.NeedFiles) {
				p.log.Warn("the app has files, and command.Config.Files is not set: nothing checks "+filesURL+" before they are used. Set it to what blobs.At returned", "handler", h.Pattern)
				break
			}
		}
		return nil
	}
	if p.pkg != nil && os.Getenv(filesURL) == "" {
		return exit{Code: Failed, Err: errors.New(filesURL + " is not set: a package needs it to know where the app's files are, as in disk:/var/lib/" + p.app.Name + "/files; for none that last, mem:, if the program has that")}
	}
	if err := p.config.Files.Check(); err != nil {
		return exit{Code: Failed, Err: err}
	}
	return nil
}

// openFiles opens the app's files before visitors come. If that fails, pages are
// served all the same, and each use of the files tries again.
func (p *program) openFiles(ctx context.Context) {
	if p.config.Files == nil {
		return
	}
	if err := p.config.Files.Ready(ctx); err != nil {
		p.log.Error("the app's files cannot be used: uploads and downloads fail until they can", "err", err)
	}
}

func (p *program) closeFiles() error {
	if p.config.Files == nil {
		return nil
	}
	return p.config.Files.Close()
}

// filesPart is what the app's files need of the place that the app runs on.
func filesPart(f Files) plan.Part {
	how := ""
	for i, name := range f.Technologies() {
		if i > 0 {
			how += ", "
		}
		how += name
	}
	p := plan.Part{Name: plan.FilesPart, How: how}
	for _, n := range f.Needs() {
		why := "they must last"
		if n == gorgon.NeedMemory {
			why = "they are in the memory of one process: keep them on a disk or in a bucket"
		}
		p.Needs = append(p.Needs, plan.Need{Part: plan.FilesPart, Kind: plan.Kind(n), Why: why})
	}
	return p
}
