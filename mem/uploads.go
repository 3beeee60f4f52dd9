// Uploads in memory.

package mem

import (
	"context"
	"crypto/sha256"
	"io"
	"slices"

	"github.com/gorgon-go/gorgon/blobs"
)

// Ticket begins an upload, whose bytes go through Receive.
func (m *Blobs) Ticket(ctx context.Context, u blobs.Upload) (blobs.Ticket, error) {
	err := u.Check(m.now())
	if err = m.begin(ctx, err); err != nil {
		return blobs.Ticket{}, err
	}
	defer m.mu.Unlock()
	if _, taken := m.blobs[u.Key]; taken && u.IfNew {
		return blobs.Ticket{}, blobs.ErrExists
	}
	id := blobs.NewID()
	m.uploads[id] = &upload{Upload: u}
	return blobs.Ticket{Upload: u, ID: id}, nil
}

// find locks the store and finds an upload.
func (m *Blobs) find(ctx context.Context, id string) (*upload, error) {
	if err := m.begin(ctx, blobs.CheckID(id)); err != nil {
		return nil, err
	}
	u := m.uploads[id]
	if u == nil {
		m.mu.Unlock()
		return nil, blobs.ErrNotFound
	}
	return u, nil
}

// Pending describes an upload.
func (m *Blobs) Pending(ctx context.Context, id string) (blobs.Pending, error) {
	u, err := m.find(ctx, id)
	if err != nil {
		return blobs.Pending{}, err
	}
	defer m.mu.Unlock()
	p := blobs.Pending{Upload: u.Upload, Received: int64(len(u.data)), Done: u.done != nil}
	if p.Done {
		p.Received = u.Size
	}
	return p, nil
}

// Receive adds to an upload.
func (m *Blobs) Receive(ctx context.Context, id string, offset int64, r io.Reader) (int64, error) {
	u, err := m.find(ctx, id)
	if err != nil {
		return 0, err
	}
	has := int64(len(u.data))
	switch {
	case u.done != nil || has == u.Size && has > 0:
		err = blobs.ErrExists
	case !m.now().Before(u.Expires):
		err = blobs.ErrExpired
	case u.busy:
		err = blobs.ErrBusy
	case offset != 0 && offset != has:
		err = blobs.ErrOffset
	}
	if err != nil {
		m.mu.Unlock()
		return has, err
	}
	u.busy, u.data = true, u.data[:offset]
	m.mu.Unlock()

	more, err := io.ReadAll(io.LimitReader(untilEnd{ctx, r}, u.Size-offset+1))

	m.mu.Lock()
	defer m.mu.Unlock()
	u.busy = false
	switch {
	case m.closed:
		return 0, blobs.ErrClosed
	case int64(len(more)) > u.Size-offset:
		return offset, blobs.ErrSize
	}
	u.data = slices.Concat(u.data, more)
	return int64(len(u.data)), err
}

// Complete puts an upload under its key.
func (m *Blobs) Complete(ctx context.Context, id string) (blobs.Info, error) {
	u, err := m.find(ctx, id)
	if err != nil {
		return blobs.Info{}, err
	}
	defer m.mu.Unlock()
	switch {
	case u.done != nil:
		return *u.done, nil
	case u.busy || int64(len(u.data)) < u.Size:
		return blobs.Info{}, blobs.ErrIncomplete
	case !u.SHA256.IsZero() && sha256.Sum256(u.data) != u.SHA256:
		u.data = nil
		return blobs.Info{}, blobs.ErrDigest
	}
	info, err := m.put(u.Key, u.Type, u.data, u.IfNew)
	if err != nil {
		return blobs.Info{}, err
	}
	u.done, u.data = &info, nil
	return info, nil
}

// Sweep removes the uploads that expired more than an hour ago.
func (m *Blobs) Sweep(ctx context.Context) (int, error) {
	if err := m.begin(ctx); err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	n := 0
	for id, u := range m.uploads {
		if !u.busy && m.now().After(u.Expires.Add(blobs.Grace)) {
			delete(m.uploads, id)
			if u.done == nil {
				n++
			}
		}
	}
	return n, nil
}
