// The files of a program against those that are applied.

package database

import (
	"fmt"
	"slices"

	"github.com/gorgon-go/gorgon/database/migration"
)

// A record is what the database says of a file.
type record struct {
	version int64
	file    string
	sum     string
	kind    migration.Kind
	release string
	applied bool // else it has begun, outside of a transaction
}

// A standing is how files and records compare.
type standing struct {
	pending []migration.File
	newer   []record         // applied, with numbers above those of all files
	begun   map[int64]record // files without a transaction that did not end
	empty   bool             // no file was ever applied
}

// compare compares, and refuses what does not fit together. Both are in order
// of their numbers.
func compare(files []migration.File, records []record) (standing, error) {
	s := standing{begun: map[int64]record{}, empty: true}
	byVersion := map[int64]record{}
	var last record // the newest that is applied
	for _, r := range records {
		if !r.applied {
			s.begun[r.version] = r
			continue
		}
		byVersion[r.version], last, s.empty = r, r, false
	}
	var newest int64
	for _, f := range files {
		newest = f.Version
		r, applied := byVersion[f.Version]
		switch {
		case !applied && f.Version < last.version:
			return s, fmt.Errorf("%s is new, and %s with a higher number is applied: give %s the next number", f.Name, last.file, f.Name)
		case !applied:
			s.pending = append(s.pending, f)
		case r.sum != f.Sum && r.file != f.Name:
			return s, fmt.Errorf("%s was applied, and %s has its number: restore it, and give %s the next number", r.file, f.Name, f.Name)
		case r.sum != f.Sum:
			return s, fmt.Errorf("%s was changed after it was applied: restore it, and make a new file for the change", f.Name)
		}
		delete(byVersion, f.Version)
	}
	for _, r := range records {
		if _, left := byVersion[r.version]; !left {
			continue
		}
		if r.version < newest {
			return s, fmt.Errorf("%s was applied and is missing: restore it", r.file)
		}
		s.newer = append(s.newer, r)
	}
	return s, nil
}

// written leaves out, in development, the first pending file that has no statements
// yet, and those after it: it is applied once they are written. It returns its name; ""
// if there is none.
func (s *standing) written(development bool) (waits string) {
	i := slices.IndexFunc(s.pending, func(f migration.File) bool { return len(f.Up) == 0 })
	if i < 0 || !development {
		return ""
	}
	waits, s.pending = s.pending[i].Name, s.pending[:i]
	return waits
}

// contracted says why a program cannot use a database that a newer one has
// migrated; nil if it can.
func (s standing) contracted() error {
	for _, r := range s.newer {
		if r.kind != migration.Expand {
			by := ""
			if r.release != "" {
				by = " by release " + r.release
			}
			return fmt.Errorf("the database is newer than this program: %s, which removes what older programs may read, was applied%s: use a program that has this file", r.file, by)
		}
	}
	return nil
}

// ready says why the pending files cannot be applied now.
func (s standing) ready(together bool) error {
	if err := s.contracted(); err != nil {
		return err
	}
	var before *migration.File
	for i, f := range s.pending {
		if err := f.Check(); err != nil {
			return err
		}
		switch {
		case len(f.Up) == 0:
			return fmt.Errorf("%s has no statements: write them, or remove the file", f.Name)
		case f.Kind != migration.Contract:
			before = &s.pending[i]
		case before != nil && !s.empty && !together:
			return fmt.Errorf("%s removes %s, and %s before it is not applied: the release that runs now may need both. Deploy a release that has %s and not %s, and works without %s; then migrate again. Where no instance runs, use migrate --offline",
				f.Name, listed(f.Removes), before.Name, before.Name, f.Name, listed(f.Removes))
		}
	}
	return nil
}
