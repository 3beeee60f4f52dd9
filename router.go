// Which page answers a path, by ServeMux's precedence.

package gorgon

import "strings"

// A Router finds the page for a path without allocating. It is safe for
// concurrent use.
type Router struct{ root node }

type node struct {
	literals map[string]*node
	single   *node
	page     *Definition // the path ends here
	slash    *Definition // the path ends here, with a slash
	rest     *Definition // everything below
}

// NewRouter makes a router of pages whose patterns do not conflict.
func NewRouter(pages []*Definition) *Router {
	r := &Router{}
	for _, d := range pages {
		n := &r.root
		for _, s := range d.Pattern.segments {
			switch s.kind {
			case literal:
				if n.literals[s.text] == nil {
					if n.literals == nil {
						n.literals = map[string]*node{}
					}
					n.literals[s.text] = &node{}
				}
				n = n.literals[s.text]
			case single:
				if n.single == nil {
					n.single = &node{}
				}
				n = n.single
			case rest:
				n.rest = d
			}
		}
		switch {
		case n.rest == d:
		case d.Pattern.slash:
			n.slash = d
		default:
			n.page = d
		}
	}
	return r
}

// Match finds the page for a decoded path, nil where there is none.
func (r *Router) Match(path string) *Definition {
	if path == "" || path[0] != '/' {
		return nil
	}
	return r.root.match(path)
}

// match finds the page for what is left of a path: "", or "/…".
func (n *node) match(path string) *Definition {
	switch path {
	case "":
		return n.page
	case "/":
		return n.slash
	}
	segment, after := path[1:], ""
	if i := strings.IndexByte(segment, '/'); i >= 0 {
		segment, after = segment[:i], segment[i:]
	}
	if next := n.literals[segment]; next != nil {
		if d := next.match(after); d != nil {
			return d
		}
	}
	if n.single != nil && segment != "" {
		if d := n.single.match(after); d != nil {
			return d
		}
	}
	if n.rest != nil && path[len(path)-1] != '/' {
		return n.rest
	}
	return nil
}

// Redirect finds the path that differs from this one only in its trailing
// slash and has a page; false where there is none.
func (r *Router) Redirect(path string) (string, bool) {
	other, slash := strings.CutSuffix(path, "/")
	if !slash {
		other = path + "/"
	}
	return other, other != "" && r.Match(other) != nil
}
