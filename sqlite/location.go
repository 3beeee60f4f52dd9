// Locations: which file, and whether the location can be one.

package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gorgon-go/gorgon/pages"
)

// locate returns the absolute path of a location, or an error if the location
// cannot be valid.
func locate(location string) (string, error) {
	if location == "" || pages.CheckPath(location) != nil {
		why := "no file is named"
		if err := pages.CheckPath(location); err != nil {
			why = err.Error()
		}
		// The location may contain a secret, so it is not quoted.
		return "", fmt.Errorf("open sqlite: %s: name a file, as in sqlite:/var/lib/shop/pages.db", why)
	}
	refuse := func(why string) (string, error) {
		return "", fmt.Errorf("open sqlite: %q: %s: name a file, as in sqlite:/var/lib/shop/pages.db", location, why)
	}
	switch {
	case os.IsPathSeparator(location[len(location)-1]):
		return refuse("this is a folder")
	}
	path, err := filepath.Abs(location)
	if err != nil {
		return "", fmt.Errorf("open sqlite: %q: %w", location, err)
	}
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return refuse("this is a folder")
	case err == nil && !info.Mode().IsRegular():
		return refuse("this is not a regular file")
	case err == nil, !errors.Is(err, fs.ErrNotExist):
		return path, nil // opening the file reports any other fault
	}
	switch info, err := os.Stat(filepath.Dir(path)); {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("open sqlite: %s: its folder does not exist: create it: %w", path, err)
	case err != nil:
		return "", fmt.Errorf("open sqlite: %s: %w", path, err)
	case !info.IsDir():
		return refuse("what should be its folder is a file")
	}
	return path, nil
}

// dsn is the URI of a path in one of SQLite's modes: rwc, rw or ro.
func dsn(path, mode string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive letter comes after a slash
	}
	path = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	// _error_rc: do not use a message left over from another error.
	return "file://" + path + "?mode=" + mode + "&_error_rc=1"
}

// unmakeable says why a file that does not exist cannot be created, which
// SQLite does not report.
func unmakeable(path string, cause error) error {
	probe, err := os.CreateTemp(filepath.Dir(path), ".gorgon-*")
	switch {
	case err == nil:
		_ = probe.Close()
		_ = os.Remove(probe.Name())
		return cause
	case readOnly(err):
		return fmt.Errorf("%w, and there is no file to read: let this process write to its folder: %w", pages.ErrReadOnly, err)
	}
	return err
}
