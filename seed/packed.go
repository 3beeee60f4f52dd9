// Pages as a seed has them: once, with the rest made from that when it is asked for.

package seed

import (
	"crypto/sha256"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/pages"
)

// Pack appends the record of a page to dst, for [Writer.Entry]. A page that has
// a Brotli variant is stored as that alone, and its state as zstd; effort is
// what the state is compressed with, and with [compress.None] nothing is packed.
func Pack(dst []byte, e *pages.Entry, effort compress.Effort) ([]byte, error) {
	if effort == compress.None {
		return e.AppendEncode(dst)
	}
	packed, lengths := *e, pages.Lengths{}
	if n := len(e.HTML); e.Brotli != nil && compress.Decodable(n, len(e.Brotli)) {
		lengths.HTML = n
		packed.HTML, packed.Gzip, packed.Zstd = nil, nil, nil
	}
	if n := len(e.State); n > 0 {
		if state := effort.Zstd(e.State); state != nil && compress.Decodable(n, len(state)) {
			lengths.State, packed.State = n, state
		}
	}
	return packed.AppendPacked(dst, lengths)
}

// packed are the parts of a page that were left out of its record. Its byte
// slices are parts of the mapped file; what is made of them is in memory.
type packed struct {
	key     pages.Key
	brotli  []byte // the HTML
	state   []byte // as zstd
	lengths pages.Lengths
	effort  compress.Effort
	changed func()

	held atomic.Int64
	lost atomic.Bool
	mu   sync.Mutex
	made [len(partNames)][]byte // in that order; nil until it is made, since no part is empty
}

// partNames are the codings, and the state, which is none.
var partNames = [...]string{plainPart: "identity", statePart: "state", 2: "gzip", 3: "zstd"}

const (
	plainPart = iota
	statePart
)

// unpacking gives an entry that was read from a record the means to make the
// parts that are not in it.
func unpacking(e *pages.Entry, lengths pages.Lengths, effort compress.Effort) *pages.Entry {
	if lengths == (pages.Lengths{}) {
		return e
	}
	p := &packed{key: e.Key, lengths: lengths, effort: effort}
	if lengths.HTML > 0 {
		p.brotli = e.Brotli
	}
	if lengths.State > 0 {
		p.state, e.State = e.State, nil
	}
	e.Packed = p
	return e
}

func (p *packed) Lengths() pages.Lengths { return p.lengths }
func (p *packed) Held() int              { return int(p.held.Load()) }
func (p *packed) Lost() bool             { return p.lost.Load() }
func (p *packed) Watch(changed func())   { p.changed = changed }
func (p *packed) HTML() ([]byte, error)  { return p.part(plainPart) }
func (p *packed) State() ([]byte, error) { return p.part(statePart) }

// Coded makes a variant with the effort of the build.
func (p *packed) Coded(coding string) ([]byte, error) {
	switch n := slices.Index(partNames[:], coding); {
	case coding == "br" && p.brotli != nil:
		return p.brotli, nil
	case n < 0 || n == statePart || p.brotli == nil:
		return nil, fmt.Errorf("seed: page %s: it has no coding of this name", p.key)
	default:
		return p.part(n)
	}
}

func (p *packed) part(n int) ([]byte, error) {
	p.mu.Lock()
	made := p.made[n]
	known := made != nil
	var err error
	if !known {
		if made, err = p.make(n); err == nil {
			p.made[n] = made
			p.held.Add(int64(len(made)))
		}
	}
	p.mu.Unlock()
	if err != nil {
		p.lost.Store(true)
		err = fmt.Errorf("seed: page %s: %w", p.key, err)
	}
	if !known && p.changed != nil {
		p.changed()
	}
	return made, err
}

// make decodes a part of the mapped file, and compresses it again.
func (p *packed) make(n int) (_ []byte, err error) {
	defer rescue(debug.SetPanicOnFault(true), pages.ErrCorrupt, &err)
	if n == statePart {
		return decoded("zstd", p.state, p.lengths.State)
	}
	html := p.made[plainPart]
	if html == nil {
		if html, err = decoded("br", p.brotli, p.lengths.HTML); err != nil {
			return nil, err
		}
	}
	if n == plainPart {
		return html, nil
	}
	made := p.effort.Coded(partNames[n], html)
	if made == nil {
		return nil, fmt.Errorf("%w: a page is packed in a seed that compresses nothing", pages.ErrCorrupt)
	}
	return made, nil
}

func decoded(coding string, data []byte, size int) ([]byte, error) {
	made, err := compress.Decode(coding, data, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", pages.ErrCorrupt, err)
	}
	return made, nil
}

// decodePage decodes the record of a page, but for what is packed in it.
func (s *Seed) decodePage(record []byte) (*pages.Entry, [sha256.Size]byte, error) {
	e, lengths, err := pages.DecodePacked(record)
	if err != nil {
		return nil, [sha256.Size]byte{}, err
	}
	return unpacking(e, lengths, s.effort), e.Key.Digest(), nil
}

// decodeWhole decodes the record of a page with all that is packed in it.
func (s *Seed) decodeWhole(record []byte) (*pages.Entry, [sha256.Size]byte, error) {
	e, key, err := s.decodePage(record)
	if err == nil {
		e, err = e.Unpack()
	}
	return e, key, err
}
