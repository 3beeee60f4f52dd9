// The package that the program runs from, if it does.

package command

import (
	"errors"
	"fmt"
	"os"

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
	switch {
	case errors.Is(err, pack.ErrNone):
		if os.Getenv("GORGON_STANDALONE") == "true" {
			return fmt.Errorf("GORGON_STANDALONE is set and %s is not part of a package: run '%s deploy' where the source is, and start what it writes", executable, p.app.Name)
		}
		return nil
	case err != nil:
		return err
	case p.pkg.Manifest.App != p.app.Name:
		p.pkg = nil // a program that lies in another one's package
		return nil
	}
	if err := p.pkg.Check(); err != nil {
		return err
	}
	if p.base == "" {
		p.base = p.pkg.Manifest.Base
	}
	if p.base != p.pkg.Manifest.Base {
		return misused("--base %q: this package was made for %q: deploy it again with another --base", p.base, p.pkg.Manifest.Base)
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
