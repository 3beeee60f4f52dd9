// A model of a database: rows with versions, transactions, and an outbox.

package drain_test

import (
	"slices"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/dataflow"
)

// rowsTag is the tag of the one table that the model has.
var rowsTag = dataflow.TableTag("shop", "public.rows")

// whole is the key under which the model has the table as a whole.
const whole = "*"

// absent is the value of a row that does not exist.
const absent = 0

// A version is what a key was from a commit on.
type version struct {
	commit int64
	value  int64     // the commit's number, or absent
	acked  time.Time // when the commit was acknowledged
}

// A model is a database. Transactions get the numbers of their changes when they
// write, and become visible in another order: that of their commits.
type model struct {
	mu      sync.Mutex
	commits int64
	ids     int64
	rows    map[string][]version
	outbox  map[int64]change
}

// A change is one in the outbox.
type change struct {
	id   int64
	at   time.Time
	tags []string
}

// newModel is a database with some rows; d comes later.
func newModel(keys ...string) *model {
	m := &model{rows: map[string][]version{}, outbox: map[int64]change{}, commits: 1}
	for _, k := range append(keys, whole) {
		m.rows[k] = []version{{commit: 1, value: 1, acked: time.Now()}}
	}
	m.rows["d"] = []version{{commit: 1, value: absent, acked: time.Now()}}
	return m
}

// A tx is a transaction.
type tx struct {
	m       *model
	writes  map[string]bool // keys, and whether they are there afterwards
	changes []change
}

func (m *model) begin() *tx { return &tx{m: m, writes: map[string]bool{}} }

// write changes rows in one statement, or removes them.
func (t *tx) write(there bool, keys ...string) []string {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	tags := []string{rowsTag}
	for _, k := range keys {
		t.writes[k] = there
		tags = append(tags, dataflow.RowTag(rowsTag, k))
	}
	t.m.ids++
	t.changes = append(t.changes, change{t.m.ids, time.Now(), tags})
	return tags
}

// commit makes it all visible at once, and returns the commit's number.
func (t *tx) commit() int64 {
	m := t.m
	m.mu.Lock()
	defer m.mu.Unlock()
	m.commits++
	now := time.Now()
	t.writes[whole] = true
	for k, there := range t.writes {
		v := version{m.commits, m.commits, now}
		if !there {
			v.value = absent
		}
		m.rows[k] = append(m.rows[k], v)
	}
	for _, c := range t.changes {
		m.outbox[c.id] = c
	}
	return m.commits
}

// now is the number of the last commit: what a snapshot taken now sees.
func (m *model) now() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.commits
}

// read is a key's value in a snapshot.
func (m *model) read(key string, snapshot int64) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	var value int64
	for _, v := range m.rows[key] {
		if v.commit <= snapshot {
			value = v.value
		}
	}
	return value
}

// lag is for how long a key's value has been out of date at a time: 0 if it was
// not.
func (m *model) lag(key string, value int64, at time.Time) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	versions := m.rows[key]
	for n := len(versions) - 1; n >= 0; n-- {
		if versions[n].value == value {
			if n == len(versions)-1 {
				return 0
			}
			return max(0, at.Sub(versions[n+1].acked))
		}
	}
	return time.Hour // it never was
}

// has says whether a key's value is that of a commit or of a later one.
func (m *model) has(key string, value, commit int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, v := range m.rows[key] {
		if v.commit >= commit && v.value == value {
			return true
		}
	}
	return false
}

// look lists the outbox.
func (m *model) look() (list []dataflow.Change) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.outbox {
		list = append(list, dataflow.Change{ID: c.id, Age: time.Since(c.at), Tags: slices.Clone(c.tags)})
	}
	return list
}

// remove takes changes out of the outbox.
func (m *model) remove(changes []dataflow.Change) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range changes {
		delete(m.outbox, c.ID)
	}
}
