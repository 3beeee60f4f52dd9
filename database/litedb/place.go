// Which file a URL names.

package litedb

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/database"
)

// A place is a database's file.
type place struct {
	path string // absolute
	full bool   // a commit waits for the disk

	// patience is how long SQLite waits for the lock of another process, unless
	// the statement's context ends before.
	patience time.Duration
}

const example = "name a file, as in sqlite:data/shop.db"

// ofPostgreSQL is how a URL of PostgreSQL begins, and the other form of it, with
// keywords.
var ofPostgreSQL = regexp.MustCompile(`^((?i:postgres(ql)?):|(host|hostaddr|port|user|password|dbname|sslmode) *= *\S)`)

// otherScheme is how the URL of a server begins. A drive has one letter.
var otherScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+:`)

// locate reads a URL. Its errors do not show the URL, which may have the
// password of another database in it.
func locate(where string) (place, error) {
	path, isURL := where, false
	for _, scheme := range []string{"sqlite:", "file:"} {
		if rest, ok := strings.CutPrefix(where, scheme); ok && !isURL {
			path, isURL = rest, true
		}
	}
	switch {
	case isURL:
	case ofPostgreSQL.MatchString(where):
		return place{}, errors.New("the database's URL (" + database.Variable + ") is that of a PostgreSQL database, and the program's source opens SQLite (litedb.Dialect): " +
			example + ", or use pgdb.Dialect in the source")
	case otherScheme.MatchString(where):
		return place{}, errors.New("the database's URL (" + database.Variable + ") is that of another kind of database than SQLite, which the program's source opens (litedb.Dialect): " + example)
	}
	path, parameters, _ := strings.Cut(path, "?")
	if rest, ok := strings.CutPrefix(path, "//"); isURL && ok {
		if !strings.HasPrefix(rest, "/") {
			return place{}, errors.New("the URL of a SQLite database has no host: write sqlite:data/shop.db, or sqlite:///var/lib/shop/shop.db")
		}
		path = rest
	}
	if isURL {
		unescaped, err := url.PathUnescape(path)
		if err != nil {
			return place{}, errors.New("the URL of the SQLite database has a wrong escape: write a percent sign as %25")
		}
		path = unescaped
	}
	switch {
	case path == "":
		return place{}, errors.New("the URL of the SQLite database has no path: " + example)
	case path == ":memory:":
		return place{}, errors.New("a SQLite database in memory is one connection's own, and an app has several: " + example)
	case strings.ContainsRune(path, 0):
		return place{}, errors.New("the path of the SQLite database has a zero byte in it: " + example)
	}
	full, err := parse(parameters)
	if err != nil {
		return place{}, err
	}
	path, err = filepath.Abs(path)
	return place{path: path, full: full}, err
}

// parse reads the parameters of a URL.
func parse(parameters string) (full bool, err error) {
	values, err := url.ParseQuery(parameters)
	if err != nil {
		return false, errors.New("the parameters of the SQLite database's URL cannot be read: write them as in sqlite:data/shop.db?sync=full")
	}
	for name, list := range values {
		switch {
		case name != "sync":
			return false, fmt.Errorf("the SQLite database's URL has the unknown parameter %q: only sync is known", name)
		case len(list) != 1 || list[0] != "full" && list[0] != "normal":
			return false, errors.New("the parameter sync of the SQLite database's URL is neither full nor normal")
		}
		full = list[0] == "full"
	}
	return full, nil
}

// check says what is wrong with the file before SQLite opens it, in words that
// SQLite does not have.
func (p place) check() error {
	folder := filepath.Dir(p.path)
	switch info, err := os.Stat(folder); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: its folder does not exist: create the folder %s: %w", p.path, folder, fs.ErrNotExist)
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s: %s is not a folder: %s", p.path, folder, example)
	}
	if info, err := os.Stat(p.path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file: %s", p.path, example)
	}
	return nil // opening the file reports any other fault
}

// dsn is what the driver opens. Its parameters hold for each connection.
func (p place) dsn() string {
	path := filepath.ToSlash(p.path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive letter comes after a slash
	}
	path = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	sync := "normal"
	if p.full {
		sync = "full"
	}
	all := []string{
		"_error_rc=1", // do not use a message left over from another error
		"_txlock=immediate",
		"_time_format=sqlite",
		fmt.Sprintf("_pragma=busy_timeout(%d)", p.patience.Milliseconds()),
		"_pragma=synchronous(" + sync + ")",
		"_pragma=foreign_keys(1)",
		"_pragma=recursive_triggers(1)",
		fmt.Sprintf("_pragma=journal_size_limit(%d)", 16<<20),
	}
	return "file://" + path + "?" + strings.Join(all, "&")
}
