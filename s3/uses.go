// Uses: which records were read recently, written now and then in one object.

package s3

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc64"
	"sync"
	"time"
)

const (
	usesEvery = time.Hour           // how often an instance writes them
	usesKept  = 30 * 24 * time.Hour // how long they matter
	maxUses   = 1 << 16             // how many an instance remembers until then
)

var ecma = crc64.MakeTable(crc64.ECMA)

// A digest stands for the name of a record. Two names with one digest share
// their uses.
type digest uint64

func digestOf(name string) digest { return digest(crc64.Checksum([]byte(name), ecma)) }

// uses are those that are not written yet.
type uses struct {
	mu   sync.Mutex
	last map[digest]time.Time // by the service's clock
}

func (u *uses) note(name string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.last == nil {
		u.last = make(map[digest]time.Time)
	}
	u.last[digestOf(name)] = at
	if len(u.last) > maxUses {
		for d := range u.last {
			delete(u.last, d)
			break // any: there are too many to tell them apart
		}
	}
}

func (u *uses) forget(name string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.last, digestOf(name))
}

// merge adds the uses known here to those known elsewhere.
func (u *uses) merge(all map[digest]time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	mergeUses(all, u.last)
}

func mergeUses(all, more map[digest]time.Time) {
	for d, at := range more {
		if at.After(all[d]) {
			all[d] = at
		}
	}
}

// keepUses writes the uses once an hour until the store is closed.
func (s *Store) keepUses() {
	tick := time.NewTicker(usesEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.tellUses(s.life)
		case <-s.life.Done():
			return
		}
	}
}

// tellUses writes the uses since the last time. Uses that cannot be written are
// written the next time.
func (s *Store) tellUses(ctx context.Context) {
	s.uses.mu.Lock()
	told := s.uses.last
	s.uses.last = nil
	s.uses.mu.Unlock()
	if len(told) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	if _, err := s.write(ctx, usesPrefix+newNonce(), usesBytes(told), none); err != nil {
		s.uses.mu.Lock()
		defer s.uses.mu.Unlock()
		mergeUses(told, s.uses.last)
		s.uses.last = told
	}
}

func usesBytes(all map[digest]time.Time) []byte {
	w := newWriter(usesKind, 16*len(all)+32)
	w.string(newNonce())
	w.number(uint64(len(all)))
	for d, at := range all {
		w.b = binary.LittleEndian.AppendUint64(w.b, uint64(d))
		w.time(at)
	}
	return w.bytes()
}

func readUses(b []byte) (map[digest]time.Time, error) {
	r, err := newReader(usesKind, b)
	if err != nil {
		return nil, err
	}
	r.string()
	all := make(map[digest]time.Time)
	for range r.count() {
		all[digest(r.fixed())] = r.time()
	}
	return all, r.fault()
}

// usesTold reads the uses that any instance wrote, and adds those that this one
// knows. Names are the objects with them.
func (s *Store) usesTold(ctx context.Context) (all map[digest]time.Time, names []string, err error) {
	all = make(map[digest]time.Time)
	err = s.list(ctx, usesPrefix, 0, func(i item) bool {
		names = append(names, i.name)
		return true
	})
	if err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		got, err := s.read(ctx, name, none)
		if errors.Is(err, errMissing) {
			continue // a sweep merged it with others
		}
		if err != nil {
			return nil, nil, err
		}
		if told, err := readUses(got.data); err == nil { // a damaged one counts as empty
			mergeUses(all, told)
		}
	}
	s.uses.merge(all)
	return all, names, nil
}

// joinUses merges several objects into one. Only a sweep does this.
func (s *Store) joinUses(ctx context.Context, all map[digest]time.Time, names []string) error {
	if len(names) < 2 {
		return nil
	}
	old := s.clock.now().Add(-usesKept)
	for d, at := range all {
		if at.Before(old) {
			delete(all, d)
		}
	}
	if _, err := s.write(ctx, usesPrefix+newNonce(), usesBytes(all), none); err != nil {
		return err
	}
	for _, name := range names {
		if err := s.remove(ctx, name, none); err != nil {
			return err
		}
	}
	return nil
}
