// Purges over HTTP, signed.

package serve

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
)

const (
	purgeBody   = 64 << 10        // bytes
	purgeWindow = 5 * time.Minute // how far a signature's time may be from ours
	purgeSeen   = 1 << 14         // signatures remembered; more within the window are turned away
)

// SignPurge signs the body of a POST to /_gorgon/purge for the header
// Gorgon-Signature; the timestamp, in Unix seconds, goes into
// Gorgon-Timestamp. A signature is taken once: whoever sends the same purge
// twice within a second gives the two a different "nonce" in their bodies.
func SignPurge(key []byte, timestamp int64, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write(strconv.AppendInt(nil, timestamp, 10))
	mac.Write([]byte{'.'})
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// purgeRequest is the body of a purge. Paths are decoded, without base path
// and locale.
type purgeRequest struct {
	Verb   string   `json:"verb"` // "stale" or "expire"
	Paths  []string `json:"paths"`
	Tags   []string `json:"tags"`
	Routes []string `json:"routes"`
	All    bool     `json:"all"`
	Nonce  string   `json:"nonce"` // anything; makes two equal purges differ
}

// read is the verb and the subjects that a body names.
func (q *purgeRequest) read(body []byte) (verb pages.Verb, subjects []string, err error) {
	if err := json.Unmarshal(body, q); err != nil {
		return 0, nil, invalid("the body is not the JSON of a purge", err)
	}
	switch q.Verb {
	case pages.Stale.String():
		verb = pages.Stale
	case pages.Expire.String():
		verb = pages.Expire
	default:
		return 0, nil, invalid(`the verb is neither "stale" nor "expire"`, nil)
	}
	for _, part := range []struct {
		names   []string
		subject func(string) string
	}{{q.Paths, pages.PathSubject}, {q.Tags, pages.TagSubject}, {q.Routes, pages.RouteSubject}} {
		for _, name := range part.names {
			subjects = append(subjects, part.subject(name))
		}
	}
	if q.All {
		subjects = append(subjects, pages.All)
	}
	return verb, subjects, nil
}

func invalid(message string, err error) error {
	return &gorgon.Error{Op: "purge", Kind: gorgon.Invalid, Message: message, Err: err}
}

// purges knows the key, and which signatures were used.
type purges struct {
	key []byte

	mu   sync.Mutex
	seen map[[sha256.Size]byte]time.Time // until when
}

func newPurges(key []byte) *purges {
	return &purges{key: append([]byte(nil), key...), seen: map[[sha256.Size]byte]time.Time{}}
}

// purge answers a purge over HTTP, in JSON.
func (h *Handler) purge(w http.ResponseWriter, r *http.Request, m match) {
	if r.Method != http.MethodPost {
		w.Header()["Allow"] = []string{http.MethodPost}
		h.fail(w, r, m, errMethod)
		return
	}
	epoch, err := h.purgeFor(w, r)
	answer := map[string]any{"epoch": epoch}
	status := http.StatusOK
	if err != nil {
		status = gorgon.StatusOf(err)
		level := slog.LevelWarn
		if status >= 500 {
			level = slog.LevelError
		}
		h.report(r, m, level, "a purge over HTTP was refused", err, slog.Int("status", status))
		message := gorgon.FailureOf(err, "", "").Message
		if message == "" {
			message = http.StatusText(status)
		}
		answer = map[string]any{"error": message}
	}
	body, _ := json.Marshal(answer) // a number or a string: it cannot fail
	header := w.Header()
	h.private(header)
	if status == http.StatusServiceUnavailable {
		header["Retry-After"] = []string{retryAfter}
	}
	header["Content-Type"] = valueJSON
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func (h *Handler) purgeFor(w http.ResponseWriter, r *http.Request) (uint64, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, purgeBody))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return 0, &gorgon.Error{Op: "purge", Kind: gorgon.TooLarge, Status: http.StatusRequestEntityTooLarge, Message: "the body has more than 64 KiB", Err: err}
		}
		return 0, invalid("the body cannot be read", err)
	}
	used, err := h.purges.verify(r.Header, body, h.now())
	if err != nil {
		return 0, err
	}
	var q purgeRequest
	verb, subjects, err := q.read(body)
	if err != nil {
		return 0, err
	}
	// A purge that has begun is not taken back because nobody waits for it.
	epoch, err := h.cache.Purge(context.WithoutCancel(r.Context()), verb, subjects...)
	if err != nil {
		h.purges.forget(used) // so that the sender may simply send it again
	}
	return epoch, err
}

// verify says whether a purge is signed, in time, and here for the first
// time, and remembers it. Only what is signed costs memory.
func (p *purges) verify(header http.Header, body []byte, now time.Time) (used [sha256.Size]byte, err error) {
	refuse := func(message string) ([sha256.Size]byte, error) {
		return used, &gorgon.Error{Op: "purge", Kind: gorgon.Forbidden, Message: message}
	}
	// The timestamp is read strictly, so that no two spellings of it share a
	// signature.
	stamp := header.Get("Gorgon-Timestamp")
	timestamp, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || strconv.FormatInt(timestamp, 10) != stamp {
		return refuse("Gorgon-Timestamp is not a time in Unix seconds")
	}
	given, err := hex.DecodeString(header.Get("Gorgon-Signature"))
	want, _ := hex.DecodeString(SignPurge(p.key, timestamp, body))
	if err != nil || !hmac.Equal(given, want) {
		return refuse("the signature is not valid")
	}
	at := time.Unix(timestamp, 0)
	if timestamp < 0 || timestamp > 1<<40 || now.Sub(at) > purgeWindow || at.Sub(now) > purgeWindow {
		return refuse("the signature's time is too far from now")
	}
	used = [sha256.Size]byte(want)
	p.mu.Lock()
	defer p.mu.Unlock()
	if until, ok := p.seen[used]; ok && !now.After(until) {
		return used, &gorgon.Error{Op: "purge", Kind: gorgon.Invalid, Status: http.StatusConflict, Message: "this signature was used before"}
	}
	if len(p.seen) >= purgeSeen {
		for s, until := range p.seen {
			if now.After(until) {
				delete(p.seen, s)
			}
		}
	}
	if len(p.seen) >= purgeSeen {
		return used, &gorgon.Error{Op: "purge", Kind: gorgon.Unavailable, Message: "too many purges: name more in one"}
	}
	p.seen[used] = at.Add(purgeWindow)
	return used, nil
}

func (p *purges) forget(used [sha256.Size]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.seen, used)
}
