// Entries of a seed, whose parts are decoded when they are asked for.

package pages

import "fmt"

// Packed are the parts of an entry that are made when they are first asked for,
// and kept from then on. Package seed has them. It is safe for concurrent use.
type Packed interface {
	HTML() ([]byte, error)
	State() ([]byte, error)

	// Coded returns the HTML in a coding by its name in HTTP, or as it is for
	// "identity".
	Coded(coding string) ([]byte, error)

	// Lengths are those of the decoded HTML and state.
	Lengths() Lengths

	// Held is how many bytes of memory are held for what was made so far. Lost
	// says that a part could not be made: what it is made of was damaged after it
	// was found good. Watch has a function called when one of them has changed;
	// there is one watcher, set before the entry is shared.
	Held() int
	Lost() bool
	Watch(changed func())
}

// Lengths are those of the parts of an entry that are packed; 0 for a part that
// is not.
type Lengths struct {
	HTML  int `json:"html,omitempty"`
	State int `json:"state,omitempty"`
}

// Unpack returns the entry with its HTML and state. Packed stays, for the
// codings: a caller that changes the HTML of a copy has to remove it.
func (e *Entry) Unpack() (*Entry, error) {
	if e.Packed == nil {
		return e, nil
	}
	whole, lengths := *e, e.Packed.Lengths()
	var err error
	if e.HTML == nil && lengths.HTML > 0 {
		whole.HTML, err = e.Packed.HTML()
	}
	if err == nil && e.State == nil && lengths.State > 0 {
		whole.State, err = e.Packed.State()
	}
	if err != nil {
		return nil, fmt.Errorf("page %s: %w", e.Key, err)
	}
	return &whole, nil
}

// Length is that of the HTML.
func (e *Entry) Length() int {
	if e.HTML == nil && e.Packed != nil {
		return e.Packed.Lengths().HTML
	}
	return len(e.HTML)
}

// Codings returns the variants of the HTML, made where they are packed. A
// variant that cannot be made is left out.
func (e *Entry) Codings() (gzip, brotli, zstd []byte) {
	gzip, brotli, zstd = e.Gzip, e.Brotli, e.Zstd
	if e.Packed == nil || e.Packed.Lengths().HTML == 0 {
		return gzip, brotli, zstd
	}
	for name, coded := range map[string]*[]byte{"gzip": &gzip, "br": &brotli, "zstd": &zstd} {
		if *coded == nil {
			*coded, _ = e.Packed.Coded(name)
		}
	}
	return gzip, brotli, zstd
}

// AppendPacked appends the entry with some parts packed: State as zstd where
// lengths has its length, and HTML nil where lengths has the length of what
// Brotli has. Only [DecodePacked] reads it.
func (e *Entry) AppendPacked(dst []byte, lengths Lengths) ([]byte, error) {
	return e.encode(dst, &lengths)
}

// DecodePacked reads the result of [Entry.AppendPacked], or of [Entry.Encode].
// State is as it is stored, and HTML nil where it is packed.
func DecodePacked(data []byte) (*Entry, Lengths, error) {
	e, lengths, err := decode(data)
	if err != nil {
		return nil, Lengths{}, err
	}
	if lengths == nil {
		return e, Lengths{}, nil
	}
	return e, *lengths, nil
}
