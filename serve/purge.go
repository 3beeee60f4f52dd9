// Purges over HTTP, signed.

package serve

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/wire"
)

const (
	purgeBody   = 64 << 10        // bytes
	purgeWindow = 5 * time.Minute // how far a signature's time may be from ours
	nonceWindow = 3 * purgeWindow // how long a nonce is remembered: longer than any clock accepts its signature

	leastNonce, mostNonce = 16, 128 // letters
)

// SignPurge signs a POST to /_gorgon/purge of an app, by setting its headers
// Gorgon-Timestamp, Gorgon-Nonce and Gorgon-Signature. It is for one request:
// a signature is accepted once, within five minutes, by one instance of all
// that share a store.
//
// The signature is the HMAC-SHA256, in hexadecimal, of five lines that end
// with a line feed, except for the last one: "gorgon-purge", the name of the
// app, the time in Unix seconds, the nonce (16 to 128 letters, digits, - and
// _), and the body.
func SignPurge(header http.Header, key []byte, app string, body []byte) {
	signPurge(header, key, app, time.Now(), rand.Text(), body)
}

func signPurge(header http.Header, key []byte, app string, at time.Time, nonce string, body []byte) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	header.Set(wire.HeaderTimestamp, stamp)
	header.Set(wire.HeaderNonce, nonce)
	header.Set(wire.HeaderSignature, hex.EncodeToString(purgeMAC(key, app, stamp, nonce, body)))
}

func purgeMAC(key []byte, app, stamp, nonce string, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("gorgon-purge\n" + app + "\n" + stamp + "\n" + nonce + "\n")) // none of them has a line feed
	mac.Write(body)
	return mac.Sum(nil)
}

// purgeRequest is the body of a purge. Paths are decoded, without base path
// and locale.
type purgeRequest struct {
	Verb   string   `json:"verb"` // "stale" or "expire"
	Paths  []string `json:"paths"`
	Tags   []string `json:"tags"`
	Routes []string `json:"routes"`
	All    bool     `json:"all"`
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
	return &gorgon.Error{Op: "purge", Kind: gorgon.KindInvalid, Message: message, Err: err}
}

// purges takes signed purges.
type purges struct {
	key     []byte
	app     string
	cache   *cache.Cache
	answers *responder
	now     func() time.Time
}

// answer answers a purge over HTTP, in JSON.
func (p *purges) answer(w http.ResponseWriter, r *http.Request, m match) {
	if r.Method != http.MethodPost {
		w.Header()["Allow"] = []string{http.MethodPost}
		p.answers.fail(w, r, m, errMethod)
		return
	}
	epoch, err := p.purge(w, r)
	said := map[string]any{"epoch": epoch}
	status := http.StatusOK
	if err != nil {
		status = failure.Status(err)
		level := slog.LevelWarn
		switch {
		case status >= 500:
			level = slog.LevelError
		case gone(r, err), errors.Is(err, errUnsigned):
			level = slog.LevelDebug // any client can send that
		}
		p.answers.reports.report(r, m, level, "a purge over HTTP was refused", err, slog.Int("status", status))
		message := failure.Of(err, "", "").Message
		if message == "" {
			message = http.StatusText(status)
		}
		said = map[string]any{"error": message}
	}
	body, _ := json.Marshal(said) // a number or a string: it cannot fail
	header := http.Header{"Content-Type": valueJSON}
	if status == http.StatusServiceUnavailable {
		header["Retry-After"] = []string{retryAfter}
	}
	p.answers.out.Bare(w, r, answer.Plain{Status: status, Facts: answer.Personal, Header: header, Body: body})
}

func (p *purges) purge(w http.ResponseWriter, r *http.Request) (uint64, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, purgeBody))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return 0, &gorgon.Error{Op: "purge", Kind: gorgon.KindTooLarge, Status: http.StatusRequestEntityTooLarge, Message: "the body has more than 64 KiB", Err: err}
		}
		return 0, invalid("the body cannot be read", err)
	}
	nonce, err := p.verify(r.Header, body, p.now())
	if err != nil {
		return 0, err
	}
	var q purgeRequest
	verb, subjects, err := q.read(body)
	if err != nil {
		return 0, err
	}
	// A purge that has begun is not taken back when its client goes away.
	return p.cache.PurgeOnce(context.WithoutCancel(r.Context()), nonce, nonceWindow, verb, subjects...)
}

// errUnsigned is within every refusal of what no holder of the key has sent.
var errUnsigned = errors.New("the request is not signed")

// verify says whether a purge is signed and in time, and returns its nonce.
func (p *purges) verify(header http.Header, body []byte, now time.Time) (nonce string, err error) {
	refuse := func(kind gorgon.Kind, message string) (string, error) {
		return "", &gorgon.Error{Op: "purge", Kind: kind, Message: message, Err: errUnsigned}
	}
	// The timestamp is read strictly, so that no two spellings of it share a
	// signature.
	stamp := header.Get(wire.HeaderTimestamp)
	timestamp, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || strconv.FormatInt(timestamp, 10) != stamp {
		return refuse(gorgon.KindInvalid, wire.HeaderTimestamp+" is not a time in Unix seconds")
	}
	nonce = header.Get(wire.HeaderNonce)
	if nonce == "" {
		return refuse(gorgon.KindInvalid, "there is no "+wire.HeaderNonce+": what is signed has the app's name, the time and a nonce: sign as serve.SignPurge does")
	}
	if len(nonce) < leastNonce || len(nonce) > mostNonce || strings.ContainsFunc(nonce, isNoNonce) {
		return refuse(gorgon.KindInvalid, wire.HeaderNonce+" has to have 16 to 128 letters, digits, - and _")
	}
	given, err := hex.DecodeString(header.Get(wire.HeaderSignature))
	if err != nil || !hmac.Equal(given, purgeMAC(p.key, p.app, stamp, nonce, body)) {
		return refuse(gorgon.KindForbidden, "the signature is not valid for this app, time, nonce and body")
	}
	at := time.Unix(timestamp, 0)
	if timestamp < 0 || timestamp > 1<<40 || now.Sub(at) > purgeWindow || at.Sub(now) > purgeWindow {
		return "", &gorgon.Error{Op: "purge", Kind: gorgon.KindForbidden, Message: "the signature's time is too far from now"}
	}
	return nonce, nil
}

func isNoNonce(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
}
