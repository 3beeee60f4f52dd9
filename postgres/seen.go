// What this process has seen of the store, so that it notices when the store
// goes back.

package postgres

import (
	"context"
	"fmt"
	"sync"
)

// wentBack is the error of the layout's function must_fit.
const wentBack = "GG001"

// seen is the latest known purge: its number and its time in microseconds.
// After a restore or a failover, the same number may belong to another purge,
// which was made later.
type seen struct {
	mu       sync.Mutex
	sequence int64
	made     int64
}

func (n *seen) get() (sequence, made int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.sequence, n.made
}

// learn records what an answer says, if it is later than what is known.
func (n *seen) learn(sequence, made int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if sequence > n.sequence {
		n.sequence, n.made = sequence, made
	}
}

// reached makes a call that returns the sequence and when it was reached. The
// call's last two arguments are what is known so far.
func (s *Store) reached(ctx context.Context, doing, sql string, args ...any) (uint64, error) {
	sequence, made := s.seen.get()
	var answer []int64
	if err := s.one(ctx, doing, sql, append(args, sequence, made), &answer); err != nil {
		return 0, err
	}
	if len(answer) != 2 {
		return 0, fmt.Errorf("postgres %s: %s: the server's answer is %v", s.name, doing, answer)
	}
	s.seen.learn(answer[0], answer[1])
	return uint64(answer[0]), nil
}

// recover makes a store that went back continue, if it did.
func (s *Store) recover(ctx context.Context) error {
	sequence, made := s.seen.get()
	var answer []int64
	row := s.pool.QueryRow(ctx, s.sql().recover, s.queryMode(), sequence, made, []byte(s.sql().of),
		int64(s.opts.Subjects), int64(s.opts.Changes))
	if err := row.Scan(&answer); err != nil {
		return err
	}
	s.log.Warn("the store's record of purges is older than before; every page counts as out of date",
		"store", "postgres", "server", s.name, "schema", s.schema, "sequence", sequence)
	if len(answer) == 2 {
		s.seen.learn(answer[0], answer[1])
	}
	return nil
}
