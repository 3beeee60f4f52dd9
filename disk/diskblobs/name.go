// Names of files.

package diskblobs

import (
	"encoding/hex"
	"path/filepath"
	"strings"
)

// What a name in the tree of keys ends with.
const (
	ofBlob   = '=' // a file: the key ends here
	ofFolder = '@' // a slash follows
	ofPiece  = '~' // more of the segment follows
)

// piece is how many bytes of a segment one name has at most. All of them
// escaped, it is shorter than the 255 bytes of file systems.
const piece = 60

// nameOf is the path of a blob in the tree of keys.
func nameOf(key string) string {
	var b strings.Builder
	for {
		segment, rest, more := strings.Cut(key, "/")
		for len(segment) > piece {
			escape(&b, segment[:piece])
			b.WriteByte(ofPiece)
			b.WriteByte(filepath.Separator)
			segment = segment[piece:]
		}
		escape(&b, segment)
		if !more {
			b.WriteByte(ofBlob)
			return b.String()
		}
		b.WriteByte(ofFolder)
		b.WriteByte(filepath.Separator)
		key = rest
	}
}

const digits = "0123456789abcdef"

func escape(b *strings.Builder, text string) {
	for i := range len(text) {
		c := text[i]
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_' {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
}

// partOf reads a name in the tree: what it says, and how it ends. It is false
// for a file that is not ours.
func partOf(name string) (part string, end byte, ok bool) {
	if name == "" {
		return "", 0, false
	}
	name, end = name[:len(name)-1], name[len(name)-1]
	if end != ofBlob && end != ofFolder && end != ofPiece {
		return "", 0, false
	}
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] != '%' {
			b.WriteByte(name[i])
			continue
		}
		if i+3 > len(name) {
			return "", 0, false
		}
		c, err := hex.DecodeString(name[i+1 : i+3])
		if err != nil {
			return "", 0, false
		}
		b.WriteByte(c[0])
		i += 2
	}
	return b.String(), end, true
}
