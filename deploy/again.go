// The command that makes a package again.

package deploy

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/gorgon-go/gorgon/pack"
)

// Again are the words after "gorgon deploy", called in a folder of the repository,
// that make the same package again: the words that it was called with, as a shell
// reads them.
func (s Site) Again(in string) string {
	words := []string{ShellWord(s.Program(in)), "--to", s.Outcome.Target.Name}
	add := func(flag, value string) { words = append(words, flag, ShellWord(value)) }
	if list := s.arches(); list != "" {
		add("--arch", list)
	}
	if s.Store != "" && s.Store != "none" {
		add("--store", s.Store)
	}
	if s.Package.Base != "" {
		add("--base", s.Package.Base)
	}
	if n := s.Outcome.Setting.Replicas; n > 0 {
		add("--replicas", strconv.Itoa(n))
	}
	if s.Outcome.Setting.AlwaysOn {
		words = append(words, "--always-on")
	}
	if d := s.Package.Deployed; d != nil {
		for _, name := range d.Accepted {
			add("--accept", name)
		}
	}
	return strings.Join(words, " ")
}

// Program is the folder of the main package, from a folder of the repository: that
// folder itself if the package is not below it.
func (s Site) Program(in string) string {
	in, main := path.Clean(in), path.Clean(s.Main)
	if in != "." {
		rest, inside := strings.CutPrefix(main, in)
		if !inside {
			return "."
		}
		main = path.Clean(strings.TrimPrefix(rest, "/"))
	}
	if main == "." {
		return "."
	}
	return "./" + main
}

// arches are the architectures of the package, as deploy takes them.
func (s Site) arches() string {
	if len(s.Folders) < 2 {
		return s.Package.Arch
	}
	var list []string
	for _, folder := range s.Folders {
		m, err := pack.In(folder)
		if err != nil {
			return s.Package.Arch
		}
		list = append(list, m.Arch)
	}
	return strings.Join(list, ",")
}

// plain is a word that needs no quotes in a shell.
var plain = regexp.MustCompile(`^[A-Za-z0-9._/,-]+$`)

// ShellWord is a text as one word of a shell.
func ShellWord(s string) string {
	if plain.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
