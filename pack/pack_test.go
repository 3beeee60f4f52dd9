// Packages written, moved, damaged and found again.

package pack_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/seed"
)

// parts are a program and a seed in a folder.
func parts(t *testing.T) pack.Parts {
	t.Helper()
	dir := t.TempDir()
	p := pack.Parts{Program: filepath.Join(dir, "program"), Seed: filepath.Join(dir, "s.seed"), Extra: map[string][]byte{
		pack.SBOMName: []byte("{}"), "migrations/1.sql": []byte("select 1"),
	}}
	if err := os.WriteFile(p.Program, bytes.Repeat([]byte("code"), 10_000), 0o755); err != nil {
		t.Fatal(err)
	}
	w, err := seed.Create(p.Seed)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.File(seed.File{Path: "/a.txt", ContentType: "text/plain", Data: bytes.Repeat([]byte("stone"), 5000)}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(seed.Manifest{App: "shop", Build: "b1"}); err != nil {
		t.Fatal(err)
	}
	return p
}

var about = pack.Manifest{App: "shop", Build: "b1", Program: "shop", OS: "linux", Arch: "amd64", MadeAt: time.Unix(1_700_000_000, 0).UTC()}

func write(t *testing.T, p pack.Parts) string {
	t.Helper()
	folder := t.TempDir()
	if _, err := pack.Write(t.Context(), folder, about, p); err != nil {
		t.Fatal(err)
	}
	if err := pack.Sums(folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

// both runs a law for a folder and for a single executable.
func both(t *testing.T, law func(t *testing.T, p pack.Parts)) {
	for _, single := range []bool{false, true} {
		name := "folder"
		if single {
			name = "single"
		}
		t.Run(name, func(t *testing.T) {
			p := parts(t)
			p.Single = single
			law(t, p)
		})
	}
}

func TestFound(t *testing.T) {
	both(t, func(t *testing.T, p pack.Parts) {
		folder := write(t, p)
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(filepath.Join(folder, "shop"), link); err != nil {
			t.Fatal(err)
		}
		found, err := pack.Find(link)
		if err != nil {
			t.Fatal(err)
		}
		if found.Manifest.Build != "b1" || !found.Manifest.MadeAt.Equal(about.MadeAt) {
			t.Errorf("found %+v", found.Manifest)
		}
		if err := errors.Join(found.Check(), found.Verify(t.Context(), true)); err != nil {
			t.Error(err)
		}
		s, err := seed.Open(found.Seed())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.Verify(); err != nil {
			t.Error(err)
		}
		if f, err := s.File("/a.txt"); err != nil || len(f.Data) != 25_000 {
			t.Errorf("file of the seed: %d bytes, %v", len(f.Data), err)
		}
	})
}

// One executable is all that is needed.
func TestSingleAlone(t *testing.T) {
	p := parts(t)
	p.Single = true
	program := filepath.Join(t.TempDir(), "renamed")
	data, err := os.ReadFile(filepath.Join(write(t, p), "shop"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, data, 0o755); err != nil {
		t.Fatal(err)
	}
	found, err := pack.Find(program)
	if err != nil {
		t.Fatal(err)
	}
	if err := found.Verify(t.Context(), true); err != nil {
		t.Error(err)
	}
}

func TestSameBytes(t *testing.T) {
	both(t, func(t *testing.T, p pack.Parts) {
		a, b := write(t, p), write(t, p)
		out, err := exec.Command("diff", "-r", a, b).CombinedOutput()
		if err != nil {
			t.Errorf("%v: %s", err, out)
		}
		check := exec.Command("sha256sum", "-c", "--quiet", pack.SumsName)
		check.Dir = a
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
}

// What is damaged is named.
func TestDamage(t *testing.T) {
	flip := func(at int64) func(t *testing.T, name string) {
		return func(t *testing.T, name string) {
			f, err := os.OpenFile(name, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if at < 0 {
				info, err := f.Stat()
				if err != nil {
					t.Fatal(err)
				}
				at += info.Size()
			}
			b := make([]byte, 1)
			if _, err := f.ReadAt(b, at); err != nil {
				t.Fatal(err)
			}
			b[0] ^= 1
			if _, err := f.WriteAt(b, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(t *testing.T, name string) {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	cut := func(t *testing.T, name string) {
		if err := os.Truncate(name, 100); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		what   string
		single bool
		file   string
		damage func(t *testing.T, name string)
		quick  bool // Check sees it, without reading
		says   string
	}{
		{"the seed is missing", false, "shop.seed", remove, true, "shop.seed is missing"},
		{"the seed was cut", false, "shop.seed", cut, true, "has 100 bytes instead of"},
		{"a byte of the seed was flipped", false, "shop.seed", flip(5_000), false, "shop.seed is not what was packed"},
		{"a byte of the program was flipped", false, "shop", flip(5_000), false, "shop is not what was packed"},
		{"a byte of the bill was flipped", false, pack.SBOMName, flip(1), false, "sbom.spdx.json is not what was packed"},
		{"a byte of a single program was flipped", true, "shop", flip(5_000), false, "shop is not what was packed"},
		{"a byte of its seed was flipped", true, "shop", flip(-2_000), false, "shop is not what was packed"},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := parts(t)
			p.Single = c.single
			folder := write(t, p)
			c.damage(t, filepath.Join(folder, c.file))
			found, err := pack.Find(filepath.Join(folder, "shop"))
			if err != nil {
				t.Fatal(err)
			}
			if err := found.Check(); (err != nil) != c.quick {
				t.Errorf("Check: %v", err)
			}
			if err := found.Verify(t.Context(), true); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Verify: %v; want %q in it", err, c.says)
			}
		})
	}
}

// Files that an image leaves out are not reported as missing, and files for
// people are not read.
func TestNotNeeded(t *testing.T) {
	folder := write(t, parts(t))
	if err := os.Remove(filepath.Join(folder, pack.SBOMName)); err != nil {
		t.Fatal(err)
	}
	found, err := pack.Find(filepath.Join(folder, "shop"))
	if err != nil {
		t.Fatal(err)
	}
	if err := found.Verify(t.Context(), true); err != nil {
		t.Error(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := found.Verify(ended, true); !errors.Is(err, context.Canceled) {
		t.Errorf("Verify that was cut off: %v", err)
	}
}

// A program beside the manifest.json of another program, or beside none, is not
// a package.
func TestNone(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "shop")
	if err := os.WriteFile(program, []byte("code"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := pack.Find(program); !errors.Is(err, pack.ErrNone) {
		t.Errorf("without a manifest: %v", err)
	}
	for _, other := range []string{`{"name":"An app","start_url":"/"}`, `[]`, `nonsense`} {
		if err := os.WriteFile(filepath.Join(dir, pack.ManifestName), []byte(other), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := pack.Find(program); !errors.Is(err, pack.ErrNone) {
			t.Errorf("beside %s: %v", other, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, pack.ManifestName), []byte(`{"kind":"gorgon package","format":99}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := pack.Find(program); err == nil || errors.Is(err, pack.ErrNone) {
		t.Errorf("of another format: %v", err)
	}
}

func TestRefused(t *testing.T) {
	p := parts(t)
	p.Single = true
	mac := about
	mac.OS = "darwin"
	if _, err := pack.Write(t.Context(), t.TempDir(), mac, p); err == nil || !strings.Contains(err.Error(), "without --single") {
		t.Errorf("a single executable for darwin: %v", err)
	}
	for _, name := range []string{"../x", "manifest.json", "shop", "SHA256SUMS", "/etc/passwd"} {
		p := parts(t)
		p.Extra = map[string][]byte{name: nil}
		if _, err := pack.Write(t.Context(), t.TempDir(), about, p); err == nil {
			t.Errorf("%s is packed", name)
		}
	}
}
