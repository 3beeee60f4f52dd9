// When the pages of a seed were made: the time of their data, which may differ
// from the time in the seed.

package seed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// PutTime writes beside a seed when the data of its pages was read, if that
// differs from the time in its manifest: a reproducible build writes there when
// its source was committed. The zero time removes the file of an earlier build.
func PutTime(path string, at time.Time) error {
	name := path + ".time"
	if at.IsZero() {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault("date seed", path, err)
		}
		return nil
	}
	temporary, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return fault("date seed", path, err)
	}
	_, err = temporary.WriteString(at.UTC().Format(time.RFC3339Nano) + "\n")
	if err = errors.Join(err, temporary.Chmod(0o644), temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), name)
	}
	if err != nil {
		return errors.Join(fault("date seed", path, err), os.Remove(temporary.Name()))
	}
	return nil
}

// Time reads what [PutTime] wrote; it returns the zero time if there is no
// file.
func Time(path string) (time.Time, error) {
	text, err := os.ReadFile(path + ".time")
	if errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, nil
	}
	var at time.Time
	if err == nil {
		at, err = time.Parse(time.RFC3339Nano, strings.TrimSpace(string(text)))
	}
	if err != nil {
		return time.Time{}, fault("date seed", path, fmt.Errorf("%s.time: %w: build again", path, err))
	}
	return at, nil
}

// Date sets when the data of the pages was read: entries are as old as that,
// and their intervals count from it. Call it before the seed is used. It does
// not change when a page's bytes are said to have changed.
func (s *Seed) Date(at time.Time) { s.shift = at.Sub(s.manifest.MadeAt) }

// dated shifts the times that determine the age of an entry.
func (s *Seed) dated(e *pages.Entry) *pages.Entry {
	if s.shift == 0 {
		return e
	}
	for _, t := range []*time.Time{&e.MadeAt, &e.FreshUntil, &e.StaleUntil, &e.ErrorUntil} {
		if !t.IsZero() {
			*t = t.Add(s.shift)
		}
	}
	return e
}
