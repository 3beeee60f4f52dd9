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
	Path      string // import path of the package
	Module    string // "golang.org/x/mod@v0.42.0"; empty for the Go installation
	Name      string // of the symbol; empty for a package
	Kind      string // "package", "command", or the kind of the symbol
	Signature string
	Synopsis  string
}

// MaxResults bounds what a search returns, MaxQuery what it looks at, in bytes.
const (
	MaxResults = 60
	MaxQuery   = 200
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

// What makes a name fit less well than one of the same class.
const (
	symbolLater     = 3 // a package of that name comes first
	moduleLater     = 4 // the standard library comes first
	deprecatedLater = 5
)

// Search finds packages and symbols by their names: "http", "net/http",
// "http.Server", "Server.Shutdown", "server shutdown", "LaS". The best come
// first, a type before functions of its name, the standard library before
// modules, and what is imported most before the rest. It returns at most limit,
// without signatures and the synopses of symbols, which [Describe] adds, and how
// many there are.
func (x *Index) Search(query string, limit int) (results []Result, total int) {
	query = strings.ReplaceAll(strings.Join(strings.Fields(query), " "), " ", ".")
	if query == "" || len(query) > MaxQuery || !utf8.ValidString(query) {
		return nil, 0
	}
	q := newPattern(query)
	best := best{limit: min(limit, MaxResults)}
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.standard != nil {
		q.searchShelf(&best, x.standard, nil)
	}
	for _, s := range x.modules {
		q.searchShelf(&best, s, x.uses)
	}
	return best.results(), best.total
}

// Describe adds the signatures and synopses of symbols to results. contents is
// asked once for each module that a result is of, and "" for the Go installation;
// what it does not have is left out.
func Describe(results []Result, contents func(module string) (Contents, bool)) {
	asked := make(map[string]map[string]*CatalogPackage)
	for i := range results {
		r := &results[i]
		packages, ok := asked[r.Module]
		if !ok {
			packages = make(map[string]*CatalogPackage)
			if c, ok := contents(r.Module); ok {
				for i := range c.Packages {
					packages[c.Packages[i].Path] = &c.Packages[i]
				}
			}
			asked[r.Module] = packages
		}
		p := packages[r.Path]
		if p == nil || r.Name == "" {
			continue
		}
		r.Synopsis = ""
		for _, s := range p.Symbols {
			if s.Name == r.Name {
				r.Signature, r.Synopsis = s.Signature, s.Synopsis
				break
			}
		}
	}
}

// A candidate is a result with what decides about its place.
type candidate struct {
	shelf   *shelf
	p       *shelved
	name    string
	kind    kind
	rank    int
	uses    int // of the package
	slashes int
}

func (a candidate) compare(b candidate) int {
	return cmp.Or(
		cmp.Compare(a.rank, b.rank),
		cmp.Compare(a.kind.order(), b.kind.order()),
		cmp.Compare(len(a.name), len(b.name)),
		cmp.Compare(b.uses, a.uses),
		cmp.Compare(a.slashes, b.slashes),
		cmp.Compare(a.p.path, b.p.path),
		cmp.Compare(a.name, b.name),
		cmp.Compare(a.shelf.module, b.shelf.module),
	)
}

// best keeps the first few of many candidates.
type best struct {
	limit int
	total int
	list  []candidate
	full  bool // the list has had as many as the limit, the last of which is at the limit
}

func (b *best) add(c candidate) {
	b.total++
	if b.full && c.compare(b.list[b.limit-1]) > 0 {
		return
	}
	if b.list = append(b.list, c); len(b.list) >= 4*b.limit {
		b.cut()
	}
}

func (b *best) cut() {
	slices.SortFunc(b.list, candidate.compare)
	if len(b.list) >= b.limit {
		b.list, b.full = b.list[:b.limit], b.limit > 0
	}
}

func (b *best) results() []Result {
	b.cut()
	results := make([]Result, 0, len(b.list))
	for _, c := range b.list {
		results = append(results, Result{Path: c.p.path, Module: c.shelf.module, Name: c.name, Kind: c.kind.String(), Synopsis: c.p.synopsis})
	}
	return results
}

// A pattern is a query in the forms it is compared in.
type pattern struct {
	text    string
	lower   string
	words   string // lower, with spaces between its parts
	letters letters
	humps   bool // has an upper-case letter, so may be the humps of a name
}

func newPattern(text string) pattern {
	lower := strings.ToLower(text)
	return pattern{
		text: text, lower: lower, words: strings.ReplaceAll(lower, ".", " "), letters: lettersOf(text),
		humps: strings.IndexFunc(text, unicode.IsUpper) >= 0,
	}
}

func (q pattern) searchShelf(best *best, s *shelf, uses map[string]int) {
	for i := range s.packages {
		p := &s.packages[i]
		c := candidate{shelf: s, p: p, uses: p.uses, slashes: strings.Count(p.path, "/")}
		later := 0
		if s.module != "" {
			c.uses = uses[p.path]
			later += moduleLater
		}
		if p.deprecated {
			later += deprecatedLater
		}
		found := func(name string, kind kind, rank int) {
			c.name, c.kind, c.rank = name, kind, rank+later
			best.add(c)
		}
		if rank := q.rankPackage(p); rank < rankNone {
			kind := kindPackage
			if p.command {
				kind = kindCommand
			}
			found("", kind, rank)
		}

		// "http.Server" asks for Server in http; "Server.Shutdown" for no package.
		inside, hasInside := q, false
		for _, name := range [...]string{p.path, p.name} {
			if n := len(name); len(q.lower) > n+1 && q.lower[n] == '.' && strings.EqualFold(q.lower[:n], name) {
				inside, hasInside = newPattern(q.text[n+1:]), true
				break
			}
		}
		for i, has := range p.letters {
			if hasInside && has.has(inside.letters) {
				name := p.symbol(i)
				if rank := inside.rankSymbol(name); rank < rankNone {
					found(name, p.kinds[i], rank)
					continue
				}
			}
			if has.has(q.letters) {
				name := p.symbol(i)
				if rank := q.rankSymbol(name); rank < rankNone {
					found(name, p.kinds[i], rank+symbolLater)
				}
			}
		}
	}
}

// rankPackage compares with the path, the name, and the synopsis.
func (q pattern) rankPackage(p *shelved) int {
	base := p.path[strings.LastIndexByte(p.path, '/')+1:]
	rank := min(q.rank(p.path), q.rank(base)+1) // the whole path counts for more
	if p.name != "main" {
		rank = min(rank, q.rank(p.name)+1)
	}
	if rank > rankText && indexFold(p.synopsis, q.words) >= 0 {
		rank = rankText + 2
	}
	return rank
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
