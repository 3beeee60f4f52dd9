// Writing a package: a folder, or one executable.

package pack

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Parts are the contents of a package.
type Parts struct {
	Program string // the executable's file
	Seed    string // the seed's file
	Single  bool   // one executable with the seed at its end

	// Extra are further files by their name in the package: a bill of
	// materials, migrations. They are for people; the program reads none of
	// them. Default: none.
	Extra map[string][]byte
}

// Write writes a package into an empty folder and returns its manifest: m, with
// the files and their digests added. The same parts and the same m give the same
// bytes.
func Write(ctx context.Context, folder string, m Manifest, parts Parts) (Manifest, error) {
	m.Kind, m.Format, m.Files = Kind, Format, nil
	for name, data := range parts.Extra {
		if !fs.ValidPath(name) || name == m.Program || name == ManifestName || name == SumsName {
			return m, fmt.Errorf("pack: the file %q cannot be part of a package: rename it", name)
		}
		if err := writeFile(filepath.Join(folder, filepath.FromSlash(name)), data, 0o644); err != nil {
			return m, err
		}
		sum := sha256.Sum256(data)
		m.Files = append(m.Files, File{Name: name, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])})
	}
	program := filepath.Join(folder, m.Program)
	code, err := copyFile(program, parts.Program, 0o755)
	if err != nil {
		return m, err
	}
	code.Name = m.Program
	if parts.Single {
		m.Seed = ""
		err = appendSeed(ctx, program, code, parts.Seed, &m)
	} else {
		m.Seed = m.App + ".seed"
		var packed File
		packed, err = copyFile(filepath.Join(folder, m.Seed), parts.Seed, 0o644)
		packed.Name = m.Seed
		m.Files = append(m.Files, code, packed)
	}
	if err != nil {
		return m, err
	}
	sortFiles(m.Files)
	data, err := encode(m)
	if err != nil {
		return m, err
	}
	return m, writeFile(filepath.Join(folder, ManifestName), data, 0o644)
}

// seedPart is the seed's name in the manifest of a single executable.
const seedPart = "(seed)"

// appendSeed appends the manifest and the seed to the program.
func appendSeed(ctx context.Context, program string, code File, seedFile string, m *Manifest) error {
	if m.OS == "darwin" {
		return errors.New("pack: an executable for darwin is signed, and what is appended breaks that: deploy a folder, without --single")
	}
	packed, err := digest(seedFile)
	if err != nil {
		return err
	}
	packed.Name = seedPart
	// What it holds; the files beside it are not needed to run.
	within := *m
	within.Files = []File{code, packed}
	data, err := encode(within)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(program, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	in, err := os.Open(seedFile)
	if err == nil {
		_, err = out.Write(binary.BigEndian.AppendUint64(append(data, mark...), uint64(len(data))))
		if err == nil {
			_, err = io.Copy(out, in)
		}
		err = errors.Join(err, in.Close())
	}
	if err = errors.Join(err, out.Sync(), out.Close(), ctx.Err()); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	whole, err := digest(program)
	if err != nil {
		return err
	}
	whole.Name = m.Program
	m.Files = append(m.Files, whole)
	return nil
}

// Sums writes the digests of every file in a folder, below it too, in the form
// that sha256sum checks.
func Sums(folder string) error {
	var lines []string
	err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(folder, name)
		if err != nil || rel == SumsName {
			return err
		}
		f, err := digest(name)
		if err == nil {
			lines = append(lines, f.SHA256+"  "+filepath.ToSlash(rel)+"\n")
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	return writeFile(filepath.Join(folder, SumsName), []byte(strings.Join(lines, "")), 0o644)
}

func sortFiles(files []File) {
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
}

func encode(m Manifest) ([]byte, error) {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	return append(data, '\n'), nil
}

func writeFile(name string, data []byte, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	if err := os.WriteFile(name, data, mode); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	return nil
}

// copyFile copies a file and digests it on the way.
func copyFile(to, from string, mode fs.FileMode) (File, error) {
	in, err := os.Open(from)
	if err != nil {
		return File{}, fmt.Errorf("pack: %w", err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return File{}, fmt.Errorf("pack: %w", err)
	}
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, hash), in)
	if err = errors.Join(err, out.Chmod(mode), out.Close()); err != nil {
		return File{}, fmt.Errorf("pack: %w", err)
	}
	return File{Size: n, SHA256: hex.EncodeToString(hash.Sum(nil))}, nil
}

func digest(name string) (File, error) {
	in, err := os.Open(name)
	if err != nil {
		return File{}, fmt.Errorf("pack: %w", err)
	}
	defer in.Close()
	return digestOf(in)
}

func digestOf(r io.Reader) (File, error) {
	hash := sha256.New()
	n, err := io.Copy(hash, r)
	if err != nil {
		return File{}, fmt.Errorf("pack: %w", err)
	}
	return File{Size: n, SHA256: hex.EncodeToString(hash.Sum(nil))}, nil
}
