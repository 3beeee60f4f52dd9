// Uploads: tickets, and what is received of them.

package diskblobs

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"os"
	"time"

	"github.com/gofrs/flock"

	"github.com/gorgon-go/gorgon/blobs"
)

// syncEach is how many bytes of an upload are received between two syncs.
const syncEach = 16 << 20

// busyWait is how long Complete waits for another call about the same upload.
const busyWait = 5 * time.Second

// A record is what is stored about an upload.
type record struct {
	blobs.Upload
	Done *blobs.Info `json:"done,omitempty"`
}

// A state is what has been received of an upload.
type state struct {
	Received int64  `json:"received"`
	Hash     []byte `json:"hash,omitempty"` // of the digest of these bytes
}

// Ticket begins an upload, whose bytes go through Receive.
func (s *Store) Ticket(ctx context.Context, u blobs.Upload) (blobs.Ticket, error) {
	err := u.Check(s.now())
	end, err := s.begin(ctx, err)
	if err != nil {
		return blobs.Ticket{}, err
	}
	defer end()
	if u.IfNew {
		switch _, err := s.describe(u.Key); {
		case err == nil:
			return blobs.Ticket{}, blobs.ErrExists
		case !errors.Is(err, blobs.ErrNotFound):
			return blobs.Ticket{}, fault("ticket", err)
		}
	}
	id := blobs.NewID()
	if err := s.write(s.uploadPath(id, ".json"), record{Upload: u}); err != nil {
		return blobs.Ticket{}, fault("ticket", err)
	}
	return blobs.Ticket{Upload: u, ID: id}, nil
}

// write puts a value as JSON in the place of a file.
func (s *Store) write(path string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	tmp := s.temporary()
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		_ = os.Remove(tmp)
		return err
	}
	return syncDir(s.path("uploads"))
}

// record reads what is stored about an upload: blobs.ErrNotFound if there is
// none.
func (s *Store) record(id string) (r record, err error) {
	err = readJSON(s.uploadPath(id, ".json"), &r)
	if absent(err) {
		err = blobs.ErrNotFound
	}
	return r, err
}

// state reads how much of an upload counts.
func (s *Store) state(id string) (st state, err error) {
	err = readJSON(s.uploadPath(id, ".state"), &st)
	if absent(err) {
		err = nil
	}
	return st, err
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// Pending describes an upload.
func (s *Store) Pending(ctx context.Context, id string) (blobs.Pending, error) {
	end, err := s.begin(ctx, blobs.CheckID(id))
	if err != nil {
		return blobs.Pending{}, err
	}
	defer end()
	r, err := s.record(id)
	if err != nil {
		return blobs.Pending{}, fault("pending", err)
	}
	if r.Done != nil {
		return blobs.Pending{Upload: r.Upload, Received: r.Size, Done: true}, nil
	}
	st, err := s.state(id)
	return blobs.Pending{Upload: r.Upload, Received: st.Received}, fault("pending", err)
}

// locked calls f while no other call changes an upload.
func (s *Store) locked(ctx context.Context, id string, wait time.Duration, f func(r record) error) error {
	if _, err := s.record(id); err != nil { // a file for the lock of nothing would stay
		return err
	}
	lock := flock.New(s.uploadPath(id, ".lock"), flock.SetPermissions(0o644))
	ok, err := lock.TryLock()
	if err == nil && !ok && wait > 0 {
		short, cancel := context.WithTimeout(ctx, wait)
		ok, err = lock.TryLockContext(short, 2*time.Millisecond)
		cancel()
		if err != nil && ctx.Err() == nil {
			err = nil
		}
	}
	if err != nil {
		return err
	}
	defer lock.Close()
	if !ok {
		return blobs.ErrBusy
	}
	r, err := s.record(id)
	if err != nil {
		if errors.Is(err, blobs.ErrNotFound) {
			_ = os.Remove(s.uploadPath(id, ".lock")) // it was swept in between
		}
		return err
	}
	return f(r)
}

// Receive adds to an upload.
func (s *Store) Receive(ctx context.Context, id string, offset int64, r io.Reader) (received int64, err error) {
	end, err := s.begin(ctx, blobs.CheckID(id))
	if err != nil {
		return 0, err
	}
	defer end()
	err = s.locked(ctx, id, 0, func(rec record) error {
		st, err := s.state(id)
		if err != nil {
			return err
		}
		received = st.Received
		switch {
		case rec.Done != nil || st.Received == rec.Size && rec.Size > 0:
			return blobs.ErrExists
		case !s.now().Before(rec.Expires):
			return blobs.ErrExpired
		case offset != 0 && offset != st.Received:
			return blobs.ErrOffset
		case offset == 0:
			st = state{}
		}
		received, err = s.add(ctx, id, rec, st, r)
		return err
	})
	var reading *readFault
	if errors.As(err, &reading) {
		return received, reading.err
	}
	return received, fault("receive", err)
}

// A readFault is an error of the sender, not of the disk.
type readFault struct{ err error }

func (r *readFault) Error() string { return r.err.Error() }

// add writes what comes of an upload, and records it piece by piece.
func (s *Store) add(ctx context.Context, id string, rec record, st state, r io.Reader) (received int64, err error) {
	digest, err := resumed(st)
	if err != nil {
		return st.Received, err
	}
	f, err := os.OpenFile(s.uploadPath(id, ".data"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return st.Received, err
	}
	defer f.Close()
	if st.Received == 0 {
		if err := s.note(id, st, f, digest); err != nil {
			return 0, err
		}
	}
	for {
		// One byte more than is missing shows that there are too many.
		most := min(syncEach, rec.Size-st.Received+1)
		n, reading, err := pour(ctx, f, headerSize+st.Received, digest, io.LimitReader(r, most))
		if err != nil && !reading {
			return st.Received, err
		}
		if st.Received+n > rec.Size {
			return st.Received, blobs.ErrSize // what counts is what was recorded
		}
		st.Received += n
		if noted := s.note(id, st, f, digest); noted != nil {
			return st.Received - n, noted
		}
		if err != nil {
			return st.Received, &readFault{err}
		}
		if n < most {
			return st.Received, nil
		}
	}
}

// note records how much of an upload counts.
func (s *Store) note(id string, st state, f *os.File, digest hash.Hash) error {
	if err := f.Sync(); err != nil {
		return err
	}
	text, err := digest.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return err
	}
	st.Hash = text
	return s.write(s.uploadPath(id, ".state"), st)
}

// resumed is the digest of what was received.
func resumed(st state) (hash.Hash, error) {
	digest := sha256.New()
	if len(st.Hash) == 0 {
		return digest, nil
	}
	return digest, digest.(encoding.BinaryUnmarshaler).UnmarshalBinary(st.Hash)
}
