// Faults: which to try again after, and what to say of them.

package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/redis/rueidis"

	"github.com/gorgon-go/gorgon/pages"
)

// code is the word that the server's error begins with.
func code(err error) string {
	said, ok := errors.AsType[*rueidis.RedisError](err)
	if !ok {
		return ""
	}
	text := said.Error()
	// Before version 7 the error of a command in a script is told at the end.
	if i := strings.LastIndex(text, ": -"); i >= 0 && strings.Contains(text, "Error running script") {
		text = text[i+len(": -"):]
	}
	if strings.Contains(text, "ACL failure") || strings.Contains(text, "user executing the script") {
		return "NOPERM"
	}
	word, _, _ := strings.Cut(text, " ")
	return word
}

// isBroken says that a connection turned out to be dead. A new one that cannot
// be made is something else.
func isBroken(err error) bool {
	if _, ok := errors.AsType[*rueidis.RedisError](err); ok || rueidis.IsRedisNil(err) {
		return false
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return false
	}
	return !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// explain says what was being done, and turns what the server says into the
// contract's errors and how to mend it.
func (s *Store) explain(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case s.isClosed():
		return pages.ErrClosed
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled): // not the caller's
		err = errors.New("the server took the connection and does not answer")
	case errors.Is(err, rueidis.ErrClosing):
		err = errors.New("the connection was lost")
	case errors.Is(err, rueidis.ErrNoSlot):
		err = fmt.Errorf("%w: the cluster is not complete", err)
	default:
		err = mendable(err)
	}
	return fmt.Errorf("redis %s: %s: %w", s.name, doing, err)
}

// mendable adds to an error of the server how it can be mended.
func mendable(err error) error {
	switch code(err) {
	case "READONLY":
		return fmt.Errorf("%w: the location leads to a replica: it has to lead to the primary", pages.ErrReadOnly)
	case "OOM":
		return fmt.Errorf("the server's memory is full: set maxmemory-policy to volatile-lru, raise maxmemory, "+
			"or sweep to a lower bound: %w", err)
	case "NOAUTH":
		return fmt.Errorf("the server asks for a password: write it into the location, redis://user:password@host: %w", err)
	case "WRONGPASS":
		return fmt.Errorf("the user or the password in the location is wrong: %w", err)
	case "NOPERM":
		return fmt.Errorf("the user lacks a right: give it those that the documentation of package redis lists: %w", err)
	}
	return err
}
