// Package scaffold writes files that their reader owns and changes, and writes
// them again later without undoing a change.
//
// What was written last is kept beside the files, in one archive. A file that is
// still as it was written is replaced; one that its owner has changed is left
// alone, and what is new lies beside it with the suffix ".new".
package scaffold

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gorgon-go/gorgon/deploy"
)

// RecordName is the archive of what was written last.
const RecordName = ".gorgon.txtar"

// New is the suffix of a new version beside a file that its owner has changed.
const New = ".new"

// A Fate is what becomes of a file.
type Fate string

const (
	Written  Fate = "written"  // it was not there
	Renewed  Fate = "renewed"  // it was as written last, and is replaced
	Same     Fate = "same"     // it is as it would be written
	Yours    Fate = "yours"    // its owner has changed it, and there is nothing new
	Beside   Fate = "beside"   // its owner has changed it, and the new version lies beside it
	Deleted  Fate = "deleted"  // its owner has deleted it, and it stays so
	Removed  Fate = "removed"  // it is not wanted any more, and was as written last
	Unwanted Fate = "unwanted" // it is not wanted any more, and its owner has changed it
)

// A Change is what happens to one file.
type Change struct {
	Name string `json:"name"` // from the root
	Fate Fate   `json:"fate"`

	// Diff is what is new since the file was written last, where its owner has
	// changed it or it is not theirs alone: base to new, in unified format.
	Diff string `json:"diff,omitempty"`

	// Own is what the owner has changed since, for Beside: base to the file.
	Own string `json:"own,omitempty"`
}

// A Plan is what is to be done with files.
type Plan struct {
	Changes []Change // in the order of their names

	root, record string
	files        map[string]deploy.File
}

// Look compares files with those below root, and with the record in folder, which
// is below root as well. It changes nothing.
func Look(root, folder string, files []deploy.File) (*Plan, error) {
	p := &Plan{root: root, record: path.Join(folder, RecordName), files: map[string]deploy.File{}}
	base, err := p.read()
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, f := range files {
		if !fs.ValidPath(f.Name) || f.Name == p.record {
			return nil, fmt.Errorf("file %q: use a relative path with slashes", f.Name)
		}
		if p.files[f.Name].Name != "" {
			return nil, fmt.Errorf("file %q is there twice", f.Name)
		}
		if !storable(f.Data) {
			return nil, fmt.Errorf("file %q: it does not end with a newline, or has a line such as -- name --", f.Name)
		}
		p.files[f.Name], names[f.Name] = f, true
	}
	for name := range base {
		names[name] = true
	}
	for name := range names {
		c, err := p.look(name, base)
		if err != nil {
			return nil, err
		}
		p.Changes = append(p.Changes, c)
	}
	slices.SortFunc(p.Changes, func(a, b Change) int { return cmp.Compare(a.Name, b.Name) })
	return p, nil
}

// look decides for one file.
func (p *Plan) look(name string, base map[string][]byte) (Change, error) {
	is, err := os.ReadFile(p.at(name))
	there := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Change{}, err
	}
	was, recorded := base[name]
	f, wanted := p.files[name]
	c := Change{Name: name}
	switch {
	case !wanted && !there:
		c.Fate = Deleted
	case !wanted && bytes.Equal(is, was):
		c.Fate = Removed
	case !wanted:
		c.Fate = Unwanted
	case !there && recorded:
		c.Fate = Deleted
	case !there:
		c.Fate = Written
	case bytes.Equal(is, f.Data):
		c.Fate = Same
	case recorded && bytes.Equal(is, was):
		c.Fate = Renewed
	case recorded && bytes.Equal(was, f.Data):
		c.Fate = Yours
	default:
		c.Fate = Beside
	}
	switch c.Fate {
	case Written, Renewed, Beside, Deleted, Removed:
		c.Diff = compare(name, was, f.Data)
	}
	if c.Fate == Beside && recorded {
		c.Own = compare(name, was, is)
	}
	return c, nil
}

func compare(name string, a, b []byte) string {
	return string(diff.Diff("a/"+name, a, "b/"+name, b))
}

// Do does it, and records what was written.
func (p *Plan) Do() error {
	for _, c := range p.Changes {
		f := p.files[c.Name]
		var err error
		switch c.Fate {
		case Written, Renewed:
			err = p.write(c.Name, f)
		case Beside:
			err = p.write(c.Name+New, f)
		case Removed:
			err = os.Remove(p.at(c.Name))
		}
		if err != nil {
			return err
		}
	}
	a := &txtar.Archive{Comment: []byte("The files as they were written last, to compare with. Commit it.\n")}
	for _, c := range p.Changes {
		if f, wanted := p.files[c.Name]; wanted {
			a.Files = append(a.Files, txtar.File{Name: c.Name, Data: f.Data})
		}
	}
	return p.write(p.record, deploy.File{Data: txtar.Format(a)})
}

func (p *Plan) at(name string) string { return filepath.Join(p.root, filepath.FromSlash(name)) }

// write replaces a file as a whole.
func (p *Plan) write(name string, f deploy.File) error {
	at := p.at(name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(at), ".gorgon-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(f.Data)
	err = errors.Join(err, temp.Chmod(cmp.Or(f.Mode, 0o644)), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), at)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}

// read reads the record: files by name; none where nothing was written before.
func (p *Plan) read() (map[string][]byte, error) {
	data, err := os.ReadFile(p.at(p.record))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	base := map[string][]byte{}
	for _, f := range txtar.Parse(data).Files {
		if !fs.ValidPath(f.Name) || strings.HasSuffix(f.Name, "/") {
			return nil, fmt.Errorf("%s: %q is not a file's name: take the archive from the last commit that has it", p.record, f.Name)
		}
		base[f.Name] = f.Data
	}
	return base, nil
}

// storable says whether the archive holds the text as it is.
func storable(data []byte) bool {
	a := txtar.Parse(txtar.Format(&txtar.Archive{Files: []txtar.File{{Name: "x", Data: data}}}))
	return len(a.Files) == 1 && bytes.Equal(a.Files[0].Data, data)
}
