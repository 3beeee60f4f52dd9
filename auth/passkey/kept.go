// Passkeys in the store, and what their users do with them.

package passkey

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/sessions"
)

const kindPasskey = "passkey"

// data is what a record has of a passkey, as JSON.
type data struct {
	About      string              `json:"about"`
	Handle     []byte              `json:"handle"` // what authenticators know the user by
	Credential webauthn.Credential `json:"credential"`
}

// A kept is a passkey of the store.
type kept struct {
	record sessions.Record
	data   data
}

// A Passkey is one of a user's passkeys, for lists.
type Passkey struct {
	Name   string // to rename and remove it by; who knows it cannot use the passkey
	About  string // what the user calls it
	Synced bool   // it is backed up, and so on other devices as well
	Made   time.Time
	Used   time.Time // when it signed in last; zero: never
}

// idOf is where a credential is kept.
func idOf(credential []byte) sessions.ID { return sessions.IDOf(string(credential)) }

// keptOf reads a record.
func keptOf(r sessions.Record) (k kept, err error) {
	k.record = r
	if err := json.Unmarshal(r.Data, &k.data); err != nil {
		return k, fmt.Errorf("passkey: a record cannot be read: %w", err)
	}
	return k, nil
}

// write makes the record say what the data does.
func (k *kept) write() (err error) {
	k.record.Data, err = json.Marshal(k.data)
	return err
}

// of are the passkeys of a user, the oldest first.
func (p Passkeys) of(ctx context.Context, user string) ([]kept, error) {
	records, err := p.Auth.Store().List(dataflow.Apart(ctx), kindPasskey, user)
	if err != nil {
		return nil, unavailable("list passkeys", err)
	}
	all := make([]kept, 0, len(records))
	for _, r := range records {
		k, err := keptOf(r)
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, nil
}

// List lists the passkeys of a user, the oldest first.
func (p Passkeys) List(ctx context.Context, user string) ([]Passkey, error) {
	all, err := p.of(ctx, user)
	if err != nil {
		return nil, err
	}
	list := make([]Passkey, 0, len(all))
	for _, k := range all {
		list = append(list, Passkey{k.record.ID.String(), k.data.About, k.data.Credential.Flags.BackupState, k.record.Made, k.record.Used})
	}
	return list, nil
}

// Rename gives a passkey of a user another name for lists, of 1 to 200 bytes. It
// does nothing if the user has no such passkey.
func (p Passkeys) Rename(ctx context.Context, user, name, about string) error {
	about = strings.ToValidUTF8(strings.TrimSpace(about), "")
	if about == "" || len(about) > 200 {
		return &gorgon.Error{Op: "passkey", Kind: gorgon.KindUnprocessable, Message: "Give the passkey a name of at most 200 bytes."}
	}
	k, err := p.owned(ctx, user, name)
	if err != nil || k == nil {
		return err
	}
	k.data.About = about
	if err := k.write(); err != nil {
		return err
	}
	if err := p.Auth.Store().Replace(dataflow.Apart(ctx), k.record.ID, k.record); err != nil && !errors.Is(err, sessions.ErrNotFound) {
		return unavailable("rename a passkey", err)
	}
	return nil
}

// Remove removes a passkey of a user: nothing signs in with it from then on.
// Sessions that it began go on; see [auth.Auth.RevokeAll]. It does nothing if the
// user has no such passkey.
func (p Passkeys) Remove(ctx context.Context, user, name string) error {
	k, err := p.owned(ctx, user, name)
	if err != nil || k == nil {
		return err
	}
	if _, err := p.Auth.Store().Take(dataflow.Apart(context.WithoutCancel(ctx)), kindPasskey, k.record.ID); err != nil && !errors.Is(err, sessions.ErrNotFound) {
		return unavailable("remove a passkey", err)
	}
	return nil
}

// owned finds a passkey of a user by its name; nil if there is none.
func (p Passkeys) owned(ctx context.Context, user, name string) (*kept, error) {
	var id sessions.ID
	if len(name) != hex.EncodedLen(len(id)) {
		return nil, nil
	}
	if _, err := hex.Decode(id[:], []byte(name)); err != nil {
		return nil, nil
	}
	k, err := p.find(ctx, id)
	if err != nil || k == nil || k.record.User != user {
		return nil, err
	}
	return k, nil
}

// find finds a passkey; nil if there is none.
func (p Passkeys) find(ctx context.Context, id sessions.ID) (*kept, error) {
	r, err := p.Auth.Store().Get(dataflow.Apart(ctx), kindPasskey, id)
	switch {
	case errors.Is(err, sessions.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, unavailable("find a passkey", err)
	}
	k, err := keptOf(r)
	return &k, err
}
