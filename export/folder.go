// Which folders an export may write to, and over what.

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

// CheckFolder refuses a folder that can hold no export, whatever is in it:
// the root of a file system, one that holds the seed, and what is no folder.
func CheckFolder(out, seed string) error {
	const mend = "choose a folder of its own with --out, such as public"
	abs, err := filepath.Abs(out)
	if err != nil {
		return fmt.Errorf("export: %s: %w", out, err)
	}
	// Links are followed, so that what is refused has no second name.
	info, err := os.Stat(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("export: %w: %s", err, mend)
	case !info.IsDir():
		return fmt.Errorf("export: %s is not a folder: %s", out, mend)
	case same(info, filepath.VolumeName(abs)+string(filepath.Separator)):
		return fmt.Errorf("export: %s is the root of a file system: %s", out, mend)
	case seed != "" && same(info, filepath.Dir(seed)):
		return fmt.Errorf("export: %s is where the seed lies: %s", out, mend)
	}
	return nil
}

func same(info fs.FileInfo, name string) bool {
	other, err := os.Stat(name)
	return err == nil && os.SameFile(info, other)
}

// checkForeign refuses to overwrite what no export wrote.
func checkForeign(files map[string][]byte, out string) error {
	ours := map[string]bool{}
	for _, name := range readList(out) {
		ours[name] = true
	}
	var foreign []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if at := filepath.Join(out, filepath.FromSlash(name)); !ours[name] && differs(at, files[name]) {
			foreign = append(foreign, name)
		}
	}
	if len(foreign) == 0 {
		return nil
	}
	const most = 5
	some := strings.Join(foreign[:min(len(foreign), most)], ", ")
	if n := len(foreign) - most; n > 0 {
		some += fmt.Sprintf(" and %d more", n)
	}
	return fmt.Errorf("export: %s holds what no export wrote and this one would overwrite: %s: choose an empty folder with --out, or overwrite with --force", out, some)
}

// differs says whether something other than these bytes is there.
func differs(name string, data []byte) bool {
	if _, err := os.Lstat(name); err != nil {
		return false
	}
	there, err := os.ReadFile(name)
	return err != nil || !bytes.Equal(there, data)
}
