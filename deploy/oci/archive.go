// The archive that docker load takes.

package oci

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// archive writes a layout as one file, with a manifest.json for those who do
// not know layouts. Nothing is in it twice.
func archive(ctx context.Context, from, to string, index v1.ImageIndex, result Result) (err error) {
	old, err := manifest(index, result)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("%w: remove it, or choose another folder", err)
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, os.Remove(to))
		}
	}()
	w := tar.NewWriter(f)
	// The tables of contents come first: a reader of the stream
	// then knows what follows.
	err = add(w, "manifest.json", int64(len(old)), func(w io.Writer) error {
		_, err := w.Write(old)
		return err
	})
	if err != nil {
		return err
	}
	blobs, err := os.ReadDir(filepath.Join(from, "blobs", "sha256"))
	if err != nil {
		return err
	}
	names := []string{"oci-layout", "index.json", "blobs/", "blobs/sha256/"}
	for _, b := range blobs {
		names = append(names, path.Join("blobs/sha256", b.Name()))
	}
	for _, name := range names {
		if strings.HasSuffix(name, "/") {
			// Folders that are not named belong to root where skopeo unpacks
			// them, which only root can do.
			if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755, ModTime: time.Unix(0, 0)}); err != nil {
				return err
			}
			continue
		}
		if err := addFile(ctx, w, from, name); err != nil {
			return err
		}
	}
	return w.Close()
}

// manifest is a manifest.json with the first platform of an index.
func manifest(index v1.ImageIndex, result Result) ([]byte, error) {
	digest, err := v1.NewHash(result.Platforms[0].Digest)
	if err != nil {
		return nil, err
	}
	image, err := index.Image(digest)
	if err != nil {
		return nil, err
	}
	m, err := image.Manifest()
	if err != nil {
		return nil, err
	}
	blob := func(h v1.Hash) string { return path.Join("blobs", h.Algorithm, h.Hex) }
	d := tarball.Descriptor{Config: blob(m.Config.Digest), RepoTags: []string{result.Name}}
	for _, l := range m.Layers {
		d.Layers = append(d.Layers, blob(l.Digest))
	}
	return json.Marshal(tarball.Manifest{d})
}

func addFile(ctx context.Context, w *tar.Writer, folder, name string) error {
	f, err := os.Open(filepath.Join(folder, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return add(w, name, info.Size(), func(w io.Writer) error {
		_, err := io.Copy(w, until{ctx, f})
		return err
	})
}

func add(w *tar.Writer, name string, size int64, write func(io.Writer) error) error {
	err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: size, ModTime: time.Unix(0, 0)})
	if err != nil {
		return err
	}
	return write(w)
}
