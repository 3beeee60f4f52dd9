// Names of objects.

package s3

import (
	"encoding/base64"
	"strings"

	"github.com/gorgon-go/gorgon/pages"
)

const (
	pagesPrefix = "pages/"
	statePrefix = "state/"
	headName    = statePrefix + "head"
	sweepName   = statePrefix + "sweep"
	basePrefix  = statePrefix + "base/"
	leasePrefix = statePrefix + "leases/"
	usesPrefix  = statePrefix + "uses/"
	proofPrefix = statePrefix + "proof/"
)

const (
	// segment is the maximum length of a part between slashes: services that
	// keep objects as files allow 255 bytes.
	segment = 200

	// maxEncoded is the maximum length of an encoded key in a name.
	maxEncoded = 760

	short, long = ".page", ".long" // only the last part of a name has a dot
)

// pageName returns the name of a key's record. The ID's first letters come
// first because services distribute load by the beginning of names.
func pageName(key pages.Key) string {
	id := key.ID()
	var w writer
	w.string(key.Route)
	w.string(key.Locale)
	w.b = append(w.b, key.Path...)
	encoded := base64.RawURLEncoding.EncodeToString(w.b)
	if len(encoded) > maxEncoded {
		return pagesPrefix + id[:2] + "/" + id + long
	}
	var name strings.Builder
	name.WriteString(pagesPrefix + id[:2])
	for len(encoded) > 0 {
		n := min(segment, len(encoded))
		name.WriteString("/" + encoded[:n])
		encoded = encoded[n:]
	}
	name.WriteString(short)
	return name.String()
}

// pageKey decodes the key in a name; !ok if the name does not contain it.
func pageKey(name string) (key pages.Key, ok bool) {
	name, ok = strings.CutPrefix(name, pagesPrefix)
	encoded, isShort := strings.CutSuffix(name, short)
	if !ok || !isShort || len(encoded) < 3 {
		return key, false
	}
	b, err := base64.RawURLEncoding.DecodeString(strings.ReplaceAll(encoded[3:], "/", ""))
	if err != nil {
		return key, false
	}
	r := reader{b: b}
	key.Route, key.Locale = r.string(), r.string()
	key.Path = string(r.b)
	return key, !r.bad
}

func leaseName(key pages.Key) string { return leasePrefix + key.ID() }
