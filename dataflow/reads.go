// What a loader has read.

package dataflow

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Prefix begins the tags of data. An app's own tags do not begin with it.
const Prefix = "db:"

// MaxRows is how many rows of one table are noted one by one; with one more it
// is the table. Those who change rows tag as many of them, too.
const MaxRows = 100

// AllRows is the key of the tag that stands for every row of a table: a change
// of many rows purges it, and who reads a row has it beside the row's own.
const AllRows = "*"

// TableTag is the tag of a table in a database: "db:shop.public.products".
// Every change of a row of the table purges it.
func TableTag(database, table string) string {
	return Prefix + strings.ReplaceAll(database+"."+table, ":", "_") // a colon ends it
}

// DatabaseTag is the tag of everything in a database; a migration purges it.
func DatabaseTag(database string) string { return Prefix + strings.ReplaceAll(database, ":", "_") }

// RowTag is the tag of one row: "db:shop.public.products:7".
func RowTag(table, key string) string { return table + ":" + key }

// Coarse is the tag of the table that a row's tag is of: every change of the row
// purges it, too. Any other tag is as it was.
func Coarse(tag string) string {
	rest, data := strings.CutPrefix(tag, Prefix)
	if table, _, row := strings.Cut(rest, ":"); data && row {
		return Prefix + table
	}
	return tag
}

// maxKey is the longest key, in bytes, that a tag may contain.
const maxKey = 64

// IsKey says whether a key can be part of a tag: 1 to 64 letters, digits, "_",
// "." and "-". A row with any other key is read, and changed, as all rows.
func IsKey(key string) bool {
	if key == "" || len(key) > maxKey {
		return false
	}
	for i := range len(key) {
		switch c := key[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '.', c == '-':
		default:
			return false
		}
	}
	return true
}

// Reads is what a loader has read, as far as that was noted. It is safe for
// concurrent use, by pointer; a loader that goes on after its deadline may note more.
type Reads struct {
	mu     sync.Mutex
	tags   map[string]bool            // of databases, tables, and others' entries
	rows   map[string]map[string]bool // of tables that are not in tags: keys by the table's tag
	doubts map[string]bool

	lowest *uint64
	stale  bool
	limits Limits
}

// Limits are what the stored values that were read allow to what is made of
// them. A zero time does not limit it.
type Limits struct {
	ReadAt     time.Time // when the oldest was read from its source
	FreshUntil time.Time
	StaleUntil time.Time // and may be served until then
	ErrorUntil time.Time // while it cannot be made again
}

// Earlier is the stricter of two limits, time by time.
func (l Limits) Earlier(o Limits) Limits {
	return Limits{Earlier(l.ReadAt, o.ReadAt), Earlier(l.FreshUntil, o.FreshUntil), Earlier(l.StaleUntil, o.StaleUntil), Earlier(l.ErrorUntil, o.ErrorUntil)}
}

// Earlier is the earlier of two times, of which zero is never.
func Earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

type readsKey struct{}

// WithReads is a context in which reads are noted.
func WithReads(ctx context.Context, r *Reads) context.Context {
	return context.WithValue(ctx, readsKey{}, r)
}

// ReadsOf is where a context's reads are noted; nil if they are not.
func ReadsOf(ctx context.Context) *Reads {
	r, _ := ctx.Value(readsKey{}).(*Reads)
	return r
}

// Table notes that a table was read, by its tag.
func (r *Reads) Table(tag string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.note(tag)
	delete(r.rows, tag)
}

// Row notes that one row of a table was read, by the table's tag.
func (r *Reads) Row(table, key string) {
	if !IsKey(key) {
		key = AllRows
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tags[table] {
		return
	}
	if r.rows == nil {
		r.rows = map[string]map[string]bool{}
	}
	if r.rows[table] == nil {
		r.rows[table] = map[string]bool{AllRows: true}
	}
	r.rows[table][key] = true
	if len(r.rows[table]) > MaxRows+1 {
		r.note(table)
		delete(r.rows, table)
	}
}

// Tag notes another tag.
func (r *Reads) Tag(tag string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.note(tag)
}

func (r *Reads) note(tag string) {
	if r.tags == nil {
		r.tags = map[string]bool{}
	}
	r.tags[tag] = true
}

// Doubt notes that something was read of which no purge will tell, and why.
func (r *Reads) Doubt(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.doubts == nil {
		r.doubts = map[string]bool{}
	}
	if len(r.doubts) < maxDoubts {
		r.doubts[why] = true
	}
}

const maxDoubts = 20

// Value notes that a stored value was read: what is made of it is never fresher
// than it. Epoch is the value's, and stale says that it was known to be out of
// date.
func (r *Reads) Value(epoch uint64, stale bool, tags, doubts []string) {
	r.mu.Lock()
	if r.lowest == nil || epoch < *r.lowest {
		r.lowest = &epoch
	}
	r.stale = r.stale || stale
	r.mu.Unlock()
	for _, t := range tags {
		r.Tag(t)
	}
	for _, d := range doubts {
		r.Doubt(d)
	}
}

// Limit notes the limits of a stored value that was read.
func (r *Reads) Limit(l Limits) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limits = r.limits.Earlier(l)
}

// Limits are the strictest of all that were noted.
func (r *Reads) Limits() Limits {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.limits
}

// Tags lists the tags of all that was noted, sorted.
func (r *Reads) Tags() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var tags []string
	for t := range r.tags {
		tags = append(tags, t)
	}
	for table, keys := range r.rows {
		for k := range keys {
			tags = append(tags, RowTag(table, k))
		}
	}
	slices.Sort(tags)
	return tags
}

// Doubts lists what was read of which no purge will tell, sorted.
func (r *Reads) Doubts() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for d := range r.doubts {
		list = append(list, d)
	}
	slices.Sort(list)
	return list
}

// Epoch is the epoch of what was made of all that was noted, by a loader that
// began at one; stale says that a part of it was known to be out of date.
func (r *Reads) Epoch(began uint64) (epoch uint64, stale bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lowest != nil && *r.lowest < began {
		began = *r.lowest
	}
	return began, r.stale
}

// IsData says whether one of the tags is that of data.
func IsData(tags []string) bool {
	return slices.ContainsFunc(tags, func(t string) bool { return strings.HasPrefix(t, Prefix) })
}
