// The folders that a program's embedded files come from.

package command

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
)

// onDisk puts the folders on disk in the place of the app's embedded assets
// and static files, so that a saved one needs no compiler, and returns them. A
// folder is found by its files: it has each of those that are embedded, with
// the same content. Where none has, or more than one, the embedded stay.
func onDisk(app *gorgon.App) (folders []string) {
	for _, tree := range []*fs.FS{&app.Assets.Files, &app.Assets.Static} {
		if *tree == nil {
			continue
		}
		if folder, hidden := folderOf(".", *tree); folder != "" {
			*tree = visible{os.DirFS(folder), hidden}
			if folder, err := filepath.Abs(folder); err == nil {
				folders = append(folders, folder)
			}
		}
	}
	return folders
}

// folderOf finds the folder below root that a tree was embedded from, and
// says whether the tree has files that embed leaves out unless it is told.
func folderOf(root string, tree fs.FS) (found string, hidden bool) {
	files := map[string][]byte{}
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		hidden = hidden || isHidden(name)
		files[name], err = fs.ReadFile(tree, name)
		return err
	})
	if err != nil || len(files) == 0 {
		return "", false
	}
	ambiguous := false
	_ = filepath.WalkDir(root, func(folder string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || !d.IsDir():
			return nil
		case folder != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return fs.SkipDir
		}
		for name, want := range files {
			info, err := os.Stat(filepath.Join(folder, filepath.FromSlash(name)))
			if err != nil || info.Size() != int64(len(want)) {
				return nil
			}
		}
		for name, want := range files {
			if got, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name))); err != nil || !bytes.Equal(got, want) {
				return nil
			}
		}
		found, ambiguous = folder, found != ""
		return nil
	})
	if ambiguous {
		return "", hidden
	}
	return found, hidden
}

// isHidden says whether embed leaves a file out of a folder.
func isHidden(name string) bool {
	return slices.ContainsFunc(strings.Split(path.Clean(name), "/"), func(part string) bool {
		return part != "." && (strings.HasPrefix(part, ".") || strings.HasPrefix(part, "_"))
	})
}

// visible is a folder with the files that embed would take of it.
type visible struct {
	fs.FS
	hidden bool // those too that it leaves out
}

// ReadDir lists a folder.
func (v visible) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(v.FS, name)
	if v.hidden {
		return list, err
	}
	return slices.DeleteFunc(list, func(d fs.DirEntry) bool { return isHidden(d.Name()) }), err
}
