// Blobs in a bucket: what is promised, opening and closing.

package s3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/pages"
)

// BlobOptions are those of a store of blobs. The zero value works.
type BlobOptions struct {
	// Log receives what an operator should fix. Default: slog.Default().
	Log *slog.Logger

	// Part is how many bytes one request sends at most, 5 MiB or more. Each Put
	// and each Receive has so many in memory, and a blob has 10,000 parts at
	// most. Default: 8 MiB, for blobs of up to 78 GiB.
	Part int64

	// Now is the clock by which tickets expire. Default: time.Now.
	Now func() time.Time
}

// Blobs keep blobs as objects of an S3-compatible service, shared by any number
// of machines. Make them with [OpenBlobs].
//
// The bytes of a blob are an object whose name does not change, and its key is
// another, small one, which names the first and is replaced on condition that it
// is as it was read. So a blob is seen whole or not at all, whatever its size,
// and of several writers with IfNew one wins. Like [Store], Blobs prove that the
// service honours such conditions before they first depend on them.
//
//	blobs/keys/….blob        what a key has: the key in base32hex, so that
//	                         names have the order of keys; split by / every 200
//	                         letters
//	blobs/data/ID            the bytes of an upload that went straight to the service
//	blobs/data/ID.NONCE      those of a Put, or of a Receive from 0
//	blobs/uploads/ID.json    an upload: its ticket, its parts, its digest so far
//	blobs/uploads/ID.tail    its last bytes, where they are too few for a part
//
// If a process is killed, a sweep removes what it has left, except where it was
// killed in the middle of a Delete: then bytes may stay that no key has.
//
// What calls cost, in requests:
//
//	Open                     2: 1 GET of the key, 1 GET of the bytes
//	Stat                     1
//	Put                      5: 3 PUT, 1 GET, 1 DELETE; in place of a blob up to 2 DELETE more;
//	                         above Part, 2 and 1 for each part more
//	Delete                   3: 1 GET, 2 DELETE; 1 DELETE more of a blob that replaced another
//	List                     1 LIST, and 1 GET for each blob
//	Ticket                   1 PUT; with IfNew 1 GET more
//	Complete                 of a ticket that the browser sent to the service: 2 PUT,
//	                         2 GET, 1 HEAD, and 1 GET of all its bytes, to compute the
//	                         digest, unless the service has computed it
//	Sweep                    1 LIST, 1 GET for each upload, and up to 5 to remove one
type Blobs struct {
	conn    *Store // for its connection, its conditions and its end
	part    int64
	now     func() time.Time
	buffers sync.Pool // of part bytes
}

var _ blobs.Store = (*Blobs)(nil)

// Parts of S3: all but the last have 5 MiB, and there are 10,000 at most. One
// request without parts sends 5 GiB.
const (
	minPart   = 5 << 20
	maxParts  = 10_000
	maxDirect = 5 << 30
)

// OpenBlobs opens the blobs at a location, which is written as for [Open]. Pages
// and blobs may share it.
func OpenBlobs(_ context.Context, location string, o BlobOptions) (*Blobs, error) {
	at, err := parse(location)
	if err != nil {
		return nil, err
	}
	if o.Part != 0 && o.Part < minPart {
		return nil, fmt.Errorf("open s3: Part is %d bytes, and parts have %d at least", o.Part, int64(minPart))
	}
	at.prefix += "blobs/"
	b := &Blobs{
		conn: &Store{place: at, log: o.Log, proof: proof{slot: make(chan struct{}, 1)}},
		part: cmp.Or(o.Part, 8<<20), now: o.Now,
	}
	if b.conn.log == nil {
		b.conn.log = slog.Default()
	}
	if b.now == nil {
		b.now = time.Now
	}
	b.buffers.New = func() any { buffer := make([]byte, b.part); return &buffer }
	if err := b.conn.connect(); err != nil {
		return nil, err
	}
	b.conn.life, b.conn.end = context.WithCancel(context.Background())
	return b, nil
}

// BlobDriver opens the blobs at a location, for FILES_URL, as [OpenBlobs] does.
func BlobDriver() blobs.Driver {
	return blobs.Driver{
		Schemes: []string{"s3"}, Remote: true,
		Check: func(location string) error {
			_, err := parse(location)
			return err
		},
		Open: func(ctx context.Context, location string) (blobs.Store, error) {
			b, err := OpenBlobs(ctx, location, BlobOptions{})
			if err != nil {
				return nil, err // not b: as an interface, a nil *Blobs would not be nil
			}
			return b, nil
		},
	}
}

// Close ends every call and closes the connections. A second Close has no
// effect.
func (b *Blobs) Close() error { return b.conn.Close() }

// begin starts every call, unless it cannot be made. What the arguments' checks
// say comes last.
func (b *Blobs) begin(ctx context.Context, checks ...error) (_ context.Context, end func(), err error) {
	inner, end, err := b.conn.begin(ctx)
	if errors.Is(err, pages.ErrClosed) {
		return nil, nil, blobs.ErrClosed
	}
	if err != nil {
		return nil, nil, err
	}
	if err := cmp.Or(checks...); err != nil {
		end()
		return nil, nil, err
	}
	return inner, end, nil
}

// blobFault says what failed. It passes the errors of the contract unchanged,
// and prefers the caller's reasons over those of the connection.
func blobFault(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(context.Cause(ctx), pages.ErrClosed):
		return blobs.ErrClosed
	case ctx.Err() != nil:
		return ctx.Err()
	}
	for _, own := range []error{blobs.ErrNotFound, blobs.ErrExists, blobs.ErrRange, blobs.ErrSize, blobs.ErrType, blobs.ErrDigest,
		blobs.ErrIncomplete, blobs.ErrExpired, blobs.ErrOffset, blobs.ErrBusy, blobs.ErrInvalid} {
		if err == own { //nolint:errorlint // a wrapped one says more
			return err
		}
	}
	var reading *readFault
	if errors.As(err, &reading) {
		return reading.err
	}
	return fmt.Errorf("s3: %s: %w", doing, err)
}

// A readFault is an error of the sender, not of the service.
type readFault struct{ err error }

func (r *readFault) Error() string { return r.err.Error() }
