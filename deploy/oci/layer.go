// Layers: archives of files, compressed.

package oci

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"golang.org/x/crypto/x509roots/fallback/bundle"

	"github.com/gorgon-go/gorgon/pack"
)

// level is how hard layers are compressed. The hardest, 9, takes six times the
// time and saves 3 % of a program.
const level = 6

// An entry is a file or a folder of a layer.
type entry struct {
	name  string
	mode  int64
	owner int // its user and group
	dir   bool
	data  []byte
	file  pack.File // of the package; used where it has a name
}

func directory(name string) entry { return entry{name: name, mode: 0o755, dir: true} }

// baseEntries are what a program expects beside itself. They depend on
// nothing: images of all apps share them.
func baseEntries() []entry {
	file := func(name string, data string) entry { return entry{name: name, mode: 0o644, data: []byte(data)} }
	account := fmt.Sprintf("nonroot:x:%d:%d", user, user)
	return []entry{
		{name: "data", mode: 0o755, owner: user, dir: true}, // a new volume takes its owner
		directory("etc"),
		file("etc/group", fmt.Sprintf("root:x:0:\nnonroot:x:%d:\n", user)),
		file("etc/passwd", "root:x:0:0:root:/:/sbin/nologin\n"+account+":nonroot:/:/sbin/nologin\n"),
		directory("etc/ssl"),
		directory("etc/ssl/certs"),
		file("etc/ssl/certs/ca-certificates.crt", certificates()),
		{name: "tmp", mode: 0o1777, dir: true},
	}
}

// certificates are Mozilla's, apart from those that it trusts under a
// condition, which a file of certificates cannot say.
func certificates() string {
	var b bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // a buffer takes everything
		}
	}
	return b.String()
}

// A layer lies in a layout, named by its digest.
type layer struct {
	path     string
	digest   v1.Hash
	diffID   v1.Hash
	size     int64 // as it is pulled
	unpacked int64 // what its files hold
}

func (l *layer) Digest() (v1.Hash, error)            { return l.digest, nil }
func (l *layer) DiffID() (v1.Hash, error)            { return l.diffID, nil }
func (l *layer) Size() (int64, error)                { return l.size, nil }
func (l *layer) MediaType() (types.MediaType, error) { return types.OCILayer, nil }
func (l *layer) Compressed() (io.ReadCloser, error)  { return os.Open(l.path) }

func (l *layer) Uncompressed() (io.ReadCloser, error) {
	f, err := os.Open(l.path)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{z, f}, nil
}

// writeLayer writes entries as a layer into the folder of blobs. Files of a
// package are read from its root. Times are those of 1970 and owners are
// numbers, so that the same files give the same layer whenever and wherever
// they are packed, and what did not change is not pulled again.
func writeLayer(ctx context.Context, blobs string, root *os.Root, entries []entry) (_ *layer, err error) {
	f, err := os.CreateTemp(blobs, "layer-")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = f.Close() // it is closed already where that is the error
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	l := &layer{}
	packed, plain := sha256.New(), sha256.New()
	z, err := gzip.NewWriterLevel(io.MultiWriter(f, packed), level)
	if err != nil {
		return nil, err
	}
	w := tar.NewWriter(io.MultiWriter(z, plain))
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	for _, e := range entries {
		if err := e.write(ctx, w, root); err != nil {
			return nil, err
		}
		l.unpacked += e.size()
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	l.size, l.digest, l.diffID = info.Size(), sum(packed), sum(plain)
	l.path = filepath.Join(blobs, l.digest.Hex)
	// Others may read a layout, as they may what the library writes into it.
	if err := errors.Join(f.Chmod(0o644), f.Close()); err != nil {
		return nil, err
	}
	return l, os.Rename(f.Name(), l.path)
}

func sum(h hash.Hash) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(h.Sum(nil))}
}

func (e entry) size() int64 {
	if e.file.Name != "" {
		return e.file.Size
	}
	return int64(len(e.data))
}

func (e entry) write(ctx context.Context, w *tar.Writer, root *os.Root) error {
	header := &tar.Header{
		Typeflag: tar.TypeReg, Name: e.name, Mode: e.mode, Uid: e.owner, Gid: e.owner, Size: e.size(), ModTime: time.Unix(0, 0),
	}
	if e.dir {
		header.Typeflag, header.Name = tar.TypeDir, e.name+"/"
	}
	if err := w.WriteHeader(header); err != nil {
		return err
	}
	if e.file.Name == "" {
		_, err := w.Write(e.data)
		return err
	}
	from, err := root.Open(e.file.Name)
	if err != nil {
		return fmt.Errorf("%w: %s", err, again)
	}
	defer from.Close()
	read := sha256.New()
	return e.copyOf(io.MultiWriter(w, read), until{ctx, from}, func() string { return hex.EncodeToString(read.Sum(nil)) })
}

// An until reads until its context ends.
type until struct {
	ctx  context.Context
	from io.Reader
}

func (u until) Read(p []byte) (int, error) {
	if err := context.Cause(u.ctx); err != nil {
		return 0, err
	}
	return u.from.Read(p)
}
