// Uploads: tickets, their state, and their end.

package s3

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
)

// An uploading is what the object of an upload contains.
type uploading struct {
	blobs.Upload
	Put       bool        `json:"put,omitempty"`       // it is one of a Put
	Multipart string      `json:"multipart,omitempty"` // the service's name for its parts
	Parts     []string    `json:"parts,omitempty"`     // their ETags
	Data      string      `json:"data,omitempty"`      // the name of the object with the bytes
	Received  int64       `json:"received,omitempty"`  // bytes in them, and in the tail
	Tail      int64       `json:"tail,omitempty"`
	Hash      []byte      `json:"hash,omitempty"`   // of the digest of these bytes
	Object    string      `json:"object,omitempty"` // the ETag of all of them
	Done      *blobs.Info `json:"done,omitempty"`
}

// putLife is how long a Put may take at most.
const putLife = 24 * time.Hour

// Put stores a blob.
func (b *Blobs) Put(ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error) {
	err := o.Check(key)
	ctx, end, err := b.begin(ctx, err)
	if err != nil {
		return blobs.Info{}, err
	}
	defer end()
	id := blobs.NewID()
	u := &uploading{Put: true, Upload: blobs.Upload{Key: key, Type: o.Type, Size: unlimited, Expires: b.now().Add(putLife), IfNew: o.IfNew}}
	etag := none
	if err = b.conn.ready(ctx); err == nil {
		etag, err = b.saveUpload(ctx, id, u, absent)
	}
	if err != nil {
		return blobs.Info{}, blobFault(ctx, "put", err)
	}
	// What is left of a Put that failed is removed now, or by a sweep.
	defer func() {
		if alone := context.WithoutCancel(ctx); err != nil {
			_, _ = b.discard(alone, id, u)
		} else {
			_ = b.conn.remove(alone, uploadName(id), none)
		}
	}()
	multipart := ""
	err = b.receive(ctx, id, u, r, func(ctx context.Context) error {
		if multipart == u.Multipart {
			return nil // a Put is not resumed
		}
		multipart = u.Multipart
		etag, err = b.saveUpload(ctx, id, u, etag)
		return err
	})
	var info blobs.Info
	if err == nil {
		info, err = b.publishUpload(ctx, id, u)
	}
	err = blobFault(ctx, "put", err)
	return info, err
}

// publishUpload lets the key of an upload have its bytes, all of which are there.
func (b *Blobs) publishUpload(ctx context.Context, id string, u *uploading) (blobs.Info, error) {
	digest, err := sum(u.Hash)
	if err != nil {
		return blobs.Info{}, err
	}
	info := blobs.NewInfo(u.Key, u.Type, u.Received, digest, b.now())
	return b.publish(ctx, keyed{Info: info, Upload: id, Data: u.Data, Object: u.Object}, u.IfNew)
}

// saveUpload writes the object of an upload, on a condition. An object that
// already is what it writes is its own: the request was repeated.
func (b *Blobs) saveUpload(ctx context.Context, id string, u *uploading, condition string) (etag string, err error) {
	data, err := json.Marshal(u)
	if err != nil {
		return none, err
	}
	etag, err = b.conn.write(ctx, uploadName(id), data, condition)
	if errors.Is(err, errConflict) {
		if now, err := b.conn.read(ctx, uploadName(id), none); err == nil && bytes.Equal(now.data, data) {
			return now.etag, nil
		}
	}
	return etag, err
}

// upload reads an upload, and its ETag.
func (b *Blobs) upload(ctx context.Context, id string) (*uploading, string, error) {
	got, err := b.conn.read(ctx, uploadName(id), none)
	if errors.Is(err, errMissing) {
		return nil, none, blobs.ErrNotFound
	}
	if err != nil {
		return nil, none, err
	}
	u := new(uploading)
	return u, got.etag, json.Unmarshal(got.data, u)
}

