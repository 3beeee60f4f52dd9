// What becomes of a file, for everything that can have happened to it.

package scaffold_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/scaffold"
)

const (
	oldText, newText, ownText = "one\ntwo\n", "one\n2\n", "one\ntwo\nmine\n"
	gone                      = ""
)

const (
	folder = "infra/gcp"
	name   = "infra/gcp/main.tf"
)

func file(name, text string) deploy.File { return deploy.File{Name: name, Data: []byte(text)} }

func do(t *testing.T, root string, files ...deploy.File) *scaffold.Plan {
	t.Helper()
	p, err := scaffold.Look(root, folder, files)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Do(); err != nil {
		t.Fatal(err)
	}
	return p
}

func read(t *testing.T, root, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(data)
}

func TestFate(t *testing.T) {
	for _, c := range []struct {
		base, is, new string
		fate          scaffold.Fate
		after, beside string
	}{
		{gone, gone, newText, scaffold.Written, newText, gone},
		{gone, ownText, newText, scaffold.Beside, ownText, newText},
		{gone, newText, newText, scaffold.Same, newText, gone},
		{oldText, gone, newText, scaffold.Deleted, gone, gone},
		{oldText, gone, oldText, scaffold.Deleted, gone, gone},
		{oldText, gone, gone, scaffold.Deleted, gone, gone},
		{oldText, oldText, newText, scaffold.Renewed, newText, gone},
		{oldText, oldText, oldText, scaffold.Same, oldText, gone},
		{oldText, oldText, gone, scaffold.Removed, gone, gone},
		{oldText, ownText, newText, scaffold.Beside, ownText, newText},
		{oldText, ownText, oldText, scaffold.Yours, ownText, gone},
		{oldText, ownText, gone, scaffold.Unwanted, ownText, gone},
		{oldText, newText, newText, scaffold.Same, newText, gone},
		{oldText, newText, gone, scaffold.Unwanted, newText, gone},
	} {
		t.Run(string(c.fate), func(t *testing.T) {
			root := t.TempDir()
			at := filepath.Join(root, filepath.FromSlash(name))
			if c.base != gone {
				do(t, root, file(name, c.base))
			}
			switch {
			case c.is == gone:
				_ = os.Remove(at)
			default:
				if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(at, []byte(c.is), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var files []deploy.File
			if c.new != gone {
				files = append(files, file(name, c.new))
			}
			p := do(t, root, files...)
			if len(p.Changes) != 1 || p.Changes[0].Fate != c.fate {
				t.Errorf("the fate is %+v", p.Changes)
			}
			if got := read(t, root, name); got != c.after {
				t.Errorf("the file is %q", got)
			}
			if got := read(t, root, name+scaffold.New); got != c.beside {
				t.Errorf("beside it lies %q", got)
			}
			if c.fate == scaffold.Beside && !strings.Contains(p.Changes[0].Diff, "+2\n") {
				t.Errorf("the difference is %q", p.Changes[0].Diff)
			}
			if c.fate == scaffold.Beside && c.base != gone && !strings.Contains(p.Changes[0].Own, "+mine\n") {
				t.Errorf("what its owner changed is %q", p.Changes[0].Own)
			}
			// Once more: nothing is left to do.
			for _, again := range do(t, root, files...).Changes {
				switch again.Fate {
				case scaffold.Written, scaffold.Renewed, scaffold.Removed, scaffold.Beside:
					t.Errorf("the second time it is %s", again.Fate)
				}
			}
			if got := read(t, root, name); got != c.after {
				t.Errorf("the second time the file is %q", got)
			}
		})
	}
}

func TestModeStays(t *testing.T) {
	root := t.TempDir()
	script := deploy.File{Name: folder + "/release.sh", Mode: 0o755, Data: []byte("#!/bin/sh\n")}
	do(t, root, script)
	info, err := os.Stat(filepath.Join(root, folder, "release.sh"))
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("%v, %v", info, err)
	}
}

// Nothing outside the root is read, written or removed, whatever the record says.
func TestOutside(t *testing.T) {
	root := t.TempDir()
	outside := filepath.Join(filepath.Dir(root), "outside")
	if err := os.WriteFile(outside, []byte("x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	record := filepath.Join(root, folder, scaffold.RecordName)
	if err := os.MkdirAll(filepath.Dir(record), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"../outside", "/etc/passwd", "a/../../outside"} {
		if err := os.WriteFile(record, []byte("-- "+bad+" --\nx\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := scaffold.Look(root, folder, nil); err == nil || !strings.Contains(err.Error(), scaffold.RecordName) {
			t.Errorf("%s: %v", bad, err)
		}
		if _, err := scaffold.Look(root, folder, []deploy.File{file(bad, "x\n")}); err == nil {
			t.Errorf("file %s is written", bad)
		}
	}
	if read(t, filepath.Dir(root), "outside") == "" {
		t.Error("the file outside is gone")
	}
}

// What the archive could not give back is refused.
func TestStorable(t *testing.T) {
	for _, text := range []string{"no newline", "a\n-- b --\nc\n"} {
		if _, err := scaffold.Look(t.TempDir(), folder, []deploy.File{file(name, text)}); err == nil {
			t.Errorf("%q is written", text)
		}
	}
	if _, err := scaffold.Look(t.TempDir(), folder, []deploy.File{file(name, oldText), file(name, newText)}); err == nil {
		t.Error("a file is written twice")
	}
}

func TestFailureLeavesNothing(t *testing.T) {
	root := t.TempDir()
	// A folder is in the way.
	if err := os.MkdirAll(filepath.Join(root, folder, "main.tf", "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := scaffold.Look(root, folder, []deploy.File{file(name, newText)}); err == nil {
		t.Error("a folder was read as a file")
	}
	var left []string
	_ = filepath.WalkDir(root, func(p string, d fs.DirEntry, _ error) error {
		if !d.IsDir() {
			left = append(left, p)
		}
		return nil
	})
	if len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}
