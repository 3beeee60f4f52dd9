// Names of objects of blobs, and listing them.

package s3

import (
	"context"
	"encoding/base32"
	"errors"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/gorgon-go/gorgon/blobs"
)

const (
	keyPrefix    = "keys/"
	keySuffix    = ".blob" // sorts before a slash and before letters
	dataPrefix   = "data/"
	uploadPrefix = "uploads/"
	uploadSuffix = ".json"
	tailSuffix   = ".tail"

	// nameSplit keeps each part of a name shorter than the names of files,
	// which some services make of them.
	nameSplit = 200
)

// ordered writes bytes such that texts have the order of the bytes.
var ordered = base32.HexEncoding.WithPadding(base32.NoPadding)

// split puts a slash after every 200 letters that others follow.
func split(text string) string {
	var b strings.Builder
	for len(text) > nameSplit {
		b.WriteString(text[:nameSplit] + "/")
		text = text[nameSplit:]
	}
	b.WriteString(text)
	return b.String()
}

func keyName(key string) string {
	return keyPrefix + split(ordered.EncodeToString([]byte(key))) + keySuffix
}

// keyPrefixName is how the names begin of all keys that begin with a prefix.
// Other names may begin so too, as letters hold five bits.
func keyPrefixName(prefix string) string {
	return keyPrefix + split(ordered.EncodeToString([]byte(prefix))[:len(prefix)*8/5])
}

func keyOf(name string) (key string, ok bool) {
	name, ok = strings.CutSuffix(strings.TrimPrefix(name, keyPrefix), keySuffix)
	if !ok {
		return "", false
	}
	data, err := ordered.DecodeString(strings.ReplaceAll(name, "/", ""))
	return string(data), err == nil
}

func uploadName(id string) string { return uploadPrefix + id + uploadSuffix }
func tailName(id string) string   { return uploadPrefix + id + tailSuffix }

// attempt is a name for the bytes of an upload that no other sender uses. Those
// that go straight to the service have the name of the upload.
func attempt(id string) string { return id + "." + newNonce() }

// listReads is how many keys of a list are read at once.
const listReads = 16

// List lists blobs in the order of their keys.
func (b *Blobs) List(ctx context.Context, q blobs.Query) ([]blobs.Info, error) {
	err := q.Check()
	ctx, end, err := b.begin(ctx, err)
	if err != nil {
		return nil, err
	}
	defer end()
	list, err := b.list(ctx, q)
	return list, blobFault(ctx, "list", err)
}

func (b *Blobs) list(ctx context.Context, q blobs.Query) ([]blobs.Info, error) {
	for {
		keys, err := b.keys(ctx, q)
		if err != nil {
			return nil, err
		}
		found := make([]*keyed, len(keys))
		group, reading := errgroup.WithContext(ctx)
		group.SetLimit(listReads)
		for i, key := range keys {
			group.Go(func() error {
				k, _, err := b.key(reading, key)
				if errors.Is(err, blobs.ErrNotFound) {
					return nil // deleted since
				}
				found[i] = k
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return nil, err
		}
		var list []blobs.Info
		for _, k := range found {
			if k != nil {
				list = append(list, k.Info)
			}
		}
		if len(list) > 0 || len(keys) == 0 {
			return list, nil
		}
		q.After = keys[len(keys)-1] // all of them were deleted since
	}
}

// keys lists keys alone.
func (b *Blobs) keys(ctx context.Context, q blobs.Query) (keys []string, err error) {
	after := ""
	if q.After != "" {
		after = keyName(q.After)
	}
	err = b.conn.listAfter(ctx, keyPrefixName(q.Prefix), after, q.Limit, func(i item) bool {
		key, ok := keyOf(i.name)
		if ok && strings.HasPrefix(key, q.Prefix) && key > q.After {
			keys = append(keys, key)
		}
		return len(keys) < q.Limit
	})
	return keys, err
}
