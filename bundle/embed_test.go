// Our own pages follow our advice.

package bundle_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every folder that docs, examples and starters embed is embedded with all:,
// since parts of style sheets and modules have names that go:embed skips.
func TestEmbeddedFoldersAreWhole(t *testing.T) {
	pattern := regexp.MustCompile(`(?m)^//go:embed (.+)$`)
	found := 0
	for _, root := range []string{"../docs", "../examples", "../tool/starters", "../README.md"} {
		err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && d.Name() == "node_modules" {
				return filepath.SkipDir
			}
			if ext := filepath.Ext(file); ext != ".md" && ext != ".go" {
				return nil
			}
			data, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			for _, m := range pattern.FindAllStringSubmatch(string(data), -1) {
				for name := range strings.FieldsSeq(m[1]) {
					found++
					if filepath.Ext(name) == "" && !strings.HasPrefix(name, "all:") {
						t.Errorf("%s embeds the folder %s without all:", file, name)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 10 {
		t.Errorf("only %d embedded names were found", found)
	}
}
