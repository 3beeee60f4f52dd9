// The starters: small apps that are compiled and tested where they lie, and
// written with another name.

package tool

import (
	"bytes"
	"embed"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

//go:embed all:starters
var starterFiles embed.FS

// starterNames lists them.
func starterNames() []string {
	entries, err := starterFiles.ReadDir("starters")
	if err != nil {
		panic(err) // they are part of the program
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// starter is the files of a starter for a project of this name, by their paths
// with slashes. If it has a database, it is in a dialect.
func starter(kind, name, dialect string) map[string][]byte {
	files := map[string][]byte{}
	root := path.Join("starters", kind)
	err := fs.WalkDir(starterFiles, root, func(at string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		short := strings.TrimPrefix(strings.TrimPrefix(at, root), "/")
		if d.IsDir() {
			if slices.Contains([]string{"dist", "public", "pkg"}, short) {
				return fs.SkipDir // written when the starter runs in its folder
			}
			return nil
		}
		if strings.Contains(short, ".db") {
			return nil // a database, likewise
		}
		text, err := starterFiles.ReadFile(at)
		text = bytes.ReplaceAll(translated(kind, short, text, dialect), []byte("starter-"+kind), []byte(name))
		switch short {
		case "gitignore":
			short = ".gitignore" // which would hold here, too
		case "env":
			files[".env.example"], short = text, ".env" // git ignores the one, and keeps the other
		}
		files[short] = text
		return err
	})
	if err != nil {
		panic(err) // they are part of the program
	}
	return files
}

// importsOf lists what the Go files of a project import.
func importsOf(files map[string][]byte) ([]string, error) {
	found := map[string]bool{}
	for name, text := range files {
		if path.Ext(name) != ".go" {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if err != nil {
			return nil, err
		}
		for _, i := range f.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return nil, err
			}
			found[imported] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// writeFiles writes files below a folder.
func writeFiles(folder string, files map[string][]byte) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		to := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(to, files[name], 0o666); err != nil {
			return err
		}
	}
	return nil
}
