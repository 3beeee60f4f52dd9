// The writers of a process take turns.

package litedb

import (
	"context"
	"fmt"
)

// A turn is one token: its holder writes. Waiting for the token is fair and costs
// nothing; waiting for SQLite's lock is neither.
type turn chan struct{}

func newTurn() turn {
	t := make(turn, 1)
	t <- struct{}{}
	return t
}

func (t turn) take(ctx context.Context) error {
	select {
	case <-t:
		return nil
	default:
	}
	select {
	case <-t:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for another transaction of this process: %w", ctx.Err())
	}
}

func (t turn) pass() { t <- struct{}{} }
