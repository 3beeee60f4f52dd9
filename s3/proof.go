// The proof that the service honours conditional writes.

package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
)

// doubt is how long the store remembers that a service ignored conditions,
// before it asks again.
const doubt = time.Minute

// A proof is what is known about the service.
type proof struct {
	slot    chan struct{} // one token: one caller proves, the others wait
	done    atomic.Bool   // it honours conditions on writes
	deletes atomic.Bool   // it honours conditions on deletes
	refusal error         // why it cannot be used to coordinate …
	until   time.Time     // … and when that was found
	told    bool
}

// errIgnored is the refusal to coordinate.
type errIgnored struct{ condition string }

func (e errIgnored) Error() string {
	return fmt.Sprintf("the service ignores the condition %s, so instances cannot coordinate through it: "+
		"use a service or a version of it that honours conditional writes, or another store", e.condition)
}

// ready proves, once, that the service can be used to coordinate.
func (s *Store) ready(ctx context.Context) error {
	if s.proof.done.Load() {
		return nil
	}
	select {
	case s.proof.slot <- struct{}{}:
		defer func() { <-s.proof.slot }()
	case <-ctx.Done():
		return ctx.Err()
	}
	p := &s.proof
	if p.done.Load() || time.Now().Before(p.until) {
		return p.refusal
	}
	err := s.prove(ctx)
	for range 2 {
		if !errors.Is(err, errConflict) {
			break
		}
		err = s.prove(ctx) // after a lost response, a write that worked looked refused
	}
	var ignored errIgnored
	switch {
	case err == nil:
		p.refusal, p.told = nil, false
		p.done.Store(true)
	case errors.As(err, &ignored):
		p.refusal, p.until = err, time.Now().Add(doubt)
		if !p.told {
			p.told = true
			s.log.Error("the store cannot coordinate: leases, purges and guarded writes fail", "bucket", s.place.bucket, "err", err)
		}
	}
	return err
}

// refused says whether an error is errIgnored.
func refused(err error) bool {
	var ignored errIgnored
	return errors.As(err, &ignored)
}

// prove writes an object under each condition, once when it holds and once when
// it does not.
func (s *Store) prove(ctx context.Context) error {
	name := proofPrefix + newNonce()
	data := func() []byte {
		w := newWriter(proofKind, 32)
		w.string(newNonce())
		return w.bytes()
	}
	const create, replace = "If-None-Match: *", "If-Match"
	etag, err := s.write(ctx, name, data(), absent)
	if err != nil {
		return unsupported(err, create)
	}
	defer func() { _ = s.remove(ctx, name, none) }() // a sweep removes what remains
	if _, err := s.write(ctx, name, data(), absent); !errors.Is(err, errConflict) {
		return unless(err, create)
	}
	// No version ever has this ETag.
	const other = "00000000000000000000000000000000"
	if _, err := s.write(ctx, name, data(), other); !errors.Is(err, errConflict) {
		return unless(err, replace)
	}
	if etag, err = s.write(ctx, name, data(), etag); err != nil {
		return unsupported(err, replace)
	}
	if etag == none {
		return errIgnored{"If-Match: it returns no ETag for a write"}
	}
	// Only these are required. Conditional deletes are an advantage.
	err = s.answer(s.client.RemoveObject(onlyVersion(ctx, other), s.place.bucket, s.place.prefix+name, minio.RemoveObjectOptions{}))
	if err != nil && ctx.Err() != nil {
		return err
	}
	s.proof.deletes.Store(errors.Is(err, errConflict))
	return nil
}

// unless returns the error of a write that should have been refused and was
// not, or that could not be tried.
func unless(err error, condition string) error {
	if err == nil {
		return errIgnored{condition}
	}
	return unsupported(err, condition)
}

// unsupported returns the error of a service without this condition.
func unsupported(err error, condition string) error {
	var said minio.ErrorResponse
	if errors.As(err, &said) && said.StatusCode == http.StatusNotImplemented {
		return fmt.Errorf("%w (%w)", errIgnored{condition}, err)
	}
	if errors.Is(err, errConflict) {
		return fmt.Errorf("prove that %s is honoured: %w, though no other program knows the object: try again", condition, err)
	}
	return err
}
