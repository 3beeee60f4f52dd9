//go:build !gorgon_release

// What is different while an app is being written.

package command

import "os"

// developing says that 'gorgon dev' runs this program: pages are made when
// somebody asks for them, and not before it listens.
func (p *program) developing() bool { return p.pkg == nil && os.Getenv("GORGON_DEV") == "1" }
