// Stamp: has anything been installed since?

package library

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Stamp is a fingerprint of what is installed: the Go version, and which module
// versions are in the cache since when. It reads directories, no files but
// GOROOT/VERSION, and takes milliseconds.
func (l *Library) Stamp(ctx context.Context) (string, error) {
	h := sha256.New()
	version, err := os.ReadFile(filepath.Join(l.goroot, "VERSION"))
	if err != nil {
		version = []byte("unknown") // a Go built from a checkout has none
	}
	h.Write(version)
	// WalkDir goes in lexical order, so the same cache gives the same stamp.
	err = l.walkModules(ctx, func(modPath, version string, info fs.FileInfo) {
		fmt.Fprintf(h, "\n%s@%s %d", modPath, version, info.ModTime().UnixNano())
	})
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}
