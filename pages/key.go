// Names: of entries, and of the subjects of a purge.

package pages

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/gorgon-go/gorgon/wire"
)

// A Key is the identity of an entry.
type Key struct {
	Route  string `json:"route"` // the pattern, as declared
	Path   string `json:"path"`  // decoded, without base path and locale
	Locale string `json:"locale,omitempty"`
}

// ID returns a name for the key that any technology can store: 64 lower-case
// hexadecimal digits. It is part of every store's layout and never changes.
func (k Key) ID() string {
	sum := k.Digest()
	return hex.EncodeToString(sum[:])
}

// Digest returns [Key.ID] as bytes.
func (k Key) Digest() [sha256.Size]byte {
	var b []byte
	for _, s := range [...]string{k.Route, k.Path, k.Locale} {
		b = strconv.AppendInt(b, int64(len(s)), 10)
		b = append(b, ':')
		b = append(b, s...)
	}
	return sha256.Sum256(b)
}

// String returns the name of the entry for logs and errors. The path of a
// fragment contains its props, and that of a value its key, which may be
// private to a visitor: a digest replaces them.
func (k Key) String() string {
	path := k.Path
	for word, prefix := range map[string]string{"fragment": wire.Fragment, "cache": wire.Cache} {
		rest, ok := strings.CutPrefix(path, prefix)
		if name, private, cut := strings.Cut(rest, "/"); ok && cut {
			sum := sha256.Sum256([]byte(private))
			path = word + " " + name + " #" + hex.EncodeToString(sum[:4])
		}
	}
	if k.Locale == "" {
		return path
	}
	return path + " (" + k.Locale + ")"
}

// onceRoute belongs to no page: paths below /_gorgon/ are reserved for the
// framework.
const onceRoute = wire.Purge

// OnceKey returns the key of a lease that says that something was done, and
// must not be done again before the lease expires. The lease outlives its
// holder: a store that removes the leases of dead processes keeps this one.
func OnceKey(nonce string) Key { return Key{Route: onceRoute, Path: nonce} }

// IsOnce says whether the key was made by [OnceKey].
func (k Key) IsOnce() bool { return k.Route == onceRoute }

// All is the subject of a purge of everything.
const All = "all"

// PathSubject is a path, in every locale.
func PathSubject(path string) string { return "path:" + path }

// TagSubject is a tag.
func TagSubject(tag string) string { return "tag:" + tag }

// RouteSubject is every page of one pattern.
func RouteSubject(route string) string { return "route:" + route }

// CheckSubject says whether a subject has one of the four forms.
func CheckSubject(subject string) bool {
	kind, name, ok := strings.Cut(subject, ":")
	if !ok {
		return subject == All
	}
	return name != "" && (kind == "path" || kind == "tag" || kind == "route")
}

// Subjects lists every subject whose purge affects an entry.
func Subjects(key Key, tags []string) []string {
	subjects := make([]string, 0, 3+len(tags))
	subjects = append(subjects, All, RouteSubject(key.Route), PathSubject(key.Path))
	for _, tag := range tags {
		subjects = append(subjects, TagSubject(tag))
	}
	return subjects
}
