// Programs that have a file open which is no longer at its path, and those who
// purge what is there now.

package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// A note beside a file says that a program still has what was there before.
// Who opens the new file cannot see that in it, so the program leaves one, and
// writes it again at each look: one that does not change is of the dead.
type note struct {
	path    string // "" for none
	content []byte
}

// noteOf is where the note beside a file is.
func noteOf(path string) string { return path + "-restart" }

// leave writes the note. Where it cannot be written, those who purge do not
// know of this program.
func (n *note) leave(path string) {
	n.path = noteOf(path)
	n.content = fmt.Appendf(nil, "process %d still has the file that was here before: restart it\n%d\n", os.Getpid(), time.Now().UnixNano())
	_ = os.WriteFile(n.path, n.content, 0o644)
}

// remove removes the note, unless another program wrote it since.
func (n *note) remove() {
	if n.path == "" {
		return
	}
	if content, err := os.ReadFile(n.path); err == nil && bytes.Equal(content, n.content) {
		_ = os.Remove(n.path)
	}
	*n = note{}
}

// leave ends what the file says of this program.
func (f *file) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.note.remove()
}

// watch looks at the file also while nothing else is done.
func (s *Store) watch() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = s.file.look() // the calls say what it finds
		case <-s.done:
			return
		}
	}
}

// Noticed returns once every program that had another file open at the path
// has had the time to notice.
func (s *Store) Noticed(ctx context.Context) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	return s.sleep(ctx, time.Until(s.file.met.Add(noticed)))
}

// Audience says whether a program still has a file that was at the path
// before.
func (s *Store) Audience(ctx context.Context) (pages.Audience, error) {
	path := noteOf(s.file.path)
	before, _ := os.ReadFile(path)
	if err := s.Noticed(ctx); err != nil {
		return pages.Audience{}, err
	}
	for limit := time.Now().Add(noticed); ; {
		content, err := os.ReadFile(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return pages.Audience{}, nil
		case err != nil:
			return pages.Audience{}, err
		case !bytes.Equal(content, before):
			return pages.Audience{Deaf: true}, nil
		case time.Now().After(limit):
			_ = os.Remove(path)
			return pages.Audience{}, nil
		}
		if err := s.sleep(ctx, lookEvery/5); err != nil {
			return pages.Audience{}, err
		}
	}
}

func (s *Store) sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.done:
		return pages.ErrClosed
	}
}
