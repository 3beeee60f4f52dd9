// Finding the package that a program belongs to, and checking it.

package pack

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gorgon-go/gorgon/seed"
)

// mark follows the manifest within a single executable, before its
// length and the seed.
const mark = "gorgonpk"

// markSize is that of the mark and the length.
const markSize = len(mark) + 8

// maxManifest bounds the manifest within an executable, in bytes.
const maxManifest = 16 << 20

// ErrNone says that a program is not part of a package.
var ErrNone = errors.New("the program is not part of a package")

// A Package is one that was found.
type Package struct {
	Manifest Manifest
	Folder   string // of the program, with symbolic links followed
	Program  string // the executable's path, likewise
}

// Find finds the package of an executable: inside it, or in its folder, after
// symbolic links are followed. The error is [ErrNone] if there is no package.
func Find(executable string) (*Package, error) {
	program, err := filepath.EvalSymlinks(executable)
	if err != nil {
		return nil, fmt.Errorf("find package: %w", err)
	}
	p := &Package{Program: program, Folder: filepath.Dir(program)}
	data, err := within(program)
	switch {
	case err == nil:
	case errors.Is(err, ErrNone):
		data, err = os.ReadFile(filepath.Join(p.Folder, ManifestName))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, ErrNone
		}
		if err != nil {
			return nil, fmt.Errorf("find package: %w", err)
		}
	default:
		return nil, err
	}
	// Others have a manifest.json, too.
	if err := json.Unmarshal(data, &p.Manifest); err != nil || p.Manifest.Kind != Kind {
		return nil, ErrNone
	}
	if p.Manifest.Format != Format {
		return nil, fmt.Errorf("package %s: it has format %d, this program reads %d: deploy it again", p.Folder, p.Manifest.Format, Format)
	}
	return p, nil
}

// within reads the manifest from the end of a single executable.
func within(program string) ([]byte, error) {
	f, err := os.Open(program)
	if err != nil {
		return nil, fmt.Errorf("find package: %w", err)
	}
	defer f.Close()
	length, err := seed.Length(f)
	if errors.Is(err, seed.ErrNotSeed) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("find package: %s: %w", program, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("find package: %w", err)
	}
	end := info.Size() - length
	tail := make([]byte, markSize)
	if end < int64(markSize) {
		return nil, ErrNone
	}
	if _, err := f.ReadAt(tail, end-int64(markSize)); err != nil {
		return nil, fmt.Errorf("find package: %w", err)
	}
	n := binary.BigEndian.Uint64(tail[len(mark):])
	if string(tail[:len(mark)]) != mark || n > maxManifest || int64(n) > end-int64(markSize) {
		return nil, ErrNone
	}
	data := make([]byte, n)
	if _, err := f.ReadAt(data, end-int64(markSize)-int64(n)); err != nil {
		return nil, fmt.Errorf("find package: %w", err)
	}
	return data, nil
}

// Seed returns the file that holds the seed: for a single executable, the
// program itself.
func (p *Package) Seed() string {
	if p.Manifest.Seed == "" {
		return p.Program
	}
	return filepath.Join(p.Folder, p.Manifest.Seed)
}

// A Damage is a file of a package that was changed after packing.
type Damage struct {
	File string // its path
	Says string
}

func (d Damage) Error() string {
	return fmt.Sprintf("the package is damaged: %s %s: copy the package again", d.File, d.Says)
}

// Check reports each file that is missing or has another size. It reads no
// file.
func (p *Package) Check() error {
	var faults []error
	for _, f := range p.parts() {
		info, err := os.Stat(f.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			faults = append(faults, Damage{f.path, "is missing"})
		case err != nil:
			faults = append(faults, Damage{f.path, "cannot be read: " + err.Error()})
		case f.whole && info.Size() != f.Size:
			faults = append(faults, Damage{f.path, fmt.Sprintf("has %d bytes instead of %d", info.Size(), f.Size)})
		case !f.whole && info.Size() < f.offset+f.Size:
			faults = append(faults, Damage{f.path, "was cut"})
		}
	}
	return errors.Join(faults...)
}

// Verify reads every file and reports each that was changed after packing. Files
// that the program does not read are checked only with all.
func (p *Package) Verify(ctx context.Context, all bool) error {
	if err := p.Check(); err != nil {
		return err
	}
	var faults []error
	for _, f := range p.parts() {
		if !all && !f.needed {
			continue
		}
		if err := f.verify(ctx); err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// A part is a file, or a part of one, with its expected size and digest.
type part struct {
	File
	path   string
	offset int64
	whole  bool // the part is all of the file
	needed bool // the program reads it
}

func (p *Package) parts() []part {
	m := p.Manifest
	var parts []part
	if m.Seed == "" {
		// The manifest within: the code at the front, the seed at the end.
		for _, f := range m.Files {
			at := part{File: f, path: p.Program, needed: true}
			if f.Name == seedPart {
				if info, err := os.Stat(p.Program); err == nil {
					at.offset = max(0, info.Size()-f.Size)
				}
			}
			parts = append(parts, at)
		}
		return parts
	}
	for _, f := range m.Files {
		at := part{File: f, path: filepath.Join(p.Folder, filepath.FromSlash(f.Name)), whole: true, needed: f.Name == m.Seed || f.Name == m.Program}
		if f.Name == m.Program {
			at.path = p.Program // which may have another name
		}
		if at.needed {
			parts = append(parts, at)
		} else if _, err := os.Lstat(at.path); err == nil {
			parts = append(parts, at) // images do not contain it, and do not need it
		}
	}
	return parts
}

func (f part) verify(ctx context.Context) error {
	in, err := os.Open(f.path)
	if err != nil {
		return Damage{f.path, "cannot be read: " + err.Error()}
	}
	defer in.Close()
	got, err := digestOf(&interruptible{ctx, io.NewSectionReader(in, f.offset, f.Size)})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return Damage{f.path, "cannot be read: " + err.Error()}
	case got.SHA256 != f.SHA256:
		return Damage{f.path, "is not what was packed"}
	}
	return nil
}

// An interruptible reader ends with its context.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i *interruptible) Read(b []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(b)
}

// In returns the manifest of the package in a folder.
func In(folder string) (Manifest, error) {
	var m Manifest
	data, err := os.ReadFile(filepath.Join(folder, ManifestName))
	if err != nil {
		return m, fmt.Errorf("read package: %w", err)
	}
	if err := json.Unmarshal(data, &m); err != nil || m.Kind != Kind {
		return m, fmt.Errorf("read package: %s: %w", folder, ErrNone)
	}
	return m, nil
}

// Is reports whether a folder holds a package.
func Is(folder string) bool {
	_, err := In(folder)
	return err == nil
}
