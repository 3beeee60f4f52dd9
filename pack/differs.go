// What has become of a package since it was written.

package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Differs compares a folder with the digests that [Sums] wrote there: changed are
// files that are not as they were, and added are those that were not there. Both are
// relative, with slashes. Without digests there is nothing to compare with.
func Differs(folder string) (changed, added []string, err error) {
	sums, err := os.ReadFile(filepath.Join(folder, SumsName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("pack: %w", err)
	}
	was := map[string]string{}
	for line := range strings.Lines(string(sums)) {
		if sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  "); ok {
			was[name] = sum
		}
	}
	err = filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(folder, name)
		if rel = filepath.ToSlash(rel); err != nil || rel == SumsName {
			return err
		}
		sum, known := was[rel]
		if !known {
			if filepath.Base(rel) != SumsName {
				added = append(added, rel)
			}
			return nil
		}
		is, err := digest(name)
		if err == nil && is.SHA256 != sum {
			changed = append(changed, rel)
		}
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("pack: %w", err)
	}
	return changed, added, nil
}
