// What identifies the running program.

package command

import (
	"bytes"
	"crypto/sha256"
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
	const mark = "\xff Go build ID: \""
	if i := bytes.Index(head[:n], []byte(mark)); i >= 0 {
		id := head[i+len(mark) : n]
		if end := bytes.IndexByte(id, '"'); end > 0 {
			sum := sha256.Sum256(id[:end])
			return hex.EncodeToString(sum[:8]), nil
		}
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
