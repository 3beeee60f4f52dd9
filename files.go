// Embedded files that are read from disk while the app is being written.

package gorgon

import (
	"embed"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Files returns embedded files: templates, texts, messages. While 'gorgon dev'
// runs the app, it returns the same files as they are on disk, so that a save
// needs no build: the app is started again. It is called in the package that
// embeds the files:
//
//	//go:embed all:views all:posts
//	var embedded embed.FS
//
//	var files = gorgon.Files(embedded)
//
// On disk they are below the folder of the source file that calls Files. If
// that folder does not have what is embedded, the embedded files are returned.
func Files(embedded embed.FS) fs.FS {
	report := os.Getenv("GORGON_DEV_FILES")
	if report == "" {
		return embedded
	}
	_, source, _, _ := runtime.Caller(1)
	if !filepath.IsAbs(source) {
		return embedded // the program was built without its folders
	}
	folder := filepath.Dir(source)
	s := saved{FS: os.DirFS(folder)}
	var lines strings.Builder
	err := fs.WalkDir(embedded, ".", func(name string, d fs.DirEntry, err error) error {
		s.hidden = s.hidden || isHidden(name)
		if err == nil && name != "." && !strings.Contains(name, "/") {
			s.names = append(s.names, name)
			lines.WriteString(filepath.Join(folder, name) + "\n")
			_, err = fs.Stat(s.FS, name)
		}
		return err
	})
	if err != nil || !appendTo(report, lines.String()) {
		return embedded
	}
	return s
}

// appendTo tells 'gorgon dev' which files need no build.
func appendTo(report, lines string) bool {
	f, err := os.OpenFile(report, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return false
	}
	_, err = f.WriteString(lines)
	return f.Close() == nil && err == nil
}

// saved is a folder on disk with what would be embedded of it.
type saved struct {
	fs.FS
	names  []string // of files and folders at its root
	hidden bool     // those too that embed leaves out of folders
}

func (s saved) has(name string) bool {
	top, _, _ := strings.Cut(name, "/")
	return name == "." || slices.Contains(s.names, top) && (s.hidden || !isHidden(name))
}

func (s saved) Open(name string) (fs.File, error) {
	if !s.has(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return s.FS.Open(name)
}

func (s saved) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(s.FS, name)
	return slices.DeleteFunc(list, func(d fs.DirEntry) bool { return !s.has(path.Join(name, d.Name())) }), err
}

// isHidden says whether embed leaves a file out of a folder.
func isHidden(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool {
		return part != "." && (strings.HasPrefix(part, ".") || strings.HasPrefix(part, "_"))
	})
}
