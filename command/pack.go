// The package that the program runs from, if it does.

package command

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gorgon-go/gorgon/pack"
)

// findPackage finds the package that this program is part of, and says whether
// it is all there. With GORGON_STANDALONE=true there has to be one.
func (p *program) findPackage() error {
	executable, err := os.Executable()
	if err != nil {
		return err
	}
	p.pkg, err = pack.Find(executable)
	if err != nil { // else nothing is written beside a package unless it is asked for
		p.stores.folder = filepath.Join(p.dist, p.app.Name+".store")
	}
	switch {
	case errors.Is(err, pack.ErrNone):
		standalone, err := truth("GORGON_STANDALONE")
		if err != nil {
			return err
		}
		if standalone {
			return fmt.Errorf("GORGON_STANDALONE is set and %s is not part of a package: run 'gorgon deploy' where the source is, and start what it writes", executable)
		}
		return nil
	case err != nil:
		return err
	case p.pkg.Manifest.App != p.app.Name:
		p.pkg = nil // a program that lies in another one's package
		p.stores.folder = filepath.Join(p.dist, p.app.Name+".store")
		return nil
	}
	if err := p.pkg.Check(); err != nil {
		return err
	}
	if p.base == "" {
		p.base = p.pkg.Manifest.Base
	}
	if p.base != p.pkg.Manifest.Base {
		return misused("--base %s: this package was made for %q: deploy it again with another --base", quoted(p.base), p.pkg.Manifest.Base)
	}
	return nil
}

// atSource refuses what can only be done where the source is.
func (p *program) atSource(what string) error {
	if p.pkg == nil {
		return nil
	}
	return misused("%s: this program is part of a package: do it where the source is", what)
}
