// Names: how packages and functions are called on their pages.

package views

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"

	"github.com/gorgon-go/gorgon/examples/godoc/library"
)

func section(p library.Package) string {
	if p.Command {
		return "Commands"
	}
	return "Standard library"
}

func packageKind(p library.Package) string {
	if p.Command {
		return "command"
	}
	return "package"
}

// slashed is a path that breaks into lines behind its slashes.
func slashed(path string) templ.Component {
	return templ.Raw(strings.ReplaceAll(templ.EscapeString(path), "/", "/<wbr>"))
}

// packageTitle is the name a package is used by; a command is called by its
// directory.
func packageTitle(p library.Package) string {
	if p.Command {
		return commandName(p)
	}
	return p.Name
}

func commandName(p library.Package) string {
	dir, base := path.Split(p.ImportPath)
	if strings.HasPrefix(base, "v") && strings.Trim(base[1:], "0123456789") == "" && dir != "" {
		base = path.Base(dir)
	}
	return base
}

// commandLine is how a command is started.
func commandLine(p library.Package) string {
	name := commandName(p)
	switch {
	case p.Module != "":
		_, version, _ := strings.Cut(p.Module, "@")
		return "go run " + p.ImportPath + "@" + version
	case name == "go" || name == "gofmt":
		return name
	}
	return "go tool " + name
}

// platformNote says so when a package was read for another platform than most.
func platformNote(p library.Package) string {
	if p.GOOS == "js" {
		return "Read for js/wasm: this machine does not build the package."
	}
	return ""
}

// brief is a synopsis for a list that names the package already: "Package tar
// implements access to tar archives." without its first two words.
func brief(p library.PackageRef) string {
	rest, ok := strings.CutPrefix(p.Synopsis, "Package "+p.Name+" ")
	r, size := utf8.DecodeRuneInString(rest)
	if !ok || size == 0 {
		return p.Synopsis
	}
	return string(unicode.ToUpper(r)) + rest[size:]
}

// linkable reports whether an import of the standard library has a page.
func linkable(importPath string) bool {
	if importPath == "C" {
		return false
	}
	for elem := range strings.SplitSeq(importPath, "/") {
		if elem == "internal" || elem == "vendor" || strings.Contains(elem, ".") {
			return false
		}
	}
	return true
}

// indexed counts the entries of a package's index.
func indexed(p library.Package) int {
	n := len(p.Funcs) + len(p.Types)
	for _, t := range p.Types {
		n += len(t.Funcs) + len(t.Methods)
	}
	return n
}

func indexName(f library.Func) string {
	if f.Recv != "" {
		return "func (" + f.Recv + ") " + f.Name
	}
	return "func " + f.Name
}

func builtFiles(p library.Package) []library.File { return filter(p.Files, true) }

func otherFiles(p library.Package) []library.File { return filter(p.Files, false) }

// filter takes the files that make the package, or the others.
func filter(files []library.File, built bool) []library.File {
	var out []library.File
	for _, f := range files {
		if (f.Built && !f.Test) == built {
			out = append(out, f)
		}
	}
	return out
}
