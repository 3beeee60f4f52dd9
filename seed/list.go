// Iterating over a seed, and verifying it.

package seed

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"slices"

	"github.com/gorgon-go/gorgon/pages"
)

// Entries iterates over the pages in the order they were written, with their
// HTML and state. A damaged page is yielded as an error.
func (s *Seed) Entries() iter.Seq2[*pages.Entry, error] { return all(s, pageKind, s.decodeWhole) }

// Files iterates over the files in the order they were written. A damaged file
// is yielded as an error.
func (s *Seed) Files() iter.Seq2[File, error] { return all(s, fileKind, decodeFile) }

// Verify reads the whole seed and reports its faults, at most ten records:
// [ErrAltered], pages.ErrCorrupt.
func (s *Seed) Verify() error {
	if s.data == nil {
		return fault("verify seed", s.path, errClosed)
	}
	var faults []error
	faults = check(s, pageKind, s.decodeWhole, faults)
	faults = check(s, fileKind, decodeFile, faults)
	faults = check(s, valueKind, decodeValue, faults)
	if err := s.checkLayout(); err != nil {
		faults = append(faults, err)
	}
	if len(faults) == 0 {
		return nil
	}
	return fault("verify seed", s.path, errors.Join(faults...))
}

// maxFaults bounds the report of [Seed.Verify].
const maxFaults = 10

func check[T any](s *Seed, kind int, decode decoder[T], faults []error) []error {
	for _, err := range all(s, kind, decode) {
		if err != nil && len(faults) < maxFaults {
			faults = append(faults, err)
		}
	}
	return faults
}

// all reads every record of a kind, in the order they were written.
func all[T any](s *Seed, kind int, decode decoder[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		order, err := s.order(kind)
		if err != nil {
			var none T
			yield(none, err)
			return
		}
		for _, at := range order {
			if !yield(one(s, kind, at, decode)) {
				return
			}
		}
	}
}

// one reads one record. It is separate from the loop, since the loop body
// belongs to the caller, whose faults must not be caught here.
func one[T any](s *Seed, kind int, at slot, decode decoder[T]) (v T, err error) {
	defer rescue(debug.SetPanicOnFault(true), pages.ErrCorrupt, &err)
	v, _, err = read(s, at, decode)
	if err != nil {
		err = fmt.Errorf("%s at byte %d: %w", kindNames[kind], at.offset, err)
	}
	return v, err
}

// order lists the slots of a kind in the order the records were written.
func (s *Seed) order(kind int) (slots []slot, err error) {
	defer rescue(debug.SetPanicOnFault(true), ErrAltered, &err)
	if s.data == nil {
		return nil, errClosed
	}
	t := s.tables[kind]
	slots = make([]slot, t.len())
	for i := range slots {
		slots[i] = t.slot(i)
	}
	slices.SortFunc(slots, func(a, b slot) int {
		return cmp.Or(cmp.Compare(a.offset, b.offset), compareSlots(a, b))
	})
	return slots, nil
}

// checkLayout checks that the slots are sorted, and that the records are
// contiguous from the header to the index.
func (s *Seed) checkLayout() (err error) {
	defer rescue(debug.SetPanicOnFault(true), ErrAltered, &err)
	type span struct{ start, end uint64 }
	var spans []span
	for kind, t := range s.tables {
		for i := range t.len() {
			at := t.slot(i)
			spans = append(spans, span{at.offset, at.offset + uint64(at.length)})
			if i > 0 && compareSlots(t.slot(i-1), at) >= 0 {
				return fmt.Errorf("%w: the %ss are not in order", ErrAltered, kindNames[kind])
			}
		}
	}
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end))
	})
	at := uint64(headSize)
	for _, r := range spans {
		if r.start != at {
			return fmt.Errorf("%w: the records leave a gap or overlap at byte %d", ErrAltered, at)
		}
		at = r.end
	}
	if at != uint64(len(s.records)) {
		return fmt.Errorf("%w: there are bytes between the records and the index", ErrAltered)
	}
	return nil
}
