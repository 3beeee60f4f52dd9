// Records: reading them, and writing them without a fence.

package s3

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gorgon-go/gorgon/pages"
)

// A record as an object contains it.
type record struct {
	key   pages.Key
	nonce string
	epoch uint64
	data  []byte
}

func (r record) bytes() []byte {
	w := newWriter(recordKind, len(r.key.Route)+len(r.key.Path)+len(r.key.Locale)+len(r.data)+64)
	// After the nonce, where older programs, which know no epochs, do not look.
	w.string(r.nonce + "-" + strconv.FormatUint(r.epoch, 10))
	w.string(r.key.Route)
	w.string(r.key.Path)
	w.string(r.key.Locale)
	w.b = append(w.b, r.data...)
	return w.bytes()
}

func readRecord(b []byte) (record, error) {
	r, err := newReader(recordKind, b)
	if err != nil {
		return record{}, err
	}
	var got record
	var epoch string
	got.nonce, epoch, _ = strings.Cut(r.string(), "-")
	got.epoch, _ = strconv.ParseUint(epoch, 10, 64) // missing in records of earlier versions
	got.key.Route, got.key.Path, got.key.Locale = r.string(), r.string(), r.string()
	got.data = r.b
	return got, r.fault()
}

// Get reads the record of a key, in one request. It fails with
// [pages.ErrNotFound] or [pages.ErrCorrupt].
func (s *Store) Get(ctx context.Context, key pages.Key) (pages.Record, error) {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return pages.Record{}, err
	}
	defer end()
	r, err := s.get(ctx, key)
	if err != nil {
		return pages.Record{}, fault(ctx, fmt.Sprintf("get %s", key), err)
	}
	return pages.Record{Key: key, Data: r.data, Epoch: r.epoch}, nil
}

func (s *Store) get(ctx context.Context, key pages.Key) (record, error) {
	if err := s.known.mine(); err != nil {
		return record{}, err
	}
	name := pageName(key)
	got, err := s.read(ctx, name, none)
	if errors.Is(err, errMissing) {
		return record{}, pages.ErrNotFound
	}
	if err != nil {
		return record{}, err
	}
	r, err := readRecord(got.data)
	if err == nil && r.key != key {
		err = fmt.Errorf("%w: it is the record of %s", pages.ErrCorrupt, r.key)
	}
	if err != nil {
		return record{}, err
	}
	// A recent write is known by its time.
	if now := s.clock.now(); now.Sub(got.modified) > usesEvery {
		s.uses.note(name, now)
	}
	return r, nil
}

// Put writes a whole record, unless the fence refuses: [pages.ErrFenced].
func (s *Store) Put(ctx context.Context, put pages.Record, fence pages.Fence) error {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	name := pageName(put.Key)
	// From the first record on there is a head, so that one that is missing
	// later shows that purges were lost.
	if etag, _ := s.known.seen(); etag == none {
		if err := s.refresh(ctx); err != nil {
			return fault(ctx, fmt.Sprintf("put %s", put.Key), err)
		}
	}
	r := record{key: put.Key, nonce: newNonce(), epoch: put.Epoch, data: put.Data}
	if err = s.known.mine(); err == nil && open(fence) {
		err = s.writeAnyway(ctx, name, r.bytes())
	} else if err == nil {
		err = s.change(ctx, put.Key, change{r.nonce, r.bytes()}, fence)
	}
	if err == nil {
		s.uses.note(name, s.clock.now())
	}
	return fault(ctx, fmt.Sprintf("put %s", put.Key), err)
}

// writeAnyway writes without a condition. Services may still report a conflict
// with another write at the same moment.
func (s *Store) writeAnyway(ctx context.Context, name string, data []byte) error {
	for lost := range maxRaces {
		_, err := s.write(ctx, name, data, none)
		if !errors.Is(err, errConflict) {
			return err
		}
		if err := backOff(ctx, lost); err != nil {
			return err
		}
	}
	return errBusy
}

// Delete removes the record of a key, unless the fence refuses:
// [pages.ErrFenced].
func (s *Store) Delete(ctx context.Context, key pages.Key, fence pages.Fence) error {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	name := pageName(key)
	if err = s.known.mine(); err == nil && open(fence) {
		err = s.remove(ctx, name, none)
	} else if err == nil {
		err = s.change(ctx, key, change{}, fence)
	}
	if err == nil {
		s.uses.forget(name)
	}
	return fault(ctx, fmt.Sprintf("delete %s", key), err)
}
