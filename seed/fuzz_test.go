// Whatever the bytes are, a seed returns correct data or an error.

package seed

import (
	"encoding/binary"
	"os"
	"slices"
	"testing"

	"github.com/gorgon-go/gorgon/compress"
)

func FuzzOpen(f *testing.F) {
	for _, n := range []int{0, 1, 3} {
		data := bytesOf(f, n)
		f.Add(data, false)
		f.Add(data[:len(data)/2], false)
		f.Add(append([]byte("in front"), data...), true)
	}
	path, _ := packedSeed(f, 2, compress.Fast)
	packed, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed, true)
	f.Fuzz(func(t *testing.T, data []byte, fit bool) {
		data = slices.Clone(data) // the engine keeps its own
		if fit && len(data) >= footerSize {
			// Otherwise the digest would reject every altered seed.
			tail := data[len(data)-footerSize:]
			binary.BigEndian.PutUint32(tail[64:], Version)
			copy(tail[68:], tailMagic)
			if length := binary.BigEndian.Uint64(tail[24:]); length <= uint64(len(data)) && length >= headSize+footerSize {
				own := data[uint64(len(data))-length:]
				copy(own, appendHead(nil))
				reseal(own)
			}
		}
		s, err := OpenBytes(data)
		if err != nil {
			if s != nil || !isOpenError(err) {
				t.Fatal(s, err)
			}
			return
		}
		verified := s.Verify() == nil
		seen := 0
		for e, err := range s.Entries() {
			if err != nil {
				continue
			}
			seen++
			if e.Packed != nil {
				_, _, _ = e.Codings()
			}
			if again, err := s.Entry(e.Key); verified && (err != nil || again.Key != e.Key) {
				t.Errorf("page %v is listed: %v", e.Key, err)
			}
		}
		for file, err := range s.Files() {
			if err != nil {
				continue
			}
			seen++
			if _, err := s.File(file.Path); verified && err != nil {
				t.Errorf("file %s is listed: %v", file.Path, err)
			}
		}
		for _, name := range append(s.Manifest().Values, "catalog", "") {
			_, _ = s.Value(name)
		}
		for i := range 4 {
			_, _ = s.Entry(keyOf(i))
		}
		_, _ = s.File("/")
		if s.Size() > int64(len(data)) || seen > len(data)/slotSize {
			t.Errorf("%d bytes, %d records of %d bytes", s.Size(), seen, len(data))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A record whose digest is right may come from an attacker: what is decoded of
// it is bounded, and is as long as it says.
func FuzzPacked(f *testing.F) {
	for i := range 2 {
		record, err := Pack(nil, tableOf(i, compress.Fast), compress.Fast)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(record)
	}
	f.Add([]byte{1, 2, 0, 0, 0, 0, 0, '{', '}'})
	f.Fuzz(func(t *testing.T, record []byte) {
		e, _, err := new(Seed).decodePage(record)
		if err != nil {
			return
		}
		whole, err := e.Unpack()
		if err == nil && whole.Length() != len(whole.HTML) {
			t.Errorf("%d bytes of HTML, said to be %d", len(whole.HTML), whole.Length())
		}
		if e.Packed == nil {
			return
		}
		if held := e.Packed.Held(); held > 2048*len(record) {
			t.Errorf("%d bytes are made of %d", held, len(record))
		}
		_, _, _ = e.Codings()
	})
}
