// Completing uploads, and removing those that were not completed.

package diskblobs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/gorgon-go/gorgon/blobs"
)

// Complete puts an upload under its key.
func (s *Store) Complete(ctx context.Context, id string) (info blobs.Info, err error) {
	end, err := s.begin(ctx, blobs.CheckID(id))
	if err != nil {
		return blobs.Info{}, err
	}
	defer end()
	err = s.locked(ctx, id, busyWait, func(r record) error {
		if r.Done != nil {
			info = *r.Done
			return nil
		}
		// The process may have been killed after it moved the file.
		h, err := s.describe(r.Key)
		if err == nil && h.upload == id {
			info = h.Info
			return s.finish(id, r, info)
		}
		if err != nil && !errors.Is(err, blobs.ErrNotFound) && !errors.Is(err, blobs.ErrCorrupt) {
			return err
		}
		info, err = s.complete(id, r)
		return err
	})
	if err != nil {
		return blobs.Info{}, fault("complete", err)
	}
	return info, nil
}

func (s *Store) complete(id string, r record) (blobs.Info, error) {
	st, err := s.state(id)
	if err != nil {
		return blobs.Info{}, err
	}
	if st.Received != r.Size {
		return blobs.Info{}, blobs.ErrIncomplete
	}
	digest, err := resumed(st)
	if err != nil {
		return blobs.Info{}, err
	}
	sum := blobs.Digest(digest.Sum(nil))
	if !r.SHA256.IsZero() && sum != r.SHA256 {
		if err := s.write(s.uploadPath(id, ".state"), state{}); err != nil {
			return blobs.Info{}, err
		}
		return blobs.Info{}, blobs.ErrDigest
	}
	data := s.uploadPath(id, ".data")
	f, err := os.OpenFile(data, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return blobs.Info{}, err
	}
	info := blobs.NewInfo(r.Key, r.Type, r.Size, sum, s.now())
	err = f.Truncate(headerSize + r.Size) // bytes of a piece that did not count
	if err == nil {
		err = seal(f, header{info, id})
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = s.publish(data, r.Key, r.IfNew)
	}
	if err != nil {
		return blobs.Info{}, err
	}
	return info, s.finish(id, r, info)
}

// finish records that an upload was completed.
func (s *Store) finish(id string, r record, info blobs.Info) error {
	r.Done = &info
	if err := s.write(s.uploadPath(id, ".json"), r); err != nil {
		return err
	}
	for _, suffix := range [...]string{".data", ".state"} {
		if err := os.Remove(s.uploadPath(id, suffix)); err != nil && !absent(err) {
			return err
		}
	}
	return nil
}

// Sweep removes the uploads that expired more than an hour ago, and the
// temporary files of processes that were killed.
func (s *Store) Sweep(ctx context.Context) (n int, err error) {
	end, err := s.begin(ctx)
	if err != nil {
		return 0, err
	}
	defer end()
	s.clean()
	files, err := os.ReadDir(s.path("uploads"))
	if err != nil {
		return 0, fault("sweep", err)
	}
	for _, f := range files {
		id, ours := strings.CutSuffix(filepath.Base(f.Name()), ".json")
		if !ours || blobs.CheckID(id) != nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return n, err
		}
		err := s.locked(ctx, id, 0, func(r record) error {
			if !s.now().After(r.Expires.Add(blobs.Grace)) {
				return nil
			}
			if r.Done == nil {
				n++
			}
			// Without the record there is no upload, so it goes first.
			for _, suffix := range [...]string{".json", ".data", ".state", ".lock"} {
				if err := os.Remove(s.uploadPath(id, suffix)); err != nil && !absent(err) {
					return err
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, blobs.ErrBusy) && !errors.Is(err, blobs.ErrNotFound) {
			return n, fault("sweep", err)
		}
	}
	return n, nil
}
