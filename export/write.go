// Writing an export, so that the remains of an earlier one do no harm.

package export

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// temporary is the pattern of files that are being written. They are at the top
// of the folder, so that those of a killed export are found.
const temporary = ".gorgon-*.part"

// write makes the folder match files, touching only what differs.
func write(ctx context.Context, out string, files tree, report *Report) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("export: %w: choose another --out, or make it writable", err)
	}
	left, err := filepath.Glob(filepath.Join(escapeGlob(out), temporary))
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	for _, name := range left {
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	for _, old := range readList(out) {
		if _, keep := files[old]; keep {
			continue
		}
		switch at := filepath.Join(out, filepath.FromSlash(old)); {
		case !isFile(at): // an interrupted export may have written something else there, or nothing
		default:
			if err := os.Remove(at); err != nil {
				return fmt.Errorf("export: %w", err)
			}
			report.Removed++
		}
		removeEmpty(out, old)
	}
	names := slices.Sorted(maps.Keys(files))
	// Before the files, so that an interrupted export can be undone.
	list, err := json.MarshalIndent(names, "", " ")
	if err != nil {
		return err
	}
	if _, err := writeFile(out, ListName, append(list, '\n')); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		wrote, err := writeFile(out, name, files[name].data)
		switch {
		case err != nil:
			return fmt.Errorf("export: %s: %w", files[name].what, err)
		case wrote:
			report.Written++
		default:
			report.Same++
		}
	}
	return nil
}

// escapeGlob escapes the characters of a folder's name that have a meaning in a
// pattern.
func escapeGlob(folder string) string {
	if filepath.Separator != '/' { // where a backslash separates, it escapes nothing
		return folder
	}
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(folder)
}

// writeFile writes a whole file by renaming, unless it already has the content.
func writeFile(out, name string, data []byte) (wrote bool, err error) {
	at := filepath.Join(out, filepath.FromSlash(name))
	if old, err := os.ReadFile(at); err == nil && bytes.Equal(old, data) {
		return false, nil
	}
	if info, err := os.Lstat(at); err == nil && info.IsDir() {
		removeFolders(at) // if an earlier export had a folder here, of which nothing is left
	}
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return false, err
	}
	f, err := os.CreateTemp(out, temporary)
	if err != nil {
		return false, err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return false, err
	}
	return true, os.Rename(f.Name(), at)
}

func isFile(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && !info.IsDir()
}

func readList(out string) []string {
	var names []string
	if data, err := os.ReadFile(filepath.Join(out, ListName)); err == nil && json.Unmarshal(data, &names) == nil {
		// Only files that an export could have written are ever removed.
		return slices.DeleteFunc(names, func(n string) bool { return !filepath.IsLocal(filepath.FromSlash(n)) })
	}
	return nil
}

// removeEmpty removes the folders that become empty when a file is removed.
func removeEmpty(out, name string) {
	for dir := filepath.Dir(filepath.FromSlash(name)); dir != "."; dir = filepath.Dir(dir) {
		if at := filepath.Join(out, dir); !isFile(at) && os.Remove(at) != nil && exists(at) {
			return
		}
	}
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// removeFolders removes a folder that contains only folders.
func removeFolders(folder string) {
	var folders []string
	_ = filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			folders = append(folders, name)
		}
		return nil
	})
	for _, name := range slices.Backward(folders) {
		_ = os.Remove(name) // a folder that is not empty stays, and a file that needs its place reports it
	}
}
