// Keys: which bytes a key has.

package s3

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/minio/minio-go/v7"

	"github.com/gorgon-go/gorgon/blobs"
)

// A keyed is what the object of a key contains.
type keyed struct {
	blobs.Info
	Upload string // that it was
	Data   string // the name of the object with its bytes
	Object string // the ETag of their object
	Old    string `json:",omitempty"` // the object with the bytes of the blob before, which may not have been removed
}

// key reads the object of a key, and returns its ETag.
func (b *Blobs) key(ctx context.Context, key string) (*keyed, string, error) {
	got, err := b.conn.read(ctx, keyName(key), none)
	if errors.Is(err, errMissing) {
		return nil, none, blobs.ErrNotFound
	}
	if err != nil {
		return nil, none, err
	}
	k := new(keyed)
	if err := json.Unmarshal(got.data, k); err != nil || k.Key != key {
		return nil, got.etag, fmt.Errorf("%w: the object of its key is not what was written", blobs.ErrCorrupt)
	}
	k.Modified = k.Modified.UTC()
	return k, got.etag, nil
}

// publish lets a key have the bytes of an upload. It returns what the key has
// then: if the upload was published before, that.
func (b *Blobs) publish(ctx context.Context, next keyed, ifNew bool) (blobs.Info, error) {
	if err := b.conn.ready(ctx); err != nil {
		return blobs.Info{}, err
	}
	for lost := range maxRaces {
		old, etag, err := b.key(ctx, next.Key)
		condition := etag
		switch {
		case errors.Is(err, blobs.ErrNotFound):
			condition = absent
		case errors.Is(err, blobs.ErrCorrupt): // it can be replaced
		case err != nil:
			return blobs.Info{}, err
		case old.Upload == next.Upload:
			return old.Info, nil
		}
		if condition != absent && ifNew {
			return blobs.Info{}, blobs.ErrExists
		}
		// If this process is killed before it has removed the bytes of the old
		// blob, the next one finds their name.
		if next.Old = ""; old != nil {
			next.Old = old.Data
			b.forget(ctx, old.Old)
		}
		data, err := json.Marshal(next)
		if err != nil {
			return blobs.Info{}, err
		}
		_, err = b.conn.write(ctx, keyName(next.Key), data, condition)
		if err == nil {
			b.forget(ctx, next.Old)
			return next.Info, nil
		}
		if !errors.Is(err, errConflict) {
			return blobs.Info{}, err
		}
		if err := backOff(ctx, lost); err != nil {
			return blobs.Info{}, err
		}
	}
	return blobs.Info{}, errBusy
}

// forget removes bytes that no key has any longer. What cannot be removed costs
// space and nothing else.
func (b *Blobs) forget(ctx context.Context, data string) {
	if data == "" {
		return
	}
	if err := b.conn.remove(ctx, dataPrefix+data, none); err != nil && ctx.Err() == nil {
		b.conn.log.Warn("the bytes of a blob that was replaced cannot be removed", "object", b.conn.place.prefix+dataPrefix+data, "err", err)
	}
}

// Stat describes a blob.
func (b *Blobs) Stat(ctx context.Context, key string) (blobs.Info, error) {
	ctx, end, err := b.begin(ctx, blobs.CheckKey(key))
	if err != nil {
		return blobs.Info{}, err
	}
	defer end()
	k, _, err := b.key(ctx, key)
	if err != nil {
		return blobs.Info{}, blobFault(ctx, "stat", err)
	}
	return k.Info, nil
}

// Delete removes a blob.
func (b *Blobs) Delete(ctx context.Context, key string) error {
	ctx, end, err := b.begin(ctx, blobs.CheckKey(key))
	if err != nil {
		return err
	}
	defer end()
	for lost := range maxRaces {
		k, etag, err := b.key(ctx, key)
		if errors.Is(err, blobs.ErrNotFound) {
			return nil
		}
		if err != nil && !errors.Is(err, blobs.ErrCorrupt) {
			return blobFault(ctx, "delete", err)
		}
		err = b.conn.remove(ctx, keyName(key), etag)
		if err == nil && k != nil {
			b.forget(ctx, k.Data)
			b.forget(ctx, k.Old)
		}
		if !errors.Is(err, errConflict) {
			return blobFault(ctx, "delete", err)
		}
		if err := backOff(ctx, lost); err != nil {
			return blobFault(ctx, "delete", err)
		}
	}
	return errBusy
}

// Open reads a blob, or a part of it.
func (b *Blobs) Open(ctx context.Context, key string, part blobs.Range) (io.ReadCloser, blobs.Info, error) {
	calling, end, err := b.begin(ctx, blobs.CheckKey(key), part.Check())
	if err != nil {
		return nil, blobs.Info{}, err
	}
	defer end()
	// The bytes are read when this call has ended.
	reading, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(b.conn.life, cancel)
	body, info, err := b.open(calling, reading, key, part)
	if err != nil {
		stop()
		cancel()
		return nil, info, blobFault(calling, "open", err)
	}
	return &bodyReader{body, func() { stop(); cancel() }}, info, nil
}

func (b *Blobs) open(ctx, reading context.Context, key string, part blobs.Range) (io.ReadCloser, blobs.Info, error) {
	last := ""
	for {
		k, _, err := b.key(ctx, key)
		if err != nil {
			return nil, blobs.Info{}, err
		}
		from, to, err := part.In(k.Size)
		if err != nil {
			return nil, k.Info, err
		}
		if from == to {
			return io.NopCloser(bytes.NewReader(nil)), k.Info, nil
		}
		var opts minio.GetObjectOptions
		if err := errors.Join(opts.SetMatchETag(k.Object), opts.SetRange(from, to-1)); err != nil {
			return nil, k.Info, err
		}
		body, _, _, err := b.conn.client.GetObject(reading, b.conn.place.bucket, b.conn.place.prefix+dataPrefix+k.Data, opts)
		err = b.conn.answer(err)
		if err == nil {
			return body, k.Info, nil
		}
		if !errors.Is(err, errMissing) && !errors.Is(err, errConflict) {
			return nil, k.Info, err
		}
		if last == k.Upload { // it is what the key has, and not there
			return nil, k.Info, fmt.Errorf("%w: the object of its bytes was removed or changed", blobs.ErrCorrupt)
		}
		last = k.Upload // it may have been replaced in between: look again
	}
}

// A bodyReader releases what a reader holds.
type bodyReader struct {
	io.ReadCloser
	release func()
}

func (r *bodyReader) Close() error {
	defer r.release()
	return r.ReadCloser.Close()
}
