// Reading files in a second way, to check the first.

package picture_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"testing"

	"github.com/gorgon-go/gorgon/picture"
)

func deflated(data []byte) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(data)
	_ = z.Close()
	return b.String()
}

// profileOf finds the profile in the bytes by its name.
func profileOf(t testing.TB, v picture.Variant) []byte {
	t.Helper()
	switch v.Type {
	case "image/png":
		at := bytes.Index(v.Data, []byte("iCCP"))
		if at < 0 {
			return nil
		}
		body := v.Data[at+4 : at+4+int(binary.BigEndian.Uint32(v.Data[at-4:]))]
		r, err := zlib.NewReader(bytes.NewReader(body[bytes.IndexByte(body, 0)+2:]))
		if err != nil {
			t.Fatal(err)
		}
		icc, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return icc
	case "image/webp":
		at := bytes.Index(v.Data, []byte("ICCP"))
		if at < 0 {
			return nil
		}
		return v.Data[at+8 : at+8+int(binary.LittleEndian.Uint32(v.Data[at+4:]))]
	}
	var icc []byte
	rest := v.Data
	for {
		at := bytes.Index(rest, []byte("\xff\xe2"))
		if at < 0 || !bytes.HasPrefix(rest[at+4:], []byte("ICC_PROFILE\x00")) {
			return icc
		}
		size := int(binary.BigEndian.Uint16(rest[at+2:]))
		icc = append(icc, rest[at+4+14:at+2+size]...)
		rest = rest[at+2+size:]
	}
}
