// Levers: files by which a test moves the generators of a running program.

package site

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Levers is a directory of small files. A test sets them; a program looks at
// them each time it makes a page, and notes there that it did.
type Levers string

// The levers.
const (
	Data  = "data"  // what generators find, and pages show
	Delay = "delay" // how long a making takes
	Fail  = "fail"  // the error that every making ends with
	Hold  = "hold"  // while it is set, no making ends
)

const notes = "makings"

// Set sets a lever, at once and whole.
func (l Levers) Set(lever, value string) error {
	name := filepath.Join(string(l), lever)
	if err := os.WriteFile(name+".new", []byte(value), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// Clear puts a lever back.
func (l Levers) Clear(lever string) error { return os.Remove(filepath.Join(string(l), lever)) }

// Makings lists the paths that generators were called for, in order.
func (l Levers) Makings() ([]string, error) {
	b, err := os.ReadFile(filepath.Join(string(l), notes))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return strings.FieldsFunc(string(b), func(r rune) bool { return r == '\n' }), err
}

// Read is where a lever is; "" where it is not set.
func (l Levers) Read(lever string) string {
	b, _ := os.ReadFile(filepath.Join(string(l), lever))
	return string(b)
}

// note adds a line to the notes. Lines of several processes do not mix.
func (l Levers) note(path string) error {
	f, err := os.OpenFile(filepath.Join(string(l), notes), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(path + "\n")
	return errors.Join(err, f.Close())
}

// Work is what each generator does: it notes the call, reads the data, and
// then takes as long, and ends, as the levers say.
func (l Levers) Work(ctx context.Context, path string) (data string, err error) {
	if err := l.note(path); err != nil {
		return "", err
	}
	data = l.Read(Data)
	if d, _ := time.ParseDuration(l.Read(Delay)); d > 0 {
		if err := sleep(ctx, d); err != nil {
			return "", err
		}
	}
	for l.Read(Hold) != "" {
		if err := sleep(ctx, 5*time.Millisecond); err != nil {
			return "", err
		}
	}
	if text := l.Read(Fail); text != "" {
		return "", errors.New(text)
	}
	return data, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
