// The owner of the store.

package redis

import (
	"context"
	"errors"
	"strconv"

	"github.com/redis/rueidis"

	"github.com/gorgon-go/gorgon/pages"
)

// Claim says that the store belongs to an owner. From then on every call of
// this store checks the owner in the same step.
func (s *Store) Claim(ctx context.Context, owner string, takeOver bool) error {
	before := s.memory.belong("")
	if err := s.claim(ctx, owner, takeOver); err != nil {
		s.memory.belong(before)
		return err
	}
	s.memory.belong(owner)
	return nil
}

func (s *Store) claim(ctx context.Context, owner string, takeOver bool) error {
	const doing = "claim"
	mode := "0"
	if takeOver {
		mode = "1"
	}
	answer, err := s.run(ctx, doing, s.scripts.claim, s.keys.all, owner, mode,
		strconv.Itoa(s.opts.Subjects/2), strconv.Itoa(s.opts.Changes), s.keys.channel(), pages.All)
	if errors.Is(err, pages.ErrReadOnly) { // it has no owner, or it is to be taken over
		now, err := s.whose(ctx, doing)
		if err == nil && now != "" {
			err = pages.ErrReadOnly
		}
		return err
	}
	if err != nil {
		return err
	}
	if len(answer) != 1 {
		return s.explain(ctx, doing, errors.New("the server's answer is too short"))
	}
	if now := word(answer[0]); now != owner {
		return &pages.ForeignError{Owner: now}
	}
	return nil
}

// whose reads the owner; "" if there is none.
func (s *Store) whose(ctx context.Context, doing string) (owner string, err error) {
	_, _, results, err := s.read(ctx, doing, func(b rueidis.Builder) []rueidis.Completed {
		return []rueidis.Completed{b.Hget().Key(s.keys.state()).Field("owner").Build()}
	})
	if err != nil {
		return "", err
	}
	owner, _ = results[0].ToString()
	return owner, nil
}
