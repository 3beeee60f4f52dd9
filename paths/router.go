// What answers a path, by ServeMux's precedence.

package paths

import "strings"

// A Router finds what answers a path, by its pattern, without allocating. It is
// safe for concurrent use.
type Router[T comparable] struct{ root node[T] }

type node[T comparable] struct {
	literals map[string]*node[T]
	single   *node[T]
	end      T // the path ends here
	slash    T // the path ends here, with a slash
	rest     T // everything below
}

// NewRouter makes a router of targets whose patterns, as pattern says, do not
// conflict. The zero T stands for none.
func NewRouter[T comparable](targets []T, pattern func(T) *Pattern) *Router[T] {
	r := &Router[T]{}
	for _, target := range targets {
		n, p, below := &r.root, pattern(target), false
		for _, s := range p.segments {
			switch s.kind {
			case literal:
				if n.literals[s.text] == nil {
					if n.literals == nil {
						n.literals = map[string]*node[T]{}
					}
					n.literals[s.text] = &node[T]{}
				}
				n = n.literals[s.text]
			case single:
				if n.single == nil {
					n.single = &node[T]{}
				}
				n = n.single
			case rest:
				n.rest, below = target, true
			}
		}
		switch {
		case below:
		case p.slash:
			n.slash = target
		default:
			n.end = target
		}
	}
	return r
}

// Match finds the target for a decoded path, the zero T where there is none.
func (r *Router[T]) Match(path string) (none T) {
	if path == "" || path[0] != '/' {
		return none
	}
	return r.root.match(path)
}

// match finds the target for what is left of a path: "", or "/…".
func (n *node[T]) match(path string) (none T) {
	switch path {
	case "":
		return n.end
	case "/":
		return n.slash
	}
	segment, after := path[1:], ""
	if i := strings.IndexByte(segment, '/'); i >= 0 {
		segment, after = segment[:i], segment[i:]
	}
	if next := n.literals[segment]; next != nil {
		if d := next.match(after); d != none {
			return d
		}
	}
	if n.single != nil && segment != "" {
		if d := n.single.match(after); d != none {
			return d
		}
	}
	if n.rest != none && path[len(path)-1] != '/' {
		return n.rest
	}
	return none
}

// Redirect finds the path that differs from this one only in its trailing
// slash and has a target; false where there is none.
func (r *Router[T]) Redirect(path string) (string, bool) {
	var none T
	other, slash := strings.CutSuffix(path, "/")
	if !slash {
		other = path + "/"
	}
	return other, other != "" && r.Match(other) != none
}
