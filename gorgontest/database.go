// The app's own database in a test.

package gorgontest

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/pages"
)

// A Database is what database.Open returns, and litedbtest.Open and
// pgdbtest.Open for one test.
type Database interface {
	Use(log *slog.Logger, strict bool)
	Feed(i *coherence.Instance) coherence.Feed
}

// catchUp purges what was committed.
func (s *shared) catchUp() {
	if s.feed != nil {
		s.feed.CatchUp()
	}
}

// Purged calls f and returns the tags that are purged since, sorted: those of
// what f committed to the database, and those that it purged itself.
//
//	tags := site.Purged(func() { site.Post("/products/7", form).Want(200) })
//	// db:main.products, db:main.products:7
func (s *Site) Purged(f func()) []string {
	s.t.Helper()
	s.catchUp()
	before := s.sequence()
	f()
	s.catchUp()
	changes, floor, err := s.store.Changes(s.t.Context(), before)
	if err != nil || floor > before {
		s.t.Fatalf("gorgontest: the store does not say what was purged (floor %d): %v", floor, err)
	}
	var tags []string
	for _, c := range changes {
		if tag, ok := strings.CutPrefix(c.Subject, pages.TagSubject("")); ok {
			tags = append(tags, tag)
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// sequence is the number of the last purge.
func (s *Site) sequence() uint64 {
	s.t.Helper()
	epochs, err := s.store.Epochs(context.WithoutCancel(s.t.Context()))
	if err != nil {
		s.t.Fatalf("gorgontest: the store does not answer: %v", err)
	}
	return epochs.Sequence
}
