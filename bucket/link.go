// The URLs of files.

package bucket

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/viewctx"
)

// root is the path of the bucket in the app of a context, with the prefixes of
// the groups around it.
func (b *Bucket) root(ctx context.Context) string {
	if find := viewctx.SiteOf(ctx).Find; find != nil {
		if named, ok := find(b.partName()); ok {
			return strings.TrimSuffix(named.Path, "/{key...}")
		}
	}
	return b.o.Path
}

// URL is where a file of a public bucket is, as the value of an href or src. The
// context is that of a view, a loader or a request.
func (b *Bucket) URL(ctx context.Context, key string) string {
	return gorgon.FileURL(ctx, b.root(ctx)+"/"+key)
}

// Link is where a file can be read for a time, by all who know the link.
func (b *Bucket) Link(ctx context.Context, key string, ttl time.Duration) (string, error) {
	if err := blobs.CheckKey(key); err != nil {
		return "", err
	}
	if ttl <= 0 {
		return "", &gorgon.Error{Op: "link to a file", Path: b.o.Name, Err: errors.New("the time of the link is not above zero")}
	}
	until := binary.AppendVarint(nil, time.Now().Add(ttl).Unix())
	return b.URL(ctx, key) + "?link=" + b.key.Seal(until, "link", key), nil
}

// linked says whether a link leads to a file, and is valid.
func (b *Bucket) linked(link, key string) bool {
	text, err := b.key.Open(link, "link", key)
	if err != nil {
		return false
	}
	until, n := binary.Varint(text)
	return n == len(text) && time.Now().Unix() < until
}
