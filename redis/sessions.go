// Sessions in a Redis.

package redis

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/gorgon-go/gorgon/sessions"
)

// SessionsOptions are options of a store of sessions. The zero value works.
type SessionsOptions struct {
	// TLS says how to check the server of a rediss:// location, and which
	// certificate to present. Default: the system's authorities, and the host's
	// name.
	TLS *tls.Config

	// Log is where it is said that the server may evict sessions. Default:
	// slog.Default().
	Log *slog.Logger
}

// Sessions are a store of sessions in a Redis. Make it with [OpenSessions].
type Sessions struct {
	*caller
	scripts sessionScripts
	log     *slog.Logger
	checked atomic.Bool // whether the server evicts
}

var _ sessions.Store = (*Sessions)(nil)

// OpenSessions opens the store of sessions at a location; see the package
// documentation. It does not contact the server: until the server can be
// reached, the methods fail.
func OpenSessions(ctx context.Context, location string, opts SessionsOptions) (*Sessions, error) {
	c, err := newCaller(ctx, location, "sessions", "SessionsOptions", opts.TLS, sessions.ErrClosed)
	if err != nil {
		return nil, err
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	return &Sessions{caller: c, scripts: newSessionScripts(), log: opts.Log}, nil
}

// Close waits a second for the calls in progress. A second Close has no effect.
func (s *Sessions) Close() error { return s.caller.Close() }

func (s *Sessions) record(id sessions.ID) string { return s.base + "session:" + id.String() }
func (s *Sessions) user(user string) string      { return s.base + "user:" + user }

// Get reads a record.
func (s *Sessions) Get(ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
	answer, err := s.run(ctx, "get a record", s.scripts.get, []error{sessions.CheckKind(kind)}, []string{s.record(id)}, kind)
	return s.one("get a record", id, answer, err)
}

// Take removes a record and returns it.
func (s *Sessions) Take(ctx context.Context, kind string, id sessions.ID) (sessions.Record, error) {
	answer, err := s.run(ctx, "take a record", s.scripts.take, []error{sessions.CheckKind(kind)}, []string{s.record(id)}, kind)
	return s.one("take a record", id, answer, err)
}

func (s *Sessions) one(doing string, id sessions.ID, answer rueidis.RedisMessage, err error) (sessions.Record, error) {
	if err != nil {
		return sessions.Record{}, err
	}
	fields, err := answer.AsStrSlice()
	if err == nil && len(fields) == 0 {
		return sessions.Record{}, sessions.ErrNotFound
	}
	var r sessions.Record
	if err == nil {
		r, err = read(fields)
	}
	if err != nil {
		return sessions.Record{}, s.explain(context.Background(), doing, err)
	}
	r.ID = id
	return r, nil
}

// Put adds a record.
func (s *Sessions) Put(ctx context.Context, r sessions.Record) error {
	n, err := s.count(ctx, "put a record", s.scripts.put, []error{r.Check()}, []string{s.record(r.ID)}, fields(r)...)
	if err == nil && n == 0 {
		err = sessions.ErrExists
	}
	return err
}

// Replace puts a record in the place of another one.
func (s *Sessions) Replace(ctx context.Context, old sessions.ID, r sessions.Record) error {
	n, err := s.count(ctx, "replace a record", s.scripts.replace, []error{r.Check()}, []string{s.record(old), s.record(r.ID)}, fields(r)...)
	switch {
	case err != nil:
		return err
	case n == 0:
		return sessions.ErrNotFound
	case n == 2:
		return sessions.ErrExists
	}
	return nil
}

// Touch sets when a record was used and when it expires.
func (s *Sessions) Touch(ctx context.Context, kind string, id sessions.ID, used, expires time.Time) error {
	n, err := s.count(ctx, "touch a record", s.scripts.touch, []error{sessions.CheckKind(kind), sessions.CheckTimes(used, expires)},
		[]string{s.record(id)}, kind, milli(used), milliOrNever(expires))
	if err == nil && n == 0 {
		err = sessions.ErrNotFound
	}
	return err
}

// List lists the records of a kind that a user has.
func (s *Sessions) List(ctx context.Context, kind, user string) ([]sessions.Record, error) {
	const doing = "list records"
	answer, err := s.run(ctx, doing, s.scripts.list, []error{sessions.CheckKind(kind), sessions.CheckUser(user)},
		[]string{s.user(user)}, kind, strconv.Itoa(sessions.MaxList))
	if err != nil {
		return nil, err
	}
	found, err := answer.ToArray()
	var all []sessions.Record
	for i := 0; err == nil && i < len(found); i++ {
		var fields []string
		if fields, err = found[i].AsStrSlice(); err != nil {
			break
		}
		var r sessions.Record
		if r, err = read(fields); err == nil {
			var id []byte
			if id, err = hex.DecodeString(fields[6]); err == nil && len(id) != len(r.ID) {
				err = errors.New("an ID has not the length of one")
			}
			copy(r.ID[:], id)
		}
		all = append(all, r)
	}
	if err != nil {
		return nil, s.explain(ctx, doing, err)
	}
	return all, nil
}

// Revoke removes records of a user.
func (s *Sessions) Revoke(ctx context.Context, kind, user string, except ...sessions.ID) (int, error) {
	checks := []error{sessions.CheckUser(user)}
	if kind != "" {
		checks = append(checks, sessions.CheckKind(kind))
	}
	var stay strings.Builder
	for _, id := range except {
		stay.WriteString(id.String())
		stay.WriteByte(' ')
	}
	n, err := s.count(ctx, "revoke records", s.scripts.revoke, checks, []string{s.user(user)}, kind, stay.String())
	return int(n), err
}

// Spend takes one unit of a limit.
func (s *Sessions) Spend(ctx context.Context, key string, rate sessions.Rate) (time.Duration, error) {
	n, err := s.count(ctx, "spend of a limit", s.scripts.spend, []error{sessions.CheckKey(key), rate.Check()}, []string{s.base + "limit:" + key},
		micros(rate.Every()), micros(rate.Full()))
	return time.Duration(n) * time.Microsecond, err
}
