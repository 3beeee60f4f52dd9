// Limits.

package sessiondb

import (
	"cmp"
	"context"
	"database/sql"
	"time"

	"github.com/gorgon-go/gorgon/database/apart"
	"github.com/gorgon-go/gorgon/sessions"
)

// Spend takes one unit of a limit.
func (s *store) Spend(ctx context.Context, key string, rate sessions.Rate) (wait time.Duration, err error) {
	every, full := rate.Every().Microseconds(), rate.Full().Microseconds()
	var now int64
	err = s.calls.Do(ctx, "spend of a limit", cmp.Or(sessions.CheckKey(key), rate.Check()), func(ctx context.Context, tx apart.Tx) error {
		var spent bool
		var back sql.NullInt64
		var err error
		if s.calls.Postgres() {
			spent, now, back, err = s.spendPostgres(ctx, tx, key, every, full)
		} else {
			spent, now, back, err = s.spendSQLite(ctx, tx, key, every, full)
		}
		if wait = 0; err == nil && !spent {
			// The clock was read before this call has waited for others: there is
			// a unit after the time of one at the latest.
			wait = time.Duration(min(every, max(1, back.Int64+every-full-now))) * time.Microsecond
		}
		return err
	})
	if err == nil && s.spends.Add(1)%16 == 0 {
		_, _ = s.exec(ctx, "forget limits", s.texts.forget, nil, now) // a failure is that of the next calls
	}
	return wait, err
}

// spendPostgres spends. Back is when all of the limit has come back. The
// statement reads it as it was when it began: where others have spent meanwhile,
// it is read again.
func (s *store) spendPostgres(ctx context.Context, tx apart.Tx, key string, every, full int64) (spent bool, now int64, back sql.NullInt64, err error) {
	err = tx.QueryRowContext(ctx, s.texts.spend, key, every, full).Scan(&spent, &now, &back)
	if err == nil && !spent && back.Int64+every-full <= now {
		err = ignoreNone(tx.QueryRowContext(ctx, s.texts.wait, key).Scan(&back))
	}
	return spent, now, back, err
}

// spendSQLite spends. What it reads may have been changed by others after the
// statement before.
func (s *store) spendSQLite(ctx context.Context, tx apart.Tx, key string, every, full int64) (spent bool, now int64, back sql.NullInt64, err error) {
	now = time.Now().UnixMicro()
	n, err := apart.Changed(tx.ExecContext(ctx, s.texts.spend, key, every, full, now))
	if err == nil && n == 0 {
		err = ignoreNone(tx.QueryRowContext(ctx, s.texts.wait, key).Scan(&back))
	}
	return n > 0, now, back, err
}

func ignoreNone(err error) error {
	if err == sql.ErrNoRows {
		return nil
	}
	return err
}
