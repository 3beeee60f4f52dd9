// Package walk reads the files of an app that are served, from any [fs.FS].
package walk

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"

	"github.com/gorgon-go/gorgon/paths"
)

// Files calls fn with every file of a tree, which may be nil, in order. It
// follows symbolic links. It skips the folders for which skip returns true; a
// nil skip skips none. A file that no path can serve is an error, as is
// anything that is neither file nor folder.
func Files(tree fs.FS, skip func(folder string) bool, fn func(name string, data []byte)) error {
	if tree == nil {
		return nil
	}
	info, err := fs.Stat(tree, ".")
	if err != nil {
		return err
	}
	w := walker{tree, skip, fn}
	return w.below(".", []fs.FileInfo{info})
}

type walker struct {
	tree fs.FS
	skip func(folder string) bool
	fn   func(name string, data []byte)
}

// below walks a folder; above are it and its ancestors.
func (w walker) below(folder string, above []fs.FileInfo) error {
	entries, err := fs.ReadDir(w.tree, folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := w.entry(path.Join(folder, entry.Name()), entry.Type()&fs.ModeSymlink != 0, above); err != nil {
			return err
		}
	}
	return nil
}

func (w walker) entry(name string, linked bool, above []fs.FileInfo) error {
	info, err := fs.Stat(w.tree, name) // of a link's target
	switch {
	case err != nil && linked:
		return fmt.Errorf("%s is a symbolic link that cannot be followed: %w: correct its target, or remove it", name, err)
	case err != nil:
		return err
	case info.IsDir() && w.skip != nil && w.skip(name):
		return nil
	case info.IsDir() && linked && slices.ContainsFunc(above, func(folder fs.FileInfo) bool { return os.SameFile(folder, info) }):
		return fmt.Errorf("%s is a symbolic link to a folder that contains it: remove it", name)
	case info.IsDir() && len(name) > paths.MaxLength:
		return fmt.Errorf("%.40s…: folders are nested too deep: a symbolic link may lead back to a folder that contains it", name)
	case info.IsDir():
		return w.below(name, append(slices.Clip(above), info))
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is neither a file nor a folder: remove it", name)
	}
	if err := paths.Check("/" + name); err != nil {
		return fmt.Errorf("file %q can be served at no path: %w: rename it", name, err)
	}
	data, err := fs.ReadFile(w.tree, name)
	if err == nil {
		w.fn(name, data)
	}
	return err
}
