// Completing uploads, and removing those that were not completed.

package s3

import (
	"context"
	"crypto/sha256"
	"encoding"
	"errors"
	"io"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/gorgon-go/gorgon/blobs"
)

// sum is the digest whose state was stored.
func sum(state []byte) (blobs.Digest, error) {
	digest := sha256.New()
	if len(state) > 0 {
		if err := digest.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
			return blobs.Digest{}, err
		}
	}
	return blobs.Digest(digest.Sum(nil)), nil
}

// Complete puts an upload under its key.
func (b *Blobs) Complete(ctx context.Context, id string) (blobs.Info, error) {
	ctx, end, err := b.begin(ctx, blobs.CheckID(id))
	if err != nil {
		return blobs.Info{}, err
	}
	defer end()
	info, err := b.complete(ctx, id)
	if err != nil {
		return blobs.Info{}, blobFault(ctx, "complete", err)
	}
	return info, nil
}

func (b *Blobs) complete(ctx context.Context, id string) (blobs.Info, error) {
	u, etag, err := b.upload(ctx, id)
	switch {
	case err != nil:
		return blobs.Info{}, err
	case u.Put:
		return blobs.Info{}, blobs.ErrNotFound
	case u.Done != nil:
		return done(u), nil
	}
	// The process may have been killed after it published the bytes.
	k, _, err := b.key(ctx, u.Key)
	if err == nil && k.Upload == id {
		return k.Info, b.finished(ctx, id, u, k.Info, etag)
	}
	if err != nil && !errors.Is(err, blobs.ErrNotFound) && !errors.Is(err, blobs.ErrCorrupt) {
		return blobs.Info{}, err
	}
	if u.Object == "" {
		if err := b.examine(ctx, id, u); err != nil {
			return blobs.Info{}, err
		}
	}
	digest, err := sum(u.Hash)
	if err != nil {
		return blobs.Info{}, err
	}
	if !u.SHA256.IsZero() && digest != u.SHA256 {
		return blobs.Info{}, b.refuse(ctx, id, u, etag, blobs.ErrDigest)
	}
	info, err := b.publishUpload(ctx, id, u)
	if err != nil {
		return blobs.Info{}, err
	}
	return info, b.finished(ctx, id, u, info, etag)
}

func done(u *uploading) blobs.Info {
	info := *u.Done
	info.Modified = info.Modified.UTC()
	return info
}

// finished records that an upload was completed.
func (b *Blobs) finished(ctx context.Context, id string, u *uploading, info blobs.Info, etag string) error {
	u.Done = &info
	_, err := b.saveUpload(ctx, id, u, etag)
	if errors.Is(err, errConflict) {
		now, _, readErr := b.upload(ctx, id)
		if readErr != nil {
			return readErr
		}
		if now.Done == nil {
			return blobs.ErrBusy // bytes were received meanwhile
		}
		return nil // another Complete did it
	}
	return err
}

// examine looks at bytes that went straight to the service.
func (b *Blobs) examine(ctx context.Context, id string, u *uploading) error {
	if !u.Direct || u.Received > 0 {
		if u.Size > 0 || u.Received > 0 {
			return blobs.ErrIncomplete
		}
		u.Data = attempt(id)
		info, err := b.conn.client.PutObject(ctx, b.conn.place.bucket, b.conn.place.prefix+dataPrefix+u.Data, strings.NewReader(""), 0, "", "", minio.PutObjectOptions{ContentType: u.Type})
		u.Object = info.ETag
		return b.conn.answer(err)
	}
	u.Data = id
	name := b.conn.place.prefix + dataPrefix + u.Data
	body, object, _, err := b.conn.client.GetObject(ctx, b.conn.place.bucket, name, minio.GetObjectOptions{})
	if err = b.conn.answer(err); errors.Is(err, errMissing) {
		return blobs.ErrIncomplete
	}
	if err != nil {
		return err
	}
	defer body.Close()
	switch {
	case object.Size != u.Size:
		return b.unsent(ctx, u.Data, blobs.ErrSize)
	case object.ContentType != u.Type:
		return b.unsent(ctx, u.Data, blobs.ErrType)
	}
	digest := sha256.New()
	n, err := io.Copy(digest, body)
	if err == nil && n != u.Size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	u.Object, u.Received = object.ETag, n
	u.Hash, err = digest.(encoding.BinaryMarshaler).MarshalBinary()
	return err
}

