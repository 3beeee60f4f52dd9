// What workers do: look, take and renew.

package jobdb

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon/database/apart"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/jobs"
)

// Next says when the first jobs are due. It is one statement, which an index
// answers.
func (q *Queue) Next(ctx context.Context, kinds []string) (now time.Time, list []jobs.Next, err error) {
	if err := q.calls.Ready(ctx, nil); err != nil {
		return now, nil, err
	}
	if len(kinds) == 0 {
		var at int64
		err := q.calls.DB.SQL().QueryRowContext(dataflow.Apart(ctx), "SELECT "+q.texts.clock).Scan(&at)
		return moment(at), nil, q.calls.Explain(ctx, "read the clock", err)
	}
	data, err := json.Marshal(kinds)
	if err != nil {
		return now, nil, err
	}
	err = apart.Rows(dataflow.Apart(ctx), q.calls.DB.SQL(), func(scan func(...any) error) error {
		var at int64
		var n jobs.Next
		var due sql.NullInt64
		err := scan(&at, &n.Kind, &due)
		if now = moment(at); due.Valid {
			n.Due = moment(due.Int64)
			list = append(list, n)
		}
		return err
	}, q.texts.next, string(data))
	return now, list, q.calls.Explain(ctx, "look for what is due", err)
}

// Take takes jobs that are due.
func (q *Queue) Take(ctx context.Context, ask jobs.Ask) (taken []jobs.Taken, err error) {
	err = q.call(ctx, "take", q.calls.Committed(), ask.Check(), func(ctx context.Context, tx Tx) error {
		taken = nil
		for _, w := range ask.Wants {
			some, err := q.take(ctx, tx, ask, w)
			if err != nil {
				return err
			}
			taken = append(taken, some...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return taken, nil
}

func (q *Queue) take(ctx context.Context, tx Tx, ask jobs.Ask, w jobs.Want) (taken []jobs.Taken, err error) {
	n := w.N
	if w.Everywhere > 0 {
		if q.calls.Postgres() { // one worker counts at a time
			if _, err := tx.ExecContext(ctx, q.texts.lock, w.Kind); err != nil {
				return nil, err
			}
		}
		running := 0
		if err := tx.QueryRowContext(ctx, q.texts.running, w.Kind).Scan(&running); err != nil {
			return nil, err
		}
		n = min(n, w.Everywhere-running)
	}
	if n <= 0 {
		return nil, nil
	}
	err = apart.Rows(ctx, tx, func(scan func(...any) error) error {
		t := jobs.Taken{Kind: w.Kind}
		var slot, added, now int64
		err := scan(&t.ID, &t.Token, &t.Key, &t.Args, &t.Attempt, &t.Deaths, &slot, &added, &now, &t.Series)
		t.Attempt++
		t.Due, t.Added, t.Now = moment(slot), moment(added), moment(now)
		taken = append(taken, t)
		return err
	}, q.texts.take, w.Kind, ask.Worker, apart.Milliseconds(ask.Lease), n)
	slices.SortFunc(taken, func(a, b jobs.Taken) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID)) })
	return taken, err
}

// listed are refs as JSON.
func listed(refs []jobs.Ref) (string, error) {
	pairs := make([][2]int64, len(refs))
	for i, r := range refs {
		pairs[i] = [2]int64{r.ID, r.Token}
	}
	data, err := json.Marshal(pairs)
	return string(data), err
}

// Renew begins leases again.
func (q *Queue) Renew(ctx context.Context, lease time.Duration, list ...jobs.Beat) (lost, cancelled []jobs.Ref, err error) {
	refs := make([]jobs.Ref, len(list))
	for i, b := range list {
		refs[i] = b.Ref
	}
	data, err := listed(refs)
	if err != nil || len(list) == 0 {
		return nil, nil, err
	}
	states := map[jobs.Ref]int{}
	err = q.call(ctx, "renew leases", q.calls.Committed(), nil, func(ctx context.Context, tx Tx) error {
		clear(states)
		err := apart.Rows(ctx, tx, func(scan func(...any) error) error {
			var r jobs.Ref
			var state int
			err := scan(&r.ID, &r.Token, &state)
			states[r] = state
			return err
		}, q.texts.renew, apart.Milliseconds(lease), data)
		for _, b := range list {
			if _, held := states[b.Ref]; err == nil && held && b.Report != nil {
				_, err = tx.ExecContext(ctx, q.texts.report, b.ID, b.Token, b.Report)
			}
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	for _, r := range refs {
		switch state, held := states[r]; {
		case !held:
			lost = append(lost, r)
		case state == cancelling:
			cancelled = append(cancelled, r)
		}
	}
	return lost, cancelled, nil
}
