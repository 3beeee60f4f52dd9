// The names of an export as one tree, checked before anything is written.

package export

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// A tree is the files of an export, by name with slashes.
type tree map[string]leaf

// A leaf is a file, and what it belongs to, for messages.
type leaf struct {
	data []byte
	what string
}

// most is how many faults of one kind are reported.
const most = 5

// check refuses names that no file system can hold together, and names that the
// folder's file system cannot hold.
func (t tree) check(out string) error {
	abs, err := filepath.Abs(out)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	v := volume{root: len(abs) + 1, longest: longestPath(runtime.GOOS), windows: runtime.GOOS == "windows", sameCase: ignoresCase(out)}
	return t.checkOn(v)
}

// A volume is how a file system treats names.
type volume struct {
	root     int // bytes of the folder's own path
	longest  int // path, in bytes
	sameCase bool
	windows  bool
}

// longestPath is the longest path that system calls accept, without the NUL.
func longestPath(system string) int {
	switch system {
	case "linux", "android":
		return 4095
	case "windows":
		return 32_000 // through the long form that package os uses
	}
	return 1023
}

// maxName is what most file systems allow for one name.
const maxName = 255

func (t tree) checkOn(v volume) error {
	names := slices.Sorted(maps.Keys(t))
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("export: "+format, args...))
	}
	// By the name as the file system sees it: the file there, and a file below
	// it.
	files, folders := map[string]string{}, map[string]string{}
	for _, name := range names {
		what := t[name].what
		if v.root+len(name) > v.longest {
			fault("%s: its file would have a path of %d bytes, and %d are allowed: export to a folder higher up, shorten the path, or serve the app", what, v.root+len(name), v.longest)
		}
		for part := range strings.SplitSeq(name, "/") {
			switch {
			case len(part) > maxName:
				fault("%s: a name of %d bytes does not fit a file system: shorten the path, or serve the app", what, len(part))
			case v.windows && !fitsWindows(part):
				fault("%s: Windows allows no file called %s: rename it, or export on another system", what, part)
			}
		}
		if top, _, _ := strings.Cut(name, "/"); v.key(top) == v.key(ListName) || isTemporary(top) {
			fault("%s: the export keeps a file of its own at %s: rename it", what, top)
		}
		key := v.key(name)
		if other, taken := files[key]; taken {
			fault("%s and %s: their files %s and %s are one to this file system: rename one, or export to another", what, t[other].what, name, other)
			continue
		}
		files[key] = name
		for i := range len(name) {
			if name[i] == '/' {
				if folder := v.key(name[:i]); folders[folder] == "" {
					folders[folder] = name
				}
			}
		}
	}
	for _, name := range names {
		if below := folders[v.key(name)]; below != "" {
			fault("%s is written to the file %s, and %s to %s, for which that has to be a folder: rename one, or serve the app", t[name].what, name, t[below].what, below)
		}
	}
	if n := len(faults) - most; n > 0 {
		faults = append(faults[:most], fmt.Errorf("export: and %d more names like these", n))
	}
	return errors.Join(faults...)
}

// key returns a name in the form that the file system compares.
func (v volume) key(name string) string {
	if v.sameCase {
		name = strings.ToLower(name)
	}
	return name
}

func isTemporary(name string) bool {
	matched, err := filepath.Match(temporary, name)
	return matched && err == nil
}

// fitsWindows says whether Windows allows a name.
func fitsWindows(name string) bool {
	if strings.ContainsAny(name, `<>:"|?*\`) || strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") {
		return false
	}
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch stem = strings.TrimRight(stem, " "); stem {
	case "CON", "PRN", "AUX", "NUL":
		return false
	}
	return len(stem) != 4 || stem[:3] != "COM" && stem[:3] != "LPT" || stem[3] < '0' || stem[3] > '9'
}

// ignoresCase says whether a folder's file system treats "A" and "a" as equal.
func ignoresCase(out string) bool {
	if os.MkdirAll(out, 0o755) != nil {
		return false
	}
	f, err := os.CreateTemp(out, temporary)
	if err != nil {
		return false
	}
	defer os.Remove(f.Name())
	defer f.Close()
	return exists(filepath.Join(out, strings.ToUpper(filepath.Base(f.Name()))))
}
