// Files, found once.

package serve

import (
	"net/http"
	"strings"
	"sync"

	"github.com/gorgon-go/gorgon/answer"
)

// A library finds files and keeps what can be made of them once.
type library struct {
	find  func(path string) (answer.File, bool) // nil for no files
	known sync.Map                              // path → *answer.Prepared; as many as there are files
	out   *answer.Writer
}

// at finds the file at a path.
func (l *library) at(path string) (*answer.Prepared, bool) {
	if l.find == nil {
		return nil, false
	}
	if known, ok := l.known.Load(path); ok {
		return known.(*answer.Prepared), true
	}
	f, ok := l.find(path)
	if !ok {
		return nil, false
	}
	p := l.out.PrepareFile(path, f)
	l.known.Store(path, p)
	return p, true
}

// file answers with a file, for a method that reads.
func (a *responder) file(w http.ResponseWriter, r *http.Request, m match, p *answer.Prepared) {
	facts := a.facts(w.Header(), r, &m, 0)
	if r.Method == http.MethodGet && asksForBytes(r.Header["Range"]) {
		a.out.Range(w, r, p, facts)
		return
	}
	c := p.Choose(r, facts)
	if c.Verdict == http.StatusPreconditionFailed {
		a.fail(w, r, m, errPrecondition)
		return
	}
	a.out.File(w, r, c)
}

// asksForBytes says whether a Range is of bytes: any other unit is to be
// ignored (RFC 9110 §14.2).
func asksForBytes(values []string) bool {
	return len(values) > 0 && strings.HasPrefix(values[0], "bytes=")
}
