// Leases: who may make which page.

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

// A lease file is the magic, the CRC-32C of what follows, then for each lease
// the digest of its key, its token and its end in Unix nanoseconds.
const (
	leaseMagic = "gorgonL1"
	leaseSize  = sha256.Size + 8 + 8

	// rememberLeases is how many leases of one stripe are known after they
	// ran out. A holder that writes later is refused, as if taken over.
	rememberLeases = 16
)

type lease struct {
	key   [sha256.Size]byte
	token uint64
	until int64
}

func (s *Store) leasePath(stripe byte) string { return s.path("leases", stripeName(stripe)) }

// readLeases reads a stripe's leases. A file that is lost or damaged counts
// as empty: its holders are refused, and tokens grow by the clock all the same.
func (s *Store) readLeases(stripe byte) ([]lease, error) {
	b, err := os.ReadFile(s.leasePath(stripe))
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
		})
	}
	return list, nil
}

// writeLeases writes a stripe's leases in place, which costs a tenth of a new
// file and a rename. A writer that is killed in the middle leaves a file that
// counts as empty. The caller holds the stripe.
func (s *Store) writeLeases(stripe byte, list []lease) error {
	var body []byte
	for _, l := range list {
		body = append(body, l.key[:]...)
		body = binary.LittleEndian.AppendUint64(body, l.token)
		body = binary.LittleEndian.AppendUint64(body, uint64(l.until))
	}
	data := binary.LittleEndian.AppendUint32([]byte(leaseMagic), checksum(body))
	data = append(data, body...)
	path := s.leasePath(stripe)
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

// passToken asks whether a token is still the last of its key. The caller
// holds the key's stripe.
func (s *Store) passToken(key pages.Key, token uint64) error {
	digest := key.Digest()
	list, err := s.readLeases(digest[0])
	if err != nil {
		return err
	}
	if i := find(list, digest); i < 0 || list[i].token != token {
		return fmt.Errorf("%w: the lease was taken over, or ran out long ago", pages.ErrFenced)
	}
	return nil
}

// Lease takes the right to make the page of a key, or says who has it:
// [pages.ErrHeld].
func (s *Store) Lease(ctx context.Context, key pages.Key, ttl time.Duration) (pages.Lease, error) {
	end, err := s.begin(ctx, true)
	if err != nil {
		return pages.Lease{}, err
	}
	defer end()
	var got pages.Lease
	err = s.inStripe(ctx, key, func() error {
		digest, now := key.Digest(), time.Now()
		list, err := s.readLeases(digest[0])
		if err != nil {
			return err
		}
		// Tokens follow the clock, so that they grow also when this file was
		// lost or the key forgotten.
		token := uint64(now.UnixMicro())
		for _, l := range list {
			token = max(token, l.token+1)
		}
		if i := find(list, digest); i >= 0 {
			old := list[i]
			if now.UnixNano() < old.until {
				got = pages.Lease{Key: key, Token: old.token, Until: time.Unix(0, old.until)}
				return pages.ErrHeld
			}
			list = slices.Delete(list, i, i+1)
		}
		mine := lease{key: digest, token: token, until: now.Add(ttl).UnixNano()}
		list = append(prune(list, now), mine)
		if err := s.writeLeases(digest[0], list); err != nil {
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

// prune forgets the oldest of the leases that have run out.
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
		list, err := s.readLeases(digest[0])
		if err != nil {
			return err
		}
		i := find(list, digest)
		if i < 0 || list[i].token != given.Token {
			return nil
		}
		// Tokens follow the clock: the next one is higher without this one.
		return s.writeLeases(digest[0], slices.Delete(list, i, i+1))
	})
	return fault("release", given.Key, err)
}
