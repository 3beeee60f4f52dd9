// Calls that have their effect once, also if they are sent several times.

package api

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/once"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/shape"
	"github.com/gorgon-go/gorgon/wire"
)

const (
	keptKey     = 24 * time.Hour   // how long a key is remembered
	keptForm    = 10 * time.Second // within which a form that is submitted twice is one
	maxKey      = 64               // characters
	minKey      = 16               // of callers that are not known, who share their keys
	codeKey     = "idempotency-key"
	againInWait = time.Second
)

// checkOnce checks the declaration of a ledger.
func (o *Operation) checkOnce() {
	if o.once == nil {
		return
	}
	if o.Method == http.MethodGet || o.Method == http.MethodHead {
		o.fault("Once: a %s changes nothing and may be repeated: leave Once out", o.Method)
	}
	if v, ok := o.once.(interface{ Validate() error }); ok {
		if err := v.Validate(); err != nil {
			o.fault("Once: %w", err)
		}
	}
	if o.In != nil {
		o.secret = secretIn(o.In.Node(), map[*shape.Node]bool{})
	}
}

// secretIn says whether a type has a field that is secret.
func secretIn(n *shape.Node, seen map[*shape.Node]bool) bool {
	if n == nil || seen[n] {
		return false
	}
	seen[n] = true
	return secretIn(n.Elem, seen) || slices.ContainsFunc(n.Fields, func(f *shape.Field) bool { return f.Secret || secretIn(f.Node, seen) })
}

// calledOnce answers a request as called does, from the ledger if it was
// answered before.
func (o *Operation) calledOnce(ctx context.Context, w http.ResponseWriter, r *http.Request, call once.Call, in any, t *typed) {
	kept, replayed, err := o.once.Do(ctx, call, func(ctx context.Context) ([]byte, error) {
		out, then, err := o.call(ctx, in)
		if err != nil {
			return nil, err
		}
		if o.redirects {
			if _, err := serve.Location(r, then); err != nil {
				return nil, fmt.Errorf("%s: Then: %w", o.Name, err)
			}
		}
		body, err := o.body(out)
		return outcome{o.redirects, then, body}.pack(), err
	})
	if err != nil {
		o.refuse(w, r, t, o.onceError(late(ctx, err), wantsPage(r, o.Method)))
		return
	}
	given, err := unpack(kept)
	if err != nil {
		serve.Fail(w, r, fmt.Errorf("%s: %w", o.Name, err))
		return
	}
	if replayed {
		w.Header().Set(wire.HeaderReplayed, "true")
	}
	o.respond(w, r, given, t)
}

// onceError is what a caller receives for an error of a ledger.
func (o *Operation) onceError(err error, page bool) error {
	switch {
	case errors.Is(err, once.ErrRunning):
		return &gorgon.Error{Op: "call", Path: o.Name, Kind: gorgon.KindConflict, RetryAfter: againInWait, Err: err,
			Message: "The same call is still running. Send it again to receive its answer."}
	case errors.Is(err, once.ErrOther):
		detail := "this key was used before, with another input"
		if page {
			detail = "This was received before, with other content. To send it as it is now, send it again."
		}
		return &gorgon.Error{Op: "call", Path: o.Name, Kind: gorgon.KindUnprocessable, Fields: []gorgon.Field{{Detail: detail, Code: codeKey}}}
	}
	return err
}

// onceOf is how a request is found in the ledger; false if it is not to be.
func (o *Operation) onceOf(r *http.Request, in any, t *typed) (call once.Call, counts bool, err error) {
	if o.once == nil {
		return call, false, nil
	}
	caller := serve.CallerOf(r.Context())
	key, err := keyOf(r, caller)
	if err != nil {
		return call, false, err
	}
	call.Wait = wantsPage(r, o.Method)
	if key == "" && (caller == "" || t == nil || !call.Wait || o.secret) {
		return call, false, nil
	}
	if call.Input, err = o.digest(key, in, t); err != nil {
		return call, false, fmt.Errorf("%s: digest the input: %w", o.Name, err)
	}
	of := func(kind string, what []byte) {
		call.ID = once.Digest("", []byte(kind), []byte(caller), []byte(o.Name), what)
	}
	if key != "" {
		call.Keep = keptKey
		of("key", []byte(key))
	} else {
		call.Keep = keptForm
		of("form", call.Input[:])
	}
	return call, true, nil
}

