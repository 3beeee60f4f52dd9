// The caches of an app, as its code finds them in a context.

package viewctx

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/gorgon-go/gorgon/wire"
)

// A Cache keeps the values of one of the app's caches. Paths are those of
// [CachePath], and keys are of the type that the cache was declared with.
type Cache interface {
	// Found returns a value that is in memory and fresh. If it returns false,
	// call Get.
	Found(ctx context.Context, path string) (value any, ok bool)

	// Get returns a value, and loads it if there is none that may be returned.
	Get(ctx context.Context, path string, key any) (any, error)

	// Put makes a value and keeps it in place of the one there is.
	Put(ctx context.Context, path string, key any, make func(context.Context) (any, error)) (any, error)

	// Forget has the value loaded again before it is returned the next time, by
	// every instance.
	Forget(ctx context.Context, path string) error

	// Paths is what the cache's definition made to find paths by keys.
	Paths() any
}

// Caches are those of an app by their names.
type Caches map[string]Cache

// maxKey is how many bytes of a key are in a path; a digest stands for a longer
// one.
const maxKey = 512

// CachePath is the decoded path that stands for a value of a cache in keys and
// purges. The key is JSON.
func CachePath(name string, key []byte) string {
	if len(key) <= maxKey {
		return wire.Cache + name + "/" + string(key)
	}
	sum := sha256.Sum256(key)
	return wire.Cache + name + "/#" + base64.RawURLEncoding.EncodeToString(sum[:]) // no JSON begins like this
}

// SplitCachePath is the reverse of [CachePath], but for the digest.
func SplitCachePath(path string) (name, key string, ok bool) {
	rest, ok := strings.CutPrefix(path, wire.Cache)
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "/")
}

// CacheTag is the tag of every value of a cache and of what was made of one.
func CacheTag(name string) string { return "cache:" + name }

// CacheKeyTag is the tag of what was made of one value of a cache.
func CacheKeyTag(name, path string) string {
	sum := sha256.Sum256([]byte(path))
	return CacheTag(name) + ":" + hex.EncodeToString(sum[:8])
}
