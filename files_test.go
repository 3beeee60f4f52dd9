// Embedded files, in a release and while the app is being written.

package gorgon_test

import (
	"embed"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gorgon-go/gorgon"
)

//go:embed docs/how-to LICENSE
var inProgram embed.FS

func TestFiles(t *testing.T) {
	if _, ok := gorgon.Files(inProgram).(embed.FS); !ok {
		t.Error("a release does not use what is embedded")
	}
	report := filepath.Join(t.TempDir(), "files")
	t.Setenv("GORGON_DEV_FILES", report)
	files := gorgon.Files(inProgram)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(report); err != nil || string(got) != filepath.Join(here, "LICENSE")+"\n"+filepath.Join(here, "docs")+"\n" {
		t.Errorf("it reports %q, %v", got, err)
	}
	var onDisk []string
	if err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		onDisk = append(onDisk, name)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(onDisk, "docs/how-to/form.md") || !slices.Contains(onDisk, "LICENSE") || slices.Contains(onDisk, "go.mod") {
		t.Errorf("on disk it has %v", onDisk)
	}
	if _, err := fs.ReadFile(files, "go.mod"); err == nil {
		t.Error("a file that is not embedded can be read")
	}
	sub, err := fs.Sub(files, "docs/how-to")
	if err != nil {
		t.Fatal(err)
	}
	got, err := fs.ReadFile(sub, "form.md")
	want, _ := inProgram.ReadFile("docs/how-to/form.md")
	if err != nil || string(got) != string(want) {
		t.Errorf("it reads %q, %v", got, err)
	}
}