// keyOf is the key of a request; "" for none.
func keyOf(r *http.Request, caller string) (string, error) {
	given := r.Header.Values(wire.HeaderKey)
	if len(given) == 0 {
		return "", nil
	}
	key := given[0]
	visible := len(given) == 1 && key != "" && len(key) <= maxKey
	for i := range len(key) {
		visible = visible && key[i] > ' ' && key[i] < 0x7f
	}
	switch {
	case !visible:
		return "", &gorgon.Error{Kind: gorgon.KindInvalid, Message: fmt.Sprintf("Send one %s of 1 to %d visible ASCII characters.", wire.HeaderKey, maxKey)}
	case caller == "" && len(key) < minKey:
		return "", &gorgon.Error{Kind: gorgon.KindInvalid, Message: fmt.Sprintf("Send a random %s of at least %d characters.", wire.HeaderKey, minKey)}
	}
	return key, nil
}

// digest is the digest of an input as it was understood, so that a form and
// JSON that say the same are alike. A form with files has those of the form.
func (o *Operation) digest(key string, in any, t *typed) (sum [sha256.Size]byte, err error) {
	var all [][]byte
	add := func(texts ...string) {
		for _, text := range texts {
			all = append(all, []byte(text))
		}
	}
	err = o.In.EachParameter(in, func(kind, name string, values []string) {
		add(kind, name, strconv.Itoa(len(values)))
		add(values...)
	})
	if err != nil {
		return sum, err
	}
	if t != nil && len(t.form.Files) > 0 {
		err = digestForm(t.form, add)
	} else if o.In.Body() {
		var body []byte
		body, err = o.In.Append(nil, in)
		all = append(all, []byte("body"), body)
	}
	return once.Digest(key, all...), err
}

// digestForm adds what a form with files says, by their content.
func digestForm(form shape.Form, add func(...string)) error {
	for _, name := range slices.Sorted(maps.Keys(form.Values)) {
		if name != pageField {
			add("form", name, strconv.Itoa(len(form.Values[name])))
			add(form.Values[name]...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(form.Files)) {
		for _, file := range form.Files[name] {
			sum, err := digestFile(file)
			if err != nil {
				return err
			}
			add("file", name, file.Name, file.ContentType, string(sum[:]))
		}
	}
	return nil
}

func digestFile(file *File) (sum [sha256.Size]byte, err error) {
	from, err := file.Open()
	if err != nil {
		return sum, err
	}
	defer from.Close()
	h := sha256.New()
	_, err = io.Copy(h, from)
	h.Sum(sum[:0])
	return sum, err
}

// An outcome is what is answered: whether and where it leads, and the output as
// JSON; nil for none.
type outcome struct {
	located bool
	then    string
	body    []byte
}

// The first byte of a stored outcome. Programs of other versions read it, too.
const (
	storedPlain   = 1
	storedLocated = 2
)

var errStored = errors.New("the stored answer is not of a form that this program knows: a newer one has written it")

// pack is the outcome as it is stored: what it is, the length of then, then, and
// the body.
func (a outcome) pack() []byte {
	kind := byte(storedPlain)
	if a.located {
		kind = storedLocated
	}
	to := binary.AppendUvarint([]byte{kind}, uint64(len(a.then)))
	return append(append(to, a.then...), a.body...)
}

func unpack(stored []byte) (a outcome, err error) {
	if len(stored) < 2 || stored[0] != storedPlain && stored[0] != storedLocated {
		return a, errStored
	}
	n, read := binary.Uvarint(stored[1:])
	rest := stored[1+max(read, 0):]
	if read <= 0 || n > uint64(len(rest)) {
		return a, errStored
	}
	a = outcome{stored[0] == storedLocated, string(rest[:n]), rest[n:]}
	if len(a.body) == 0 {
		a.body = nil
	}
	return a, nil
}
