// Locations: which file, and whether it can be one.

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

// locate makes an absolute path of a location, and says what cannot be right
// about it.
func locate(location string) (string, error) {
	refuse := func(why string) (string, error) {
		return "", fmt.Errorf("open sqlite: %q: %s: name a file, as in sqlite:/var/lib/shop/pages.db", location, why)
	}
	switch {
	case location == "":
		return refuse("no file is named")
	case location == ":memory:", strings.HasPrefix(location, "file:"):
		return refuse("this is no path")
	case strings.ContainsRune(location, 0):
		return refuse("a path has no zero bytes")
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
		return refuse("this is no regular file")
	case err == nil, !errors.Is(err, fs.ErrNotExist):
		return path, nil // what else may be wrong, opening it tells
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
		path = "/" + path // a drive's letter comes after a slash
	}
	path = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	// _error_rc: no message that is left from something else.
	return "file://" + path + "?mode=" + mode + "&_error_rc=1"
}

// unmakeable says why a file that is not there cannot be made, which SQLite
// does not tell.
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
