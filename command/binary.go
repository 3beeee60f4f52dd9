// What identifies the running program.

package command

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"os"
)

// binaryID is that of the program. Under 'gorgon dev' each run has one of its
// own, since files that it reads from disk may have changed.
func (p *program) binaryID() (string, error) {
	id, err := binaryID()
	if err == nil && p.developing() {
		id += os.Getenv("GORGON_DEV_RUN")
	}
	return id, err
}

// binaryID changes whenever the program's code does. It is the build ID that
// the Go linker puts near the start of an executable, which costs one small
// read; a program linked without one is digested whole.
func binaryID() (string, error) {
	name, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head := make([]byte, 64<<10)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.ErrUnexpectedEOF {
		return "", err
	}
	if id := buildID(head[:n]); id != nil {
		sum := sha256.Sum256(id)
		return hex.EncodeToString(sum[:8]), nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)[:8]), nil
}

// An order is that of the bytes of numbers in a file.
type order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// buildID finds the build ID in the head of an executable: in ELF as a note, in
// other formats as text before the code. It returns nil if there is none.
func buildID(head []byte) []byte {
	const mark = "\xff Go build ID: \""
	if i := bytes.Index(head, []byte(mark)); i >= 0 {
		id := head[i+len(mark):]
		if end := bytes.IndexByte(id, '"'); end > 0 {
			return id[:end]
		}
	}
	for _, by := range [...]order{binary.LittleEndian, binary.BigEndian} {
		// A note is the lengths of its name and of its content, its type, and both.
		kind := append(by.AppendUint32(nil, 4), "Go\x00\x00"...)
		for at := 0; ; {
			i := bytes.Index(head[at:], kind)
			if i < 0 {
				break
			}
			at += i + len(kind)
			start := at - len(kind) - 8
			if start < 0 || by.Uint32(head[start:]) != 4 {
				continue
			}
			if size := by.Uint32(head[start+4:]); size > 0 && uint64(size) <= uint64(len(head)-at) {
				return head[at : at+int(size)]
			}
		}
	}
	return nil
}
