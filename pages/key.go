// Names: of entries, and of what a purge can be about.

package pages

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// A Key is the identity of an entry.
type Key struct {
	Route  string `json:"route"` // the pattern, as declared
	Path   string `json:"path"`  // decoded, without base path and locale
	Locale string `json:"locale,omitempty"`
}

// ID is a name for the key that any technology can hold: 64 lower-case
// hexadecimal digits. It is part of every store's layout and never changes.
func (k Key) ID() string {
	sum := k.Digest()
	return hex.EncodeToString(sum[:])
}

// Digest is [Key.ID] as bytes.
func (k Key) Digest() [sha256.Size]byte {
	var b []byte
	for _, s := range [...]string{k.Route, k.Path, k.Locale} {
		b = strconv.AppendInt(b, int64(len(s)), 10)
		b = append(b, ':')
		b = append(b, s...)
	}
	return sha256.Sum256(b)
}

func (k Key) String() string {
	if k.Locale == "" {
		return k.Path
	}
	return k.Path + " (" + k.Locale + ")"
}

// All is the subject of a purge of everything.
const All = "all"

// PathSubject is a path, in every locale.
func PathSubject(path string) string { return "path:" + path }

// TagSubject is a tag.
func TagSubject(tag string) string { return "tag:" + tag }

// RouteSubject is every page of one pattern.
func RouteSubject(route string) string { return "route:" + route }

// CheckSubject says whether a subject is of one of the four forms.
func CheckSubject(subject string) bool {
	kind, name, ok := strings.Cut(subject, ":")
	if !ok {
		return subject == All
	}
	return name != "" && (kind == "path" || kind == "tag" || kind == "route")
}

// Subjects lists everything whose purge concerns an entry.
func Subjects(key Key, tags []string) []string {
	subjects := make([]string, 0, 3+len(tags))
	subjects = append(subjects, All, RouteSubject(key.Route), PathSubject(key.Path))
	for _, tag := range tags {
		subjects = append(subjects, TagSubject(tag))
	}
	return subjects
}
