// Purges, and what a caller reads of one that failed.

package cache

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/pages"
)

// Purge declares subjects out of date and returns the purge's epoch. After it
// has returned, no instance that can reach the store serves an older version
// as fresh. If the store cannot record the purge, it holds for this instance
// only, and the error says so.
func (c *Cache) Purge(ctx context.Context, verb pages.Verb, subjects ...string) (uint64, error) {
	if err := checkPurge(verb, subjects); err != nil {
		return 0, err
	}
	epoch, err := c.coherence.Purge(ctx, verb, subjects...)
	return epoch, purgeError(err)
}

// PurgeOnce is [Cache.Purge] for a purge that could be sent again: a
// nonce that was used within the window is refused with 409, by every instance
// that shares the store, also after a restart. A purge that failed can be sent
// again with the same nonce.
//
// Where the store cannot be asked about the nonce, the purge holds for this
// instance alone, once, and the error says so: 503. Without a store the
// process remembers the nonces by itself.
func (c *Cache) PurgeOnce(ctx context.Context, nonce string, window time.Duration, verb pages.Verb, subjects ...string) (uint64, error) {
	if err := checkPurge(verb, subjects); err != nil {
		return 0, err
	}
	epoch, err := c.coherence.PurgeOnce(ctx, coherence.Nonce{Text: nonce, Window: window}, verb, subjects...)
	return epoch, purgeError(err)
}

// checkPurge says what cannot be purged.
func checkPurge(verb pages.Verb, subjects []string) error {
	if verb != pages.Stale && verb != pages.Expire {
		return &gorgon.Error{Op: "purge", Kind: gorgon.KindInvalid, Message: "the verb is neither stale nor expire"}
	}
	if len(subjects) == 0 {
		return &gorgon.Error{Op: "purge", Kind: gorgon.KindInvalid, Message: "the purge names no subject", Hint: "name a path, a tag, a route, or all"}
	}
	for _, s := range subjects {
		if !pages.CheckSubject(s) {
			return &gorgon.Error{Op: "purge", Kind: gorgon.KindInvalid, Message: fmt.Sprintf("%q is not a path, tag or route", s), Hint: "write path:/…, tag:…, route:/… or all"}
		}
	}
	return nil
}

// purgeError is what a caller reads of a purge that failed.
func purgeError(err error) error {
	failed, ok := errors.AsType[*coherence.PurgeError](err)
	if !ok {
		switch {
		case errors.Is(err, coherence.ErrUsed):
			return &gorgon.Error{Op: "purge", Kind: gorgon.KindInvalid, Status: http.StatusConflict, Message: "this nonce was used before: sign each purge with a new one"}
		case errors.Is(err, coherence.ErrMany):
			return &gorgon.Error{Op: "purge", Kind: gorgon.KindUnavailable, Message: "too many purges: name more in one"}
		}
		return err
	}
	e := &gorgon.Error{Op: "purge", Kind: gorgon.KindUnavailable, Err: failed.Err, Hint: "purge again when the store answers"}
	switch failed.Reach {
	case coherence.Here:
		e.Message = "the store did not record the purge; it holds for this instance only"
	case coherence.Unasked:
		e.Message = "the store could not check whether this purge was sent before; it holds for this instance only"
	case coherence.Made:
		e.Message, e.Hint = "the purge is recorded, but some instances may not know it yet", "wait for "+pages.Trust.String()
	case coherence.Unsent:
		e.Message, e.Hint = "the CDN was not purged", "purge again"
	}
	return e
}
