// Values of caches: entries without a view.

package render

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/viewctx"
)

// loadValue makes the entry of a value.
func (r *Renderer) loadValue(ctx context.Context, t Task, made time.Time, in gorgon.Input) (*pages.Entry, error) {
	load := t.Load
	if load == nil {
		load = func(ctx context.Context) (any, error) { return t.Page.Load(ctx, in) }
	}
	value, err := load(ctx)
	if err != nil {
		return nil, err
	}
	if t.Page.Local {
		return r.value(ctx, t, made, value, nil)
	}
	data, err := r.encode(t.Page, value)
	if err != nil {
		return nil, err
	}
	if value, err = decodeValue(t.Page, data); err != nil { // as every other instance gets it
		return nil, err
	}
	return r.value(ctx, t, made, value, data)
}

// value is the entry of a value that was loaded, or decoded.
func (r *Renderer) value(ctx context.Context, t Task, made time.Time, value any, data []byte) (*pages.Entry, error) {
	e := &pages.Entry{
		Key: t.Key(), Build: r.Build, State: data, Value: value, Status: http.StatusOK,
		MadeAt: made, ModifiedAt: made, Epoch: t.Epoch, NoIndex: true,
		Tags: []string{viewctx.CacheTag(t.Page.Cache)},
	}
	if t.Page.Tags != nil {
		own, err := t.Page.Tags(ctx, gorgon.Input{}, value)
		if err != nil {
			return nil, fmt.Errorf("Tags: %w", err)
		}
		e.Tags = cleanTags(append(e.Tags, own...))
	}
	hash := xxhash.New()
	_, _ = hash.Write(data)
	e.ETag = base64.RawURLEncoding.EncodeToString(hash.Sum(nil))
	if old := t.Old; old != nil && old.ETag == e.ETag && !t.Page.Local {
		e.ModifiedAt = old.ModifiedAt
	}
	Schedule(e, t.Page, made)
	return e, nil
}

// againValue is the value of an entry of another build. What it was made of is
// the entry's.
func (r *Renderer) againValue(ctx context.Context, t Task) (*pages.Entry, error) {
	value, err := decodeValue(t.Page, t.Old.State)
	if err != nil {
		return nil, fmt.Errorf("the value of build %s: %w", t.Old.Build, err)
	}
	return r.value(ctx, t, t.Old.MadeAt, value, t.Old.State)
}

func decodeValue(page *gorgon.Definition, data []byte) (any, error) {
	value, err := page.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("the value cannot be read from its JSON: %w", err)
	}
	return value, nil
}

// Decoded is an entry of a cache, as it is in the store, with its value.
func Decoded(page *gorgon.Definition, e *pages.Entry) (*pages.Entry, error) {
	if page.Cache == "" || e.Status != http.StatusOK {
		return e, nil
	}
	mine := *e
	var err error
	mine.Value, err = decodeValue(page, e.State)
	return &mine, err
}

// SizeOfValue is about how many bytes the decoded value of an entry takes.
func SizeOfValue(page *gorgon.Definition, e *pages.Entry) int {
	switch {
	case page.Cache == "" || e.Value == nil:
		return 0
	case page.Size != nil:
		return max(page.Size(e.Value), 0)
	case page.Local:
		data, _ := json.Marshal(e.Value) // nothing where it has none
		return len(data)
	}
	return len(e.State)
}

// NoteValue notes that a loader has read a value: what is made of it depends on
// all that the value depends on, and is never fresher. Epoch is the number up to
// which purges do not concern the value, and stale says that it is out of date.
func NoteValue(reads *dataflow.Reads, cache string, e *pages.Entry, epoch uint64, stale bool) {
	reads.Value(epoch, stale, e.Tags, e.Doubts)
	reads.Tag(viewctx.CacheKeyTag(cache, e.Key.Path))
	limits := dataflow.Limits{ReadAt: e.MadeAt, FreshUntil: e.FreshUntil, StaleUntil: e.StaleUntil, ErrorUntil: e.ErrorUntil}
	reads.Limit(limits.Earlier(dataflow.Limits(e.Limits)))
}

// limit keeps the times of an entry within those of the values that it was made
// of.
func limit(e *pages.Entry) {
	l := e.Limits
	e.FreshUntil = dataflow.Earlier(e.FreshUntil, l.FreshUntil)
	e.StaleUntil = dataflow.Earlier(e.StaleUntil, l.StaleUntil)
	e.ErrorUntil = dataflow.Earlier(e.ErrorUntil, l.ErrorUntil)
}
