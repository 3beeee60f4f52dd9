// Package password hashes passwords by argon2id, and checks them.
//
// One hash takes 19 MiB of memory and some 50 ms of a core. So at most half of
// the cores hash at a time, and only a few callers wait for their turn: others
// are refused at once with gorgon.KindUnavailable, so that a flood of sign-ins
// takes neither the memory nor the cores from the rest of the app. Limit sign-ins
// before they get here, with package limit.
//
//	hash, err := password.Hash(ctx, typed)           // at sign-up
//	err := password.Check(ctx, hash, typed)          // at sign-in: password.ErrWrong
//
// Where there is no such user, call Check with an empty hash: it takes as long,
// so that nothing shows who has an account.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/gorgon-go/gorgon"
)

// ErrWrong says that a password is not the one that was hashed.
var ErrWrong = errors.New("the password is wrong")

// MaxLength is how long a password may be, in bytes.
const MaxLength = 1000

// Costs are what a hash takes. The zero value is what OWASP recommends at least.
type Costs struct {
	Memory uint32 // KiB. Default: 19 MiB
	Passes uint32 // default: 2
}

func (c Costs) withDefaults() Costs {
	if c.Memory == 0 {
		c.Memory = 19 << 10
	}
	if c.Passes == 0 {
		c.Passes = 2
	}
	return c
}

// A Hasher hashes passwords. The zero Hasher works; one is shared by the whole
// program, since it bounds what all hashes take. It is safe for concurrent use.
type Hasher struct {
	Costs Costs // of new hashes. Hashes of other costs can be checked

	// Workers is how many hashes are made at a time. Default: half of the cores,
	// at least one.
	Workers int

	// Waiting is how many callers wait at most. Default: 32 for each worker.
	Waiting int

	once    sync.Once
	slots   chan struct{}
	waiting chan struct{}
	dummy   string
}

// Default is the Hasher of [Hash] and [Check].
var Default = new(Hasher)

// Hash hashes a password with a new salt, by [Default].
func Hash(ctx context.Context, password string) (string, error) { return Default.Hash(ctx, password) }

// Check compares a password with a hash, by [Default].
func Check(ctx context.Context, hash, password string) error {
	return Default.Check(ctx, hash, password)
}

const saltLength, keyLength = 16, 32

// Hash hashes a password with a new salt. The result says how it was made:
// "$argon2id$v=19$m=19456,t=2,p=1$…$…".
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if len(password) > MaxLength {
		return "", &gorgon.Error{Op: "hash a password", Kind: gorgon.KindUnprocessable, Message: fmt.Sprintf("A password has at most %d bytes.", MaxLength)}
	}
	done, err := h.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // it never fails
	return format(h.Costs.withDefaults(), salt, password), nil
}

func format(c Costs, salt []byte, password string) string {
	key := argon2.IDKey([]byte(password), salt, c.Passes, c.Memory, 1, keyLength)
	text := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, c.Memory, c.Passes, text.EncodeToString(salt), text.EncodeToString(key))
}

// Check compares a password with a hash: nil if it is the one, [ErrWrong] if it
// is not. An empty hash, of a user that there is not, takes as long, and is
// never right.
func (h *Hasher) Check(ctx context.Context, hash, password string) error {
	if len(password) > MaxLength {
		return ErrWrong
	}
	done, err := h.turn(ctx)
	if err != nil {
		return err
	}
	defer done()
	given := hash
	if given == "" {
		given = h.dummy
	}
	costs, salt, key, lanes, err := parse(given)
	if err != nil {
		return err
	}
	made := argon2.IDKey([]byte(password), salt, costs.Passes, costs.Memory, lanes, uint32(len(key)))
	if subtle.ConstantTimeCompare(made, key) != 1 || hash == "" {
		return ErrWrong
	}
	return nil
}

// Outdated says whether a hash was made with less than the Hasher would take now:
// hash the password again after a sign-in.
func (h *Hasher) Outdated(hash string) bool {
	costs, _, _, _, err := parse(hash)
	want := h.Costs.withDefaults()
	return err != nil || costs.Memory < want.Memory || costs.Passes < want.Passes
}

// What a hash may demand: it may come from another program.
const maxMemory, maxPasses = 1 << 20, 16 // KiB, passes

func parse(hash string) (c Costs, salt, key []byte, lanes uint8, err error) {
	fail := func() (Costs, []byte, []byte, uint8, error) {
		return Costs{}, nil, nil, 0, &gorgon.Error{Op: "check a password", Err: errors.New("the stored hash is not one of argon2id, or takes too much")}
	}
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return fail()
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Passes, &lanes); n != 3 || err != nil {
		return fail()
	}
	salt, errSalt := base64.RawStdEncoding.DecodeString(parts[4])
	key, errKey := base64.RawStdEncoding.DecodeString(parts[5])
	if errSalt != nil || errKey != nil || len(salt) < 8 || len(key) < 16 || len(key) > 64 ||
		c.Memory == 0 || c.Memory > maxMemory || c.Passes == 0 || c.Passes > maxPasses || lanes == 0 {
		return fail()
	}
	return c, salt, key, lanes, nil
}

// turn waits until it is this caller's turn to hash.
func (h *Hasher) turn(ctx context.Context) (done func(), err error) {
	h.once.Do(func() {
		workers := h.Workers
		if workers <= 0 {
			workers = max(runtime.GOMAXPROCS(0)/2, 1)
		}
		waiting := h.Waiting
		if waiting <= 0 {
			waiting = 32 * workers
		}
		h.slots, h.waiting = make(chan struct{}, workers), make(chan struct{}, waiting)
		h.dummy = format(h.Costs.withDefaults(), make([]byte, saltLength), rand.Text())
	})
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	default:
	}
	select {
	case h.waiting <- struct{}{}:
		defer func() { <-h.waiting }()
	default:
		return nil, &gorgon.Error{Op: "hash a password", Kind: gorgon.KindUnavailable, Message: "Too many people sign in at this moment. Please try again.",
			Err: errors.New("too many passwords wait to be hashed"), RetryAfter: 5 * time.Second}
	}
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
