// Faults: which are worth a second try, and how to report them.

package redis

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/redis/rueidis"

	"github.com/gorgon-go/gorgon/pages"
)

// code returns the word that the server's error begins with.
func code(err error) string {
	said, ok := errors.AsType[*rueidis.RedisError](err)
	if !ok {
		return ""
	}
	text := said.Error()
	// Before version 7, the error of a command in a script is at the end of the
	// message.
	if i := strings.LastIndex(text, ": -"); i >= 0 && strings.Contains(text, "Error running script") {
		text = text[i+len(": -"):]
	}
	if strings.Contains(text, "ACL failure") || strings.Contains(text, "user executing the script") {
		return "NOPERM"
	}
	word, _, _ := strings.Cut(text, " ")
	return word
}

// isBroken says that a connection turned out to be dead. A new connection that
// cannot be made is another matter.
func isBroken(err error) bool {
	if _, ok := errors.AsType[*rueidis.RedisError](err); ok || rueidis.IsRedisNil(err) {
		return false
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return false
	}
	return !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// explain says what was being done, and translates the server's errors into
// those of the contract, with a hint.
func (s *Store) explain(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case s.life.Closed():
		return pages.ErrClosed
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled): // not the caller's deadline
		err = errors.New("the server accepted the connection but does not answer")
	case errors.Is(err, rueidis.ErrClosing):
		err = errors.New("the connection was lost")
	case errors.Is(err, rueidis.ErrNoSlot):
		err = fmt.Errorf("%w: the cluster is not complete", err)
	default:
		err = repairable(err)
	}
	return fmt.Errorf("redis %s: %s: %w", s.name, doing, err)
}

// repairable adds to an error of the server how to repair its cause.
func repairable(err error) error {
	switch code(err) {
	case "FOREIGN":
		_, owner, _ := strings.Cut(err.Error(), "FOREIGN ")
		plain, _ := hex.DecodeString(owner)
		return &pages.ForeignError{Owner: string(plain)}
	case "READONLY":
		return fmt.Errorf("%w: the location leads to a replica: it must lead to the primary", pages.ErrReadOnly)
	case "OOM":
		return fmt.Errorf("the server's memory is full: set maxmemory-policy to volatile-lru, raise maxmemory, "+
			"or sweep to a lower bound: %w", err)
	// The server's messages about the user and about the start of a connection
	// quote the location.
	case "NOAUTH":
		return errors.New("the server asks for a password (NOAUTH): write it into the location, redis://user:password@host")
	case "WRONGPASS":
		return errors.New("the user or the password in the location is wrong (WRONGPASS)")
	case "NOPERM":
		return errors.New("the user lacks a right (NOPERM): give it those that the documentation of package redis lists")
	case "ERR":
		if strings.Contains(err.Error(), "with args beginning with") {
			return errors.New("the server does not know a required command (ERR): it must be Redis 6.2 or later, or Valkey")
		}
	}
	return err
}
