// Uploads, and digests.

package blobs

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"
)

// An Upload is what a ticket binds. Key and Expires are required.
type Upload struct {
	Key     string    `json:"key"`
	Size    int64     `json:"size"`             // exactly so many bytes
	Type    string    `json:"type"`             // default: "application/octet-stream"
	SHA256  Digest    `json:"sha256,omitzero"`  // what Complete compares. Default: not announced
	Expires time.Time `json:"expires"`          // when no more bytes are taken; at most 7 days ahead
	IfNew   bool      `json:"ifNew,omitempty"`  // never replace a blob. Default: false
	Direct  bool      `json:"direct,omitempty"` // the bytes come in one request straight to the store, if it takes them. Default: through Receive
}

// A Ticket is an upload that was begun.
type Ticket struct {
	Upload
	ID string // finds the upload; not to be guessed

	// What the browser sends, if the store takes bytes itself: a request with
	// this method and exactly these headers, and Content-Length, which it sets
	// by itself. URL is "" if the bytes go through [Uploads.Receive].
	Method string
	URL    string
	Header http.Header
}

// Pending is the state of an upload.
type Pending struct {
	Upload
	Received int64 // bytes that Receive has; not known of those that went straight to the store
	Done     bool  // it was completed
}

// Grace is how long after its ticket has expired an upload can be completed at
// least, before Sweep removes it.
const Grace = time.Hour

const idLength = 26

// NewID returns the ID of a new upload.
func NewID() string { return rand.Text() }

// A Digest is a SHA-256.
type Digest [sha256.Size]byte

func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// IsZero says whether there is no digest.
func (d Digest) IsZero() bool { return d == Digest{} }

// MarshalText writes a digest in lower-case hexadecimal digits.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Digest) UnmarshalText(text []byte) error {
	var read Digest
	if n, err := hex.Decode(read[:], text[:min(len(text), 2*len(read))]); err != nil || n != len(read) || len(text) != 2*len(read) {
		return invalid("a SHA-256 has 64 hexadecimal digits")
	}
	*d = read
	return nil
}

// NewInfo describes a blob that is put at a time.
func NewInfo(key, kind string, size int64, digest Digest, now time.Time) Info {
	tag := sha256.Sum256(append(digest[:], kind...))
	return Info{
		Key: key, Size: size, Type: kind, SHA256: digest, ETag: hex.EncodeToString(tag[:16]),
		Modified: now.UTC().Truncate(time.Second),
	}
}
