// Search: packages and symbols of a catalog by name.

package library

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Result is a package or symbol that a search found.
type Result struct {
	Path     string // of the package
	Name     string // of the symbol; empty for a package
	Kind     string // "package", "command", or the kind of the symbol
	Synopsis string // of the package

	rank int
	uses int // of the package
}

// MaxResults bounds what a search returns, maxQuery what it looks at.
const (
	MaxResults = 60
	maxQuery   = 100
)

// How well a name fits, best first; the ranks of what follows lie between them.
const (
	rankExact = 10 * iota
	rankFold  // exact but for case
	rankPrefix
	rankHumps // "LaS" for ListenAndServe
	rankPart  // somewhere in the name
	rankText  // somewhere in the synopsis
	rankNone
)

// Search finds packages and symbols by their names: "http", "net/http",
// "http.Server", "Server.Shutdown", "server shutdown", "LaS". The best come
// first, a type before functions of its name, and what the library itself uses
// most before the rest. It returns at most [MaxResults], and how many there are.
func Search(c Catalog, query string) (results []Result, total int) {
	query = strings.ReplaceAll(strings.Join(strings.Fields(query), " "), " ", ".")
	if query == "" || len(query) > maxQuery || !utf8.ValidString(query) {
		return nil, 0
	}
	q := newPattern(query)
	for _, p := range c.Packages {
		results = q.searchPackage(results, p, "package")
	}
	for _, p := range c.Commands {
		results = q.searchPackage(results, p, "command")
	}
	slices.SortFunc(results, func(a, b Result) int {
		return cmp.Or(
			cmp.Compare(a.rank, b.rank),
			cmp.Compare(order(a.Kind), order(b.Kind)),
			cmp.Compare(len(a.Name), len(b.Name)),
			cmp.Compare(b.uses, a.uses),
			cmp.Compare(strings.Count(a.Path, "/"), strings.Count(b.Path, "/")),
			cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Name, b.Name),
		)
	})
	total = len(results)
	results = slices.Clip(results[:min(total, MaxResults)])
	for i := range results {
		results[i].rank, results[i].uses = 0, 0 // so that results are what their JSON says
	}
	return results, total
}

// order is that of the kinds, among what fits as well.
func order(kind string) int {
	switch kind {
	case "package", "command":
		return 0
	case "type":
		return 1
	case "method":
		return 3
	}
	return 2
}

// A pattern is a query in the forms it is compared in.
type pattern struct {
	text  string
	lower string
	humps bool // has an upper-case letter, so may be the humps of a name
}

func newPattern(text string) pattern {
	return pattern{text: text, lower: strings.ToLower(text), humps: strings.IndexFunc(text, unicode.IsUpper) >= 0}
}

func (q pattern) searchPackage(results []Result, p CatalogPackage, kind string) []Result {
	found := func(name, kind string, rank int) {
		if p.Deprecated {
			rank += 5
		}
		results = append(results, Result{Path: p.Path, Name: name, Kind: kind, Synopsis: p.Synopsis, rank: rank, uses: p.Uses})
	}
	base := p.Path[strings.LastIndexByte(p.Path, '/')+1:]
	rank := min(q.rank(p.Path), q.rank(base)+1) // the whole path counts for more
	if rank > rankText && strings.Contains(strings.ToLower(p.Synopsis), strings.ReplaceAll(q.lower, ".", " ")) {
		rank = rankText + 2
	}
	if rank < rankNone {
		found("", kind, rank)
	}

	// "http.Server" asks for Server in http; "Server.Shutdown" for no package.
	inside, hasInside := q, false
	for _, prefix := range []string{p.Path + ".", p.Name + "."} {
		if strings.HasPrefix(q.lower, prefix) && len(q.text) > len(prefix) {
			inside, hasInside = newPattern(q.text[len(prefix):]), true
			break
		}
	}
	for _, s := range p.Symbols {
		if hasInside {
			if rank := inside.rankSymbol(s.Name); rank < rankNone {
				found(s.Name, s.Kind, rank)
				continue
			}
		}
		if rank := q.rankSymbol(s.Name); rank < rankNone {
			found(s.Name, s.Kind, rank+3) // a package of that name comes first
		}
	}
	return results
}

// rankSymbol compares with the whole name and, for a method, its last part.
func (q pattern) rankSymbol(name string) int {
	rank := q.rank(name)
	if _, method, ok := strings.Cut(name, "."); ok {
		rank = min(rank, q.rank(method)+1)
	}
	return rank
}

// rank says how well a name fits.
func (q pattern) rank(name string) int {
	switch {
	case name == q.text:
		return rankExact
	case len(name) < len(q.text):
		return rankNone
	case strings.EqualFold(name, q.text):
		return rankFold
	}
	at := indexFold(name, q.lower)
	switch {
	case at == 0 && (!q.humps || strings.HasPrefix(name, q.text)):
		return rankPrefix
	case q.humps && initials(name, q.text):
		return rankHumps // before LastIndex for "LaS"
	case q.humps && humps(name, q.text):
		return rankHumps + 2
	case at == 0:
		return rankHumps + 5
	case at > 0:
		return rankPart
	}
	return rankNone
}

// indexFold is strings.Index without regard to the case of ASCII letters;
// lower is lower case already. It exists for speed: lowering fifteen thousand
// names for each query would allocate them all.
func indexFold(s, lower string) int {
	for i := 0; i+len(lower) <= len(s); i++ {
		j := 0
		for j < len(lower) && asciiLower(s[i+j]) == lower[j] {
			j++
		}
		if j == len(lower) {
			return i
		}
	}
	return -1
}

func asciiLower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// humps reports whether the query is made of beginnings of the humps of a camel
// case name, from the first one on: "LAS", "LaS" and "LisServe" fit
// ListenAndServe. Each upper-case letter of the query starts a hump; a lower-case
// letter goes on in its hump or, if it cannot, starts the next.
func humps(name, query string) bool {
	if name == "" || asciiLower(name[0]) != asciiLower(query[0]) {
		return false
	}
	i := 1 // in name: just after the last byte that fitted
	for j := 1; j < len(query); j++ {
		c := query[j]
		if c < 'A' || c > 'Z' {
			if i < len(name) && name[i] == c {
				i++
				continue
			}
		}
		for i < len(name) && !(isHump(name, i) && asciiLower(name[i]) == asciiLower(c)) {
			i++
		}
		if i == len(name) {
			return false
		}
		i++
	}
	return true
}

// initials reports whether the query is the first letters of all humps.
func initials(name, query string) bool {
	j := 0
	for i := range len(name) {
		if i > 0 && !isHump(name, i) {
			continue
		}
		if j == len(query) || asciiLower(name[i]) != asciiLower(query[j]) {
			return false
		}
		j++
	}
	return j == len(query)
}

// isHump reports whether a hump of a camel case name starts at i.
func isHump(name string, i int) bool {
	c := name[i]
	return 'A' <= c && c <= 'Z' || i > 0 && name[i-1] == '.'
}
