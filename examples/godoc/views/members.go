// Members: what belongs to a symbol, and what it belongs to.

package views

import (
	"strconv"
	"strings"

	"github.com/gorgon-go/gorgon/examples/godoc/library"
)

func membersOf(s library.Symbol, kind string) []library.Member {
	var list []library.Member
	for _, m := range s.Members {
		if m.Kind == kind {
			list = append(list, m)
		}
	}
	return list
}

// ownerOf is the type of a method.
func ownerOf(s library.Symbol) string {
	owner, _, ok := strings.Cut(s.Name, ".")
	if !ok {
		return ""
	}
	return owner
}

func position(p library.Position) string { return p.File + ":" + strconv.Itoa(p.Line) }
