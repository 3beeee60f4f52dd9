// Which folders an export may write to, and what it may overwrite.

package export

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// CheckFolder refuses a folder that cannot hold an export, whatever is in it:
// the root of a file system, one that contains the seed, and a path that is not
// a folder.
func CheckFolder(out, seed string) error {
	const hint = "choose a folder of its own with --out, such as public"
	abs, err := filepath.Abs(out)
	if err != nil {
		return fmt.Errorf("export: %s: %w", out, err)
	}
	// Links are resolved, so that a refused folder has no second name.
	info, err := os.Stat(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("export: %w: %s", err, hint)
	case !info.IsDir():
		return fmt.Errorf("export: %s is not a folder: %s", out, hint)
	case same(info, filepath.VolumeName(abs)+string(filepath.Separator)):
		return fmt.Errorf("export: %s is the root of a file system: %s", out, hint)
	case seed != "" && same(info, filepath.Dir(seed)):
		return fmt.Errorf("export: %s is the folder of the seed: %s", out, hint)
	}
	return nil
}

func same(info fs.FileInfo, name string) bool {
	other, err := os.Stat(name)
	return err == nil && os.SameFile(info, other)
}

// checkForeign refuses to overwrite files that were not exported, and reports
// files that are in the way even of an export that may overwrite.
func checkForeign(files tree, out string, force bool) error {
	ours := map[string]bool{}
	for _, name := range readList(out) {
		ours[name] = true
	}
	foreign := map[string]bool{}
	for name, f := range files {
		at := filepath.Join(out, filepath.FromSlash(name))
		switch info, err := os.Lstat(at); {
		case err == nil && info.IsDir():
			for _, file := range filesBelow(at) {
				if below, err := filepath.Rel(out, file); err == nil && !ours[filepath.ToSlash(below)] {
					return fmt.Errorf("export: %s is written to the file %s, where %s has a folder with files that were not exported: choose an empty folder with --out, or remove it", f.what, name, out)
				}
			}
		case err == nil && !force && !ours[name] && differs(at, f.data):
			foreign[name] = true
		}
		for i := range len(name) {
			if folder := name[:i]; name[i] == '/' && isFile(filepath.Join(out, filepath.FromSlash(folder))) && !linksToFolder(filepath.Join(out, filepath.FromSlash(folder))) && !ours[folder] {
				return fmt.Errorf("export: %s is written to %s, where %s has a file %s that was not exported: choose an empty folder with --out, or remove it", f.what, name, out, folder)
			}
		}
	}
	if len(foreign) == 0 {
		return nil
	}
	names := slices.Sorted(maps.Keys(foreign))
	some := strings.Join(names[:min(len(names), most)], ", ")
	if n := len(names) - most; n > 0 {
		some += fmt.Sprintf(" and %d more", n)
	}
	return fmt.Errorf("export: %s has files that were not exported, and that this export would overwrite: %s: choose an empty folder with --out, or overwrite with --force", out, some)
}

// filesBelow lists the files in a folder.
func filesBelow(folder string) []string {
	var files []string
	_ = filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			files = append(files, name) // a path that cannot be read counts as not exported
		}
		return nil
	})
	return files
}

func linksToFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// differs says whether the file there has other bytes.
func differs(name string, data []byte) bool {
	there, err := os.ReadFile(name)
	return err != nil || !bytes.Equal(there, data)
}
