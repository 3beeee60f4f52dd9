// The owner of the store.

package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/gorgon-go/gorgon/pages"
)

// Claim says who owns the store; see [pages.Store]. The owner is a quoted line
// in a file of its own, for people to read.
func (s *Store) Claim(ctx context.Context, owner string, takeOver bool) error {
	end, err := s.begin(ctx, false)
	if err != nil {
		return err
	}
	defer end()
	if s.readOnly {
		err = s.readOnlyClaim(owner, takeOver)
	} else {
		err = s.claim(ctx, owner, takeOver)
	}
	if isReadOnly(err) {
		err = fmt.Errorf("%w: %w", pages.ErrReadOnly, err)
	}
	if err != nil {
		return fmt.Errorf("claim the store %s: %w", s.Dir(), err)
	}
	s.folder.mu.Lock()
	defer s.folder.mu.Unlock()
	s.folder.owner = owner
	return nil
}

func (s *Store) readOnlyClaim(owner string, takeOver bool) error {
	switch now, err := s.owner(); {
	case err != nil:
		return err
	case now == "" || now == owner:
		return nil
	case takeOver:
		return pages.ErrReadOnly
	default:
		return &pages.ForeignError{Owner: now}
	}
}

func (s *Store) claim(ctx context.Context, owner string, takeOver bool) error {
	unlock, err := s.lockFence(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	now, err := s.owner()
	switch {
	case err != nil && !takeOver:
		return err
	case err == nil && now == owner:
		return nil
	case err == nil && now == "":
	case !takeOver:
		return &pages.ForeignError{Owner: now}
	default:
		// Purge first: if the process is killed between the two steps, the
		// store still belongs to the other owner.
		if _, err := s.append(pages.Expire, []string{pages.All}); err != nil {
			return err
		}
	}
	return s.writeOwner(ctx, owner)
}

func (s *Store) writeOwner(ctx context.Context, owner string) error {
	return s.replace(ctx, "owner", s.path("owner"), true, []byte(strconv.Quote(owner)+"\n"))
}

// owner reads the owner of the store, "" if it has none.
func (s *Store) owner() (string, error) {
	b, err := os.ReadFile(s.path("owner"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	owner, err := strconv.Unquote(strings.TrimSuffix(string(b), "\n"))
	if err != nil {
		return "", fmt.Errorf("%s is damaged: remove it, and the next program that opens the store owns it", s.path("owner"))
	}
	return owner, nil
}
