// The reasons to refuse a release.

package compile

import "fmt"

// The names of refusals.
const (
	Dirty        = "dirty"         // the module differs from its commit
	Unversioned  = "unversioned"   // git reports no commit
	LocalModules = "local-modules" // another module from a folder differs or has no commit
	OtherBuild   = "other-build"   // a release cannot have the program's settings
	Cgo          = "cgo"           // packages have other files without cgo
)

// A Refusal is a reason to refuse the release of a source.
type Refusal struct {
	Name  string
	Says  string // what is wrong, and what to do
	Files []string
}

// Refusals lists the reasons to refuse a release of the source.
func (s Source) Refusals() (list []Refusal) {
	refuse := func(name string, files []string, text string, args ...any) {
		list = append(list, Refusal{name, fmt.Sprintf(text, args...), files})
	}
	for _, difference := range s.Differences {
		refuse(OtherBuild, nil, "a release would be another program: %s", difference)
	}
	if n := len(s.Cgo); n > 0 {
		refuse(Cgo, s.Cgo, "a release is compiled without cgo, and these packages then use other files: use other packages, or check with CGO_ENABLED=0 what is packed")
	}
	switch {
	case s.Commit == "":
		refuse(Unversioned, nil, "git reports no commit for %s, so this deployment could not be reproduced: %s", s.Dir, s.Unread)
	case len(s.Changes) > 0:
		refuse(Dirty, s.Changes, "the module differs from commit %.12s, so this deployment could not be reproduced: commit the changes, or have git ignore them", s.Commit)
	}
	for _, m := range s.Modules {
		what, hint := "the module "+m.Path+" in "+m.Dir, "commit it, or require a released version"
		if m.Path == workFile {
			what, hint = "go.work in "+m.Dir, "commit it, or set GOWORK=off"
		}
		switch {
		case m.Commit == "":
			refuse(LocalModules, nil, "%s is part of this program, and git reports no commit for it: %s: %s", what, m.Unread, hint)
		case len(m.Changes) > 0:
			refuse(LocalModules, m.Changes, "%s is part of this program, and differs from commit %.12s: %s", what, m.Commit, hint)
		}
	}
	return list
}
