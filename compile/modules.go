// The packages of a program, and the modules that they come from.

package compile

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// workFile is the Path of the [Module] that is go.work itself.
const workFile = "go.work"

// A Module is one that comes from a folder.
type Module struct {
	Path    string    // "go.work" for that file
	Dir     string    // its folder
	Commit  string    // "" if git reports none
	Unread  string    // why there is no commit, in git's words
	Time    time.Time // of the commit
	Changes []string  // files of it that are in the program and differ from the commit
}

// A listed package is the output of 'go list' for one package.
type listed struct {
	ImportPath    string
	Dir           string
	Standard      bool
	GoFiles       []string
	CgoFiles      []string
	SFiles        []string
	EmbedPatterns []string
	Module        *listedModule
}

type listedModule struct {
	Path    string
	Version string
	Main    bool
	Dir     string
	Replace *listedModule
}

// folder says whether a module comes from a folder rather than by its version.
func (m *listedModule) folder() bool {
	if m.Replace != nil {
		m = m.Replace
	}
	return m.Version == ""
}

// list lists the packages of the program that are not of the standard library,
// the main one last, as they are compiled with its settings and more flags and
// variables.
func (s Source) list(ctx context.Context, more, variables []string) ([]listed, error) {
	flags, env := s.settings.again()
	fields := "-json=ImportPath,Dir,Standard,GoFiles,CgoFiles,SFiles,EmbedPatterns,Module"
	line := slices.Concat([]string{"list", "-deps", fields, "-buildvcs=false"}, flags, more, []string{s.Package})
	out, err := run(ctx, s.Dir, append(env, variables...), "go", line...)
	if err != nil {
		return nil, err
	}
	var packages []listed
	for d := json.NewDecoder(strings.NewReader(out)); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		if !p.Standard {
			packages = append(packages, p)
		}
	}
	if len(packages) == 0 {
		return nil, errors.New("go list does not find the package")
	}
	return packages, nil
}

// changedByCgo names the packages that have other files without cgo.
func (s Source) changedByCgo(ctx context.Context, with []listed) ([]string, error) {
	// Without cgo, packages that consist of cgo alone have errors.
	without, err := s.list(ctx, []string{"-e"}, []string{"CGO_ENABLED=0"})
	if err != nil {
		return nil, err
	}
	files := map[string][]string{}
	for _, p := range without {
		files[p.ImportPath] = slices.Concat(p.GoFiles, p.CgoFiles, p.SFiles)
	}
	var changed []string
	for _, p := range with {
		if !slices.Equal(files[p.ImportPath], slices.Concat(p.GoFiles, p.CgoFiles, p.SFiles)) {
			changed = append(changed, p.ImportPath)
		}
	}
	return changed, nil
}

// CgoPackages names the packages of a program that cgo compiles, apart from
// those of the standard library.
func CgoPackages(ctx context.Context, b Binary) ([]string, error) {
	s := Source{Package: b.Info.Path, Dir: b.Dir}
	if s.settings, _ = settingsOf(b.Info.Settings); !s.settings.cgo {
		return nil, nil
	}
	packages, err := s.list(ctx, nil, nil)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range packages {
		if len(p.CgoFiles) > 0 {
			names = append(names, p.ImportPath)
		}
	}
	return names, nil
}

// versions asks git for the commits of every module that comes from a folder,
// and for what differs from them.
func (s *Source) versions(ctx context.Context, packages []listed, main *listedModule, gowork string, ignored []string) error {
	modules := map[string]*module{}
	for _, p := range packages {
		if p.Module == nil || !p.Module.folder() || p.Module.Dir == "" {
			continue
		}
		m := modules[p.Module.Path]
		if m == nil {
			m = &module{Module: Module{Path: p.Module.Path, Dir: p.Module.Dir}, folders: map[string]bool{}}
			modules[p.Module.Path] = m
		}
		m.add(p)
	}
	own := modules[main.Path]
	if own == nil {
		return fmt.Errorf("%s is a released version of %s: run this in a copy of its source", s.Package, main.Path)
	}
	delete(modules, main.Path)
	own.whole = true
	foreign, err := own.read(ctx, ignored)
	if err != nil {
		return err
	}
	s.Commit, s.Unread, s.Time, s.Changes = own.Commit, own.Unread, own.Time, own.Changes
	s.stamp = s.Commit != "" && !foreign
	if gowork != "" && gowork != "off" {
		modules[workFile] = &module{Module: Module{Path: workFile, Dir: filepath.Dir(gowork)}, file: filepath.Base(gowork)}
	}
	for _, m := range modules {
		if _, err := m.read(ctx, ignored); err != nil {
			return err
		}
		s.Modules = append(s.Modules, m.Module)
	}
	slices.SortFunc(s.Modules, func(a, b Module) int { return cmp.Compare(a.Path, b.Path) })
	return nil
}

// A module is one whose version is looked for.
type module struct {
	Module
	whole   bool            // every file of the module counts
	file    string          // otherwise, where it is not "": this one alone
	folders map[string]bool // otherwise those of packages and of what they embed, from the module's; true with what is below
	code    []string        // the Go files, from the module's folder
}

// add adds a package of the module.
func (m *module) add(p listed) {
	rel, err := filepath.Rel(m.Dir, p.Dir)
	if err != nil || !filepath.IsLocal(rel) {
		return // vendored: it is in the module that vendors it
	}
	folder := filepath.ToSlash(rel)
	m.folders[folder] = m.folders[folder] || false
	for _, pattern := range p.EmbedPatterns {
		first, _, below := strings.Cut(strings.TrimPrefix(pattern, "all:"), "/")
		switch {
		case strings.ContainsAny(first, `*?[\`) && below, first == ".":
			m.folders[folder] = true
		default:
			m.folders[path.Join(folder, first)] = true
		}
	}
	for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.SFiles) {
		m.code = append(m.code, path.Join(folder, name))
	}
}

// counts says whether a file of the module, named from its folder, is part of
// the program.
func (m *module) counts(name string) bool {
	switch {
	case m.whole:
		return true
	case m.file != "":
		return name == m.file
	case name == "go.mod":
		return true
	case strings.HasSuffix(name, "_test.go"):
		return false
	}
	if _, linked := m.folders[path.Dir(name)]; linked {
		return true
	}
	for at := name; at != "." && at != "/"; at = path.Dir(at) {
		if m.folders[at] {
			return true
		}
	}
	return m.folders["."]
}
