// Reading an image back.

package oci

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// Unpack writes the files of an image into a new folder, as the root of a
// container has them, and returns the path of the program among them. From is
// the folder that [Write] wrote into; its error is [fs.ErrNotExist] where no
// image is there. Where the caller is not root, all files are the caller's own.
func Unpack(ctx context.Context, from, goos, goarch, to string) (program string, err error) {
	at := filepath.Join(from, LayoutName)
	if _, err := os.Stat(at); err != nil {
		return "", fmt.Errorf("oci: %w", err)
	}
	image, err := platform(at, goos, goarch)
	if err != nil {
		return "", fmt.Errorf("oci: image in %s: %w", at, err)
	}
	file, err := image.ConfigFile()
	if err != nil {
		return "", fmt.Errorf("oci: %w", err)
	}
	layers, err := image.Layers()
	if err != nil {
		return "", fmt.Errorf("oci: %w", err)
	}
	if err := os.Mkdir(to, 0o755); err != nil {
		return "", fmt.Errorf("oci: %w", err)
	}
	for _, l := range layers {
		if err := unpack(ctx, l, to); err != nil {
			return "", fmt.Errorf("oci: unpack: %w", err)
		}
	}
	return file.Config.Entrypoint[0], nil
}

// platform finds the image for a platform in a layout.
func platform(at, goos, goarch string) (v1.Image, error) {
	index, err := layout.ImageIndexFromPath(at)
	if err != nil {
		return nil, err
	}
	top, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	for _, d := range top.Manifests {
		of, err := index.ImageIndex(d.Digest)
		if err != nil {
			return nil, err
		}
		m, err := of.IndexManifest()
		if err != nil {
			return nil, err
		}
		for _, d := range m.Manifests {
			if d.Platform != nil && d.Platform.OS == goos && d.Platform.Architecture == goarch {
				return of.Image(d.Digest)
			}
		}
	}
	return nil, fmt.Errorf("there is none for %s/%s", goos, goarch)
}

func unpack(ctx context.Context, l v1.Layer, to string) (err error) {
	plain, err := l.Uncompressed()
	if err != nil {
		return err
	}
	defer plain.Close()
	for r := tar.NewReader(until{ctx, plain}); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := filepath.Localize(filepath.ToSlash(filepath.Clean(h.Name)))
		if err != nil {
			return err
		}
		name = filepath.Join(to, name)
		mode := h.FileInfo().Mode()
		if h.Typeflag == tar.TypeDir {
			if err = os.Mkdir(name, 0o755); errors.Is(err, fs.ErrExist) {
				err = nil
			}
		} else {
			err = writeNew(name, r)
		}
		if err == nil && os.Getuid() == 0 {
			err = os.Chown(name, h.Uid, h.Gid)
		}
		if err == nil {
			err = os.Chmod(name, mode) // which a change of owners may clear
		}
		if err != nil {
			return err
		}
	}
}

func writeNew(name string, from io.Reader) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}
