// Added: since which Go a package or symbol exists, as GOROOT/api says.

package library

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// Added is the version of Go in which a package of the standard library first
// had a symbol ("go1.18" for strings and Cut), or, where name is empty, in which
// it first was. It is empty where that is not known: some installations of Go
// have no api directory.
func (l *Library) Added(importPath, name string) string {
	minor, ok := l.added.of(l)[importPath][name]
	if !ok {
		return ""
	}
	return "go1." + strconv.Itoa(int(minor))
}

// additions are read when they are first asked for, and again for another Go.
type additions struct {
	mu      sync.Mutex
	version string
	since   map[string]map[string]uint8 // import path → symbol → the N of go1.N
}

func (a *additions) of(l *Library) map[string]map[string]uint8 {
	version := l.GoVersion()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.since == nil || a.version != version {
		a.version, a.since = version, readAdditions(filepath.Join(l.goroot, "api"))
	}
	return a.since
}

func readAdditions(dir string) map[string]map[string]uint8 {
	since := make(map[string]map[string]uint8)
	for minor := range uint8(255) {
		name := "go1." + strconv.Itoa(int(minor)) + ".txt"
		if minor == 0 {
			name = "go1.txt"
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			if minor == 0 {
				break // what is said of later versions would be wrong without
			}
			continue
		}
		for line := range strings.Lines(string(data)) {
			pkg, symbol := apiLine(strings.TrimSpace(line))
			if pkg == "" {
				continue
			}
			symbols := since[pkg]
			if symbols == nil {
				pkg = strings.Clone(pkg)
				symbols = map[string]uint8{"": minor}
				since[pkg] = symbols
			}
			if _, ok := symbols[symbol]; !ok {
				symbols[strings.Clone(symbol)] = minor
			}
		}
	}
	return since
}

// apiLine reads a line of an API file:
//
//	pkg net/http, method (*Server) Shutdown(context.Context) error
//	pkg sync/atomic, type Pointer[$0 interface{}] struct
//	pkg syscall (linux-amd64), const AF_ALG = 38
//
// It is empty for fields, and for notes that something is deprecated. An
// interface with unexported methods has lines of its methods alone, so these say
// that the interface is there.
func apiLine(line string) (pkg, symbol string) {
	rest, ok := strings.CutPrefix(line, "pkg ")
	if !ok || strings.HasSuffix(rest, "//deprecated") {
		return "", ""
	}
	pkg, rest, ok = strings.Cut(rest, ", ")
	if !ok {
		return "", ""
	}
	pkg, _, _ = strings.Cut(pkg, " (") // a platform
	kind, rest, _ := strings.Cut(rest, " ")
	recv := ""
	switch kind {
	case "const", "var", "func":
	case "type":
		if before, _, member := strings.Cut(rest, " struct, "); member && !strings.Contains(before, "{") {
			return "", ""
		}
	case "method":
		recv, rest, _ = strings.Cut(strings.TrimPrefix(rest, "("), ") ")
		recv = upTo(strings.TrimPrefix(recv, "*"), "[") + "."
	default:
		return "", ""
	}
	return pkg, recv + upTo(rest, " ([")
}

// upTo is a text up to the first of some characters.
func upTo(text, ends string) string {
	if i := strings.IndexAny(text, ends); i >= 0 {
		return text[:i]
	}
	return text
}
