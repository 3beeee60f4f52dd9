// Leases: the right to make a page.

package disk

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// A lease file is the magic, the CRC-32C of everything after it, then for each
// lease the digest of its key, its token, its end in Unix nanoseconds, and the
// digest of the claim that it was granted to.
const (
	leaseMagic = "gorgonL2"
	leaseSize  = sha256.Size + 8 + 8 + sha256.Size

	// rememberLeases is how many expired leases of one stripe are remembered. A
	// holder of a forgotten lease is refused, as if the lease had been taken
	// over.
	rememberLeases = 16
)

type lease struct {
	key   [sha256.Size]byte
	token uint64
	until int64
	claim [sha256.Size]byte
}

// leasePath returns the file of the leases in the key's stripe. Those of
// [pages.OnceKey] are in a folder of their own, which outlives restarts.
func (s *Store) leasePath(key pages.Key) string {
	folder := "leases"
	if key.IsOnce() {
		folder = "once"
	}
	return s.path(folder, stripeName(key.Digest()[0]))
}

// readLeases reads a lease file. A file that is lost or damaged counts as
// empty: its holders are refused, and tokens still grow, since they follow the
// clock.
func readLeases(path string) ([]lease, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	const head = len(leaseMagic) + 4
	if len(b) < head || string(b[:len(leaseMagic)]) != leaseMagic || (len(b)-head)%leaseSize != 0 ||
		binary.LittleEndian.Uint32(b[len(leaseMagic):]) != checksum(b[head:]) {
		return nil, nil
	}
	var list []lease
	for b = b[head:]; len(b) > 0; b = b[leaseSize:] {
		list = append(list, lease{
			key:   [sha256.Size]byte(b[:sha256.Size]),
			token: binary.LittleEndian.Uint64(b[sha256.Size:]),
			until: int64(binary.LittleEndian.Uint64(b[sha256.Size+8:])),
			claim: [sha256.Size]byte(b[sha256.Size+16:]),
		})
	}
	return list, nil
}

// writeLeases writes a lease file in place, which costs a tenth of a new file
// and a rename. If the writer is killed half-way, the file counts as empty. The
// caller holds the stripe.
func writeLeases(path string, list []lease) error {
	var body []byte
	for _, l := range list {
		body = append(body, l.key[:]...)
		body = binary.LittleEndian.AppendUint64(body, l.token)
		body = binary.LittleEndian.AppendUint64(body, uint64(l.until))
		body = append(body, l.claim[:]...)
	}
	data := binary.LittleEndian.AppendUint32([]byte(leaseMagic), checksum(body))
	data = append(data, body...)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(dirOf(path), 0o755); err == nil {
			f, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
		}
	}
	if err != nil {
		return err
	}
	_, err = f.WriteAt(data, 0)
	if err == nil {
		err = f.Truncate(int64(len(data)))
	}
	return errors.Join(err, f.Close())
}

func find(list []lease, key [sha256.Size]byte) int {
	return slices.IndexFunc(list, func(l lease) bool { return l.key == key })
}

// passToken checks that a token is still the last one of its key. The caller
// holds the key's stripe.
func (s *Store) passToken(key pages.Key, token uint64) error {
	digest := key.Digest()
	list, err := readLeases(s.leasePath(key))
	if err != nil {
		return err
	}
	if i := find(list, digest); i < 0 || list[i].token != token {
		return fmt.Errorf("%w: the lease was taken over, or expired long ago", pages.ErrFenced)
	}
	return nil
}

// Lease acquires the right to make the page of a key. If another has it, it
// returns that lease and [pages.ErrHeld].
func (s *Store) Lease(ctx context.Context, key pages.Key, claim string, ttl time.Duration) (pages.Lease, error) {
	end, err := s.begin(ctx, true)
	if err != nil {
		return pages.Lease{}, err
	}
	defer end()
	var got pages.Lease
	err = s.inStripe(ctx, key, func() error {
		digest, now := key.Digest(), time.Now()
		list, err := readLeases(s.leasePath(key))
		if err != nil {
			return err
		}
		// Tokens follow the clock, so that they grow even if this file was lost
		// or the key was forgotten.
		token := uint64(now.UnixMicro())
		for _, l := range list {
			token = max(token, l.token+1)
		}
		if i := find(list, digest); i >= 0 {
			old := list[i]
			if now.UnixNano() < old.until {
				got = pages.Lease{Key: key, Token: old.token, Until: time.Unix(0, old.until)}
				if old.claim == sha256.Sum256([]byte(claim)) {
					return nil // the answer to this claim was lost
				}
				return pages.ErrHeld
			}
			list = slices.Delete(list, i, i+1)
		}
		mine := lease{key: digest, token: token, until: now.Add(ttl).UnixNano(), claim: sha256.Sum256([]byte(claim))}
		list = append(prune(list, now), mine)
		if err := writeLeases(s.leasePath(key), list); err != nil {
			return err
		}
		got = pages.Lease{Key: key, Token: token, Until: time.Unix(0, mine.until)}
		return nil
	})
	if errors.Is(err, pages.ErrHeld) {
		return got, pages.ErrHeld
	}
	return got, fault("lease", key, err)
}

// prune forgets the oldest of the expired leases.
func prune(list []lease, now time.Time) []lease {
	if len(list) <= 2*rememberLeases {
		return list
	}
	slices.SortFunc(list, func(a, b lease) int { return cmp.Compare(b.until, a.until) })
	keep := rememberLeases
	for keep < len(list) && list[keep].until > now.UnixNano() {
		keep++
	}
	return list[:keep]
}

// Release gives a lease back.
func (s *Store) Release(ctx context.Context, given pages.Lease) error {
	end, err := s.begin(ctx, true)
	if err != nil {
		return err
	}
	defer end()
	err = s.inStripe(ctx, given.Key, func() error {
		digest := given.Key.Digest()
		list, err := readLeases(s.leasePath(given.Key))
		if err != nil {
			return err
		}
		i := find(list, digest)
		if i < 0 || list[i].token != given.Token {
			return nil
		}
		// Tokens follow the clock: the next one is higher even without this
		// one.
		return writeLeases(s.leasePath(given.Key), slices.Delete(list, i, i+1))
	})
	return fault("release", given.Key, err)
}
