// Objects: one request each, with a condition.

package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	mathrand "math/rand/v2"
	"time"

	"github.com/minio/minio-go/v7"
)

// An object as it was read.
type object struct {
	data     []byte
	etag     string
	modified time.Time // to the second
}

// absent is the condition that there is no such object yet; any other value is
// the ETag of the version to replace, and none means no condition.
const (
	none   = ""
	absent = "*"
)

// read reads an object. It fails with errUnchanged if it is still the version
// named, or with errMissing.
func (s *Store) read(ctx context.Context, name, unless string) (object, error) {
	var opts minio.GetObjectOptions
	if unless != none {
		if err := opts.SetMatchETagExcept(unless); err != nil {
			return object{}, err
		}
	}
	body, info, _, err := s.client.GetObject(ctx, s.place.bucket, s.place.prefix+name, opts)
	if err != nil {
		return object{}, s.answer(err)
	}
	defer body.Close()
	var data bytes.Buffer
	data.Grow(int(max(0, min(info.Size, 64<<20))) + bytes.MinRead) // one byte more than it has, so that reading it ends
	if _, err := data.ReadFrom(body); err != nil {
		return object{}, err
	}
	return object{data: data.Bytes(), etag: info.ETag, modified: info.LastModified}, nil
}

// fill reads the first bytes of an object, as many as there is room for, and says
// how many those are.
func (s *Store) fill(ctx context.Context, name string, room []byte) (int, error) {
	body, info, _, err := s.client.GetObject(ctx, s.place.bucket, s.place.prefix+name, minio.GetObjectOptions{})
	if err != nil {
		return 0, s.answer(err)
	}
	defer body.Close()
	return io.ReadFull(body, room[:min(int64(len(room)), max(0, info.Size))])
}

// write writes an object if the condition holds, and returns its ETag, or fails
// with errConflict. A request whose response was lost is repeated, so that
// errConflict may come from our own write: a caller that must know reads the
// nonce.
func (s *Store) write(ctx context.Context, name string, data []byte, condition string) (etag string, err error) {
	opts := minio.PutObjectOptions{ContentType: "application/octet-stream"}
	switch condition {
	case none:
	case absent:
		opts.SetMatchETagExcept("*")
	default:
		opts.SetMatchETag(condition)
	}
	put := func() (err error) {
		info, failed := s.client.PutObject(ctx, s.place.bucket, s.place.prefix+name, bytes.NewReader(data), int64(len(data)), "", "", opts)
		etag = info.ETag
		return failed
	}
	if condition == none {
		return etag, s.insist(ctx, put)
	}
	err = s.answer(put())
	if errors.Is(err, errMissing) { // the object to be replaced is missing
		err = errConflict
	}
	return etag, err
}

// insist makes a request without a condition. Services answer with a conflict all
// the same while another request is under way, as for one that they lost.
func (s *Store) insist(ctx context.Context, request func() error) error {
	for lost := range maxRaces {
		err := s.answer(request())
		if !errors.Is(err, errConflict) {
			return err
		}
		if err := backOff(ctx, lost); err != nil {
			return err
		}
	}
	return errBusy
}

// remove removes an object. If the service supports it, remove fails with
// errConflict unless the object is still the version named.
func (s *Store) remove(ctx context.Context, name, version string) error {
	if version != none && s.proof.deletes.Load() {
		ctx = onlyVersion(ctx, version)
	}
	err := s.answer(s.client.RemoveObject(ctx, s.place.bucket, s.place.prefix+name, minio.RemoveObjectOptions{}))
	if errors.Is(err, errMissing) {
		return nil
	}
	return err
}

// An item is an object as a listing reports it.
type item struct {
	name     string // without the store's prefix
	size     int64
	etag     string
	modified time.Time // to the second
}

// list calls yield for each object whose name begins so, in order, until yield
// returns false.
func (s *Store) list(ctx context.Context, prefix string, most int, yield func(item) bool) error {
	return s.listAfter(ctx, prefix, "", most, yield)
}

// listAfter lists only names that come after one.
func (s *Store) listAfter(ctx context.Context, prefix, after string, most int, yield func(item) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	opts := minio.ListObjectsOptions{Prefix: s.place.prefix + prefix, Recursive: true, MaxKeys: most}
	if after != "" {
		opts.StartAfter = s.place.prefix + after
	}
	for o := range s.client.ListObjectsIter(ctx, s.place.bucket, opts) {
		if o.Err != nil {
			return s.answer(o.Err)
		}
		if !yield(item{o.Key[len(s.place.prefix):], o.Size, o.ETag, o.LastModified}) {
			return nil
		}
	}
	return ctx.Err()
}

// newNonce returns a name that no other object has.
func newNonce() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// maxRaces is how many races in a row a call loses before it gives up.
const maxRaces = 60

// errBusy is the error of such a call.
var errBusy = errors.New("too many concurrent writes of the same object: try again")

// backOff waits after a lost race, longer after each one.
func backOff(ctx context.Context, lost int) error {
	most := min(8*time.Millisecond<<min(lost, 10), 500*time.Millisecond)
	timer := time.NewTimer(mathrand.N(most))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
