// Blobs in memory.

package mem

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
)

// Blobs keep blobs and uploads in memory, for tests and for development. Make
// them with [NewBlobs].
type Blobs struct {
	mu      sync.Mutex
	blobs   map[string]blob
	uploads map[string]*upload
	closed  bool
	now     func() time.Time
}

// A blob is one as it was put. Its data is never changed.
type blob struct {
	blobs.Info
	data []byte
}

// An upload was begun. The mutex of the store protects it, except for its bytes
// while it is busy.
type upload struct {
	blobs.Upload
	data []byte
	done *blobs.Info
	busy bool // a Receive adds to it
}

var _ blobs.Store = (*Blobs)(nil)

// NewBlobs returns a store without blobs. It begins nothing in the background,
// and its clock is [time.Now].
func NewBlobs() *Blobs {
	return &Blobs{blobs: map[string]blob{}, uploads: map[string]*upload{}, now: time.Now}
}

// Needs says that all requests have to reach the one process that has the blobs.
func (*Blobs) Needs() []gorgon.Need { return []gorgon.Need{gorgon.NeedMemory} }

// BlobDriver opens stores by name, for FILES_URL: "mem:". It ignores the rest of
// the location; each opening is a new store.
func BlobDriver() blobs.Driver {
	return blobs.Driver{
		Schemes: []string{"mem"}, Needs: []gorgon.Need{gorgon.NeedMemory},
		Open: func(context.Context, string) (blobs.Store, error) { return NewBlobs(), nil },
	}
}

// begin locks the store for a call, unless that cannot be made. What the
// arguments' checks say comes last.
func (m *Blobs) begin(ctx context.Context, checks ...error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	err := cmp.Or(checks...)
	if m.closed {
		err = blobs.ErrClosed
	}
	if err != nil {
		m.mu.Unlock()
	}
	return err
}

// Put stores a blob.
func (m *Blobs) Put(ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error) {
	err := o.Check(key)
	if err = m.begin(ctx, err); err != nil {
		return blobs.Info{}, err
	}
	m.mu.Unlock() // reading takes its time
	data, err := io.ReadAll(untilEnd{ctx, r})
	if err != nil {
		return blobs.Info{}, err
	}
	if err := m.begin(ctx); err != nil {
		return blobs.Info{}, err
	}
	defer m.mu.Unlock()
	return m.put(key, o.Type, data, o.IfNew)
}

func (m *Blobs) put(key, kind string, data []byte, ifNew bool) (blobs.Info, error) {
	if _, taken := m.blobs[key]; taken && ifNew {
		return blobs.Info{}, blobs.ErrExists
	}
	info := blobs.NewInfo(key, kind, int64(len(data)), sha256.Sum256(data), m.now())
	m.blobs[key] = blob{info, data}
	return info, nil
}

// Open reads a blob, or a part of it.
func (m *Blobs) Open(ctx context.Context, key string, part blobs.Range) (io.ReadCloser, blobs.Info, error) {
	if err := m.begin(ctx, blobs.CheckKey(key), part.Check()); err != nil {
		return nil, blobs.Info{}, err
	}
	defer m.mu.Unlock()
	b, ok := m.blobs[key]
	if !ok {
		return nil, blobs.Info{}, blobs.ErrNotFound
	}
	first, last, err := part.In(b.Size)
	if err != nil {
		return nil, b.Info, err
	}
	return io.NopCloser(bytes.NewReader(b.data[first:last])), b.Info, nil
}

// Stat describes a blob.
func (m *Blobs) Stat(ctx context.Context, key string) (blobs.Info, error) {
	if err := m.begin(ctx, blobs.CheckKey(key)); err != nil {
		return blobs.Info{}, err
	}
	defer m.mu.Unlock()
	b, ok := m.blobs[key]
	if !ok {
		return blobs.Info{}, blobs.ErrNotFound
	}
	return b.Info, nil
}

// Delete removes a blob.
func (m *Blobs) Delete(ctx context.Context, key string) error {
	if err := m.begin(ctx, blobs.CheckKey(key)); err != nil {
		return err
	}
	defer m.mu.Unlock()
	delete(m.blobs, key)
	return nil
}

// List lists blobs in the order of their keys.
func (m *Blobs) List(ctx context.Context, q blobs.Query) ([]blobs.Info, error) {
	err := q.Check()
	if err = m.begin(ctx, err); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var list []blobs.Info
	for key, b := range m.blobs {
		if strings.HasPrefix(key, q.Prefix) && key > q.After {
			list = append(list, b.Info)
		}
	}
	slices.SortFunc(list, func(a, b blobs.Info) int { return strings.Compare(a.Key, b.Key) })
	return list[:min(len(list), q.Limit)], nil
}

// Len is how many blobs are kept, and how many uploads.
func (m *Blobs) Len() (blobs, uploads int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.blobs), len(m.uploads)
}

// Close drops everything. A second Close has no effect.
func (m *Blobs) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed, m.blobs, m.uploads = true, nil, nil
	return nil
}

// untilEnd reads until a context ends.
type untilEnd struct {
	ctx context.Context
	r   io.Reader
}

func (u untilEnd) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}