// unsent removes bytes that are not those of the ticket, so that these can be
// sent.
func (b *Blobs) unsent(ctx context.Context, data string, why error) error {
	if err := b.conn.remove(ctx, dataPrefix+data, none); err != nil {
		return err
	}
	return why
}

// refuse begins an upload again, whose bytes are wrong.
func (b *Blobs) refuse(ctx context.Context, id string, u *uploading, etag string, why error) error {
	_, err := b.saveUpload(ctx, id, &uploading{Upload: u.Upload}, etag)
	if errors.Is(err, errConflict) {
		return why // another Complete did it
	}
	if err != nil {
		return err
	}
	return b.unsent(ctx, u.Data, why)
}

// abort removes the parts and the tail of an upload.
func (b *Blobs) abort(ctx context.Context, id string, u *uploading) error {
	if u.Multipart != "" {
		err := b.conn.client.AbortMultipartUpload(ctx, b.conn.place.bucket, b.conn.place.prefix+dataPrefix+u.Data, u.Multipart)
		var said minio.ErrorResponse
		if err != nil && (!errors.As(err, &said) || said.Code != minio.NoSuchUpload) {
			return b.conn.answer(err)
		}
	}
	if u.Tail > 0 {
		return b.conn.remove(ctx, tailName(id), none)
	}
	return nil
}

// discard removes an upload, and all of its bytes that no key has. It says
// whether it was still to be completed.
func (b *Blobs) discard(ctx context.Context, id string, u *uploading) (pending bool, err error) {
	keep, old := "", ""
	k, _, err := b.key(ctx, u.Key)
	if err != nil && !errors.Is(err, blobs.ErrNotFound) && !errors.Is(err, blobs.ErrCorrupt) {
		return false, err
	}
	// The process may have been killed after it published them, and before it
	// removed those of the blob before.
	if err == nil && k.Upload == id {
		keep, old = k.Data, k.Old
	} else if u.Done == nil {
		pending = true
		if err := b.abort(ctx, id, u); err != nil {
			return false, err
		}
	}
	b.forget(ctx, old)
	left := []string{tailName(id)}
	err = b.conn.list(ctx, dataPrefix+id, 0, func(i item) bool {
		if i.name != dataPrefix+keep {
			left = append(left, i.name)
		}
		return true
	})
	for _, name := range left {
		err = errors.Join(err, b.conn.remove(ctx, name, none))
	}
	if err != nil {
		return false, err
	}
	return pending, b.conn.remove(ctx, uploadName(id), none)
}

// Sweep removes the uploads that expired more than an hour ago.
func (b *Blobs) Sweep(ctx context.Context) (n int, err error) {
	ctx, end, err := b.begin(ctx)
	if err != nil {
		return 0, err
	}
	defer end()
	var ids []string
	err = b.conn.list(ctx, uploadPrefix, 0, func(i item) bool {
		if id, ok := strings.CutSuffix(strings.TrimPrefix(i.name, uploadPrefix), uploadSuffix); ok && blobs.CheckID(id) == nil {
			ids = append(ids, id)
		}
		return true
	})
	for _, id := range ids {
		if err != nil {
			break
		}
		var u *uploading
		u, _, err = b.upload(ctx, id)
		if errors.Is(err, blobs.ErrNotFound) {
			err = nil
			continue
		}
		if err != nil || !b.now().After(u.Expires.Add(blobs.Grace)) {
			continue
		}
		var pending bool
		pending, err = b.discard(ctx, id, u)
		if pending && err == nil && !u.Put {
			n++
		}
	}
	return n, blobFault(ctx, "sweep", err)
}