// Ticket begins an upload. With Direct, up to 5 GiB go straight to the service:
// by a PUT whose size, type and condition are signed.
func (b *Blobs) Ticket(ctx context.Context, u blobs.Upload) (blobs.Ticket, error) {
	err := u.Check(b.now())
	ctx, end, err := b.begin(ctx, err)
	if err != nil {
		return blobs.Ticket{}, err
	}
	defer end()
	t, err := b.ticket(ctx, u)
	return t, blobFault(ctx, "ticket", err)
}

func (b *Blobs) ticket(ctx context.Context, u blobs.Upload) (t blobs.Ticket, err error) {
	if err := b.conn.ready(ctx); err != nil {
		return t, err
	}
	if u.IfNew {
		switch _, _, err := b.key(ctx, u.Key); {
		case err == nil:
			return t, blobs.ErrExists
		case !errors.Is(err, blobs.ErrNotFound):
			return t, err
		}
	}
	u.Direct = u.Direct && u.Size <= maxDirect && u.Expires.Sub(b.now()) >= time.Second
	t = blobs.Ticket{Upload: u, ID: blobs.NewID()}
	if _, err := b.saveUpload(ctx, t.ID, &uploading{Upload: u}, absent); err != nil || !u.Direct {
		return t, err
	}
	t.Method, t.Header = http.MethodPut, http.Header{"Content-Type": {u.Type}, "If-None-Match": {"*"}}
	signed := t.Header.Clone()
	signed.Set("Content-Length", strconv.FormatInt(u.Size, 10))
	left := u.Expires.Sub(b.now()).Truncate(time.Second)
	at, err := b.conn.client.PresignHeader(ctx, t.Method, b.conn.place.bucket, b.conn.place.prefix+dataPrefix+t.ID, min(left, blobs.MaxExpiry), nil, signed)
	if err != nil {
		return t, err
	}
	t.URL = at.String()
	return t, nil
}

// Pending describes an upload.
func (b *Blobs) Pending(ctx context.Context, id string) (blobs.Pending, error) {
	ctx, end, err := b.begin(ctx, blobs.CheckID(id))
	if err != nil {
		return blobs.Pending{}, err
	}
	defer end()
	u, _, err := b.upload(ctx, id)
	if err == nil && u.Put {
		err = blobs.ErrNotFound
	}
	if err != nil {
		return blobs.Pending{}, blobFault(ctx, "pending", err)
	}
	p := blobs.Pending{Upload: u.Upload, Received: u.Received, Done: u.Done != nil}
	if p.Done {
		p.Received = u.Size
	}
	return p, nil
}

// Receive adds to an upload.
func (b *Blobs) Receive(ctx context.Context, id string, offset int64, r io.Reader) (int64, error) {
	ctx, end, err := b.begin(ctx, blobs.CheckID(id))
	if err != nil {
		return 0, err
	}
	defer end()
	u, etag, err := b.upload(ctx, id)
	if err != nil {
		return 0, blobFault(ctx, "receive", err)
	}
	switch {
	case u.Put:
		return 0, blobs.ErrNotFound
	case u.Done != nil || u.Object != "" && u.Size > 0:
		return u.Received, blobs.ErrExists
	case !b.now().Before(u.Expires):
		return u.Received, blobs.ErrExpired
	case offset != 0 && offset != u.Received:
		return u.Received, blobs.ErrOffset
	}
	saved := u.Received
	save := func(ctx context.Context) error {
		next, err := b.saveUpload(ctx, id, u, etag)
		if errors.Is(err, errConflict) {
			return blobs.ErrBusy
		}
		if err == nil {
			etag, saved = next, u.Received
		}
		return err
	}
	if err = b.conn.ready(ctx); err == nil && offset == 0 && u.Received > 0 {
		if err = b.abort(ctx, id, u); err == nil {
			*u = uploading{Upload: u.Upload}
			err = save(ctx)
		}
	}
	if err == nil {
		err = b.receive(ctx, id, u, r, save)
	}
	return saved, blobFault(ctx, "receive", err)
}
