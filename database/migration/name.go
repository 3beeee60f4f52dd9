// Finding the files, and their numbers.

package migration

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
)

// named is the name of a file: its number and its subject.
var named = regexp.MustCompile(`^([0-9]{1,18})_[A-Za-z0-9][A-Za-z0-9_.-]*\.sql$`)

// number is the number in the name of a file.
func number(name string) (int64, error) {
	m := named.FindStringSubmatch(name)
	if m == nil {
		return 0, errors.New("it is not named as a migration: call it 00001_" + "name.sql, with the next number")
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err == nil && n == 0 {
		err = errors.New("the number 0 is not used: begin with 00001")
	}
	return n, err
}

// Names are the paths of the files, in the order of their numbers. All are in
// one folder: the root, or any other.
func Names(files fs.FS) ([]string, error) {
	var names []string
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && path.Ext(name) == ".sql" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	byNumber := map[int64]string{}
	for _, name := range names {
		if path.Dir(name) != path.Dir(names[0]) {
			return nil, fmt.Errorf("migrations are in one folder, and here in two: %s, %s: embed one of them", names[0], name)
		}
		n, err := number(path.Base(name))
		if err != nil {
			return nil, &Fault{File: name, Says: err.Error()}
		}
		if other, twice := byNumber[n]; twice {
			return nil, fmt.Errorf("%s and %s have the same number: give the newer one the next", path.Base(other), path.Base(name))
		}
		byNumber[n] = name
	}
	slices.SortFunc(names, func(a, b string) int {
		x, _ := number(path.Base(a)) // each has been looked at
		y, _ := number(path.Base(b))
		return int(min(max(x-y, -1), 1))
	})
	return names, nil
}

// Read reads all files, in the order of their numbers.
func Read(files fs.FS, dialect string) ([]File, error) {
	if files == nil {
		return nil, nil
	}
	names, err := Names(files)
	if err != nil {
		return nil, err
	}
	var all []File
	var faults []error
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("migrations: %w", err)
		}
		f, err := Parse(name, text, dialect)
		if err != nil {
			faults = append(faults, err)
		}
		all = append(all, f)
	}
	return all, errors.Join(faults...)
}
