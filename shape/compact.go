// Forms shown again.

package shape

import (
	"slices"
	"strconv"
	"strings"
)

// Compact returns the form with the indexes that the pointers of faults have:
// if steps.7 is the only element of steps, it is steps.0. The elements of one
// name come before those with indexes, and keep their name. So a page can show
// again what was typed.
func (t *Type) Compact(form Form) Form {
	root, faults := form.tree()
	if faults != nil {
		return form
	}
	root.dropBlank(t.node)
	out := Form{Values: map[string][]string{}, Files: map[string][]*File{}}
	for name, values := range form.Values {
		if strings.HasPrefix(name, "_") {
			out.Values[name] = values
		}
	}
	out.compact(t.node, root, nil)
	return out
}

// compact adds a branch at its path. n is nil below what the type has.
func (form Form) compact(n *Node, b *branch, path []string) {
	if len(b.values) > 0 {
		form.Values[joinName(path)] = b.values
	}
	if len(b.files) > 0 {
		form.Files[joinName(path)] = b.files
	}
	under := func(n *Node, kid *branch, key string) {
		form.compact(n, kid, append(slices.Clip(path), key))
	}
	if n != nil && n.Kind == List {
		elements, others := b.elements()
		for i, e := range elements {
			under(n.Elem, e.branch, strconv.Itoa(len(b.values)+len(b.files)+i))
		}
		for _, kid := range others {
			under(nil, kid, kid.key)
		}
		return
	}
	for _, kid := range b.kids {
		var of *Node
		switch {
		case n != nil && n.Kind == Struct:
			if i := n.find([]byte(kid.key), 0); i >= 0 {
				of = n.Fields[i].Node
			}
		case n != nil && n.Kind == Map:
			of = n.Elem
		}
		under(of, kid, kid.key)
	}
}
