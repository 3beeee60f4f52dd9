// The fields of a form as a tree.

package shape

import (
	"cmp"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Form is what a form sent. Its names are paths: steps.0.text is the member
// text of the first element of steps, labels.key an entry of a map, and the
// elements of a slice of plain values may also have the same name. A name that
// begins with "_" belongs to no type and is ignored.
type Form struct {
	Values map[string][]string
	Files  map[string][]*File
}

// A File is an uploaded file: the type of a field, also as *File or []File.
// Only [Type.Bind] sets it.
type File struct {
	Name        string // as the sender gave it: not a path to trust
	ContentType string // as the sender gave it
	Size        int64
	Open        func() (io.ReadCloser, error)
}

// upload checks a file.
func (n *Node) upload(f File) reason {
	if f.Open == nil {
		return isRequired
	}
	return n.length(int(f.Size))
}

// A branch is a step in the names of a form, with what has that name and what
// is below.
type branch struct {
	key    string
	values []string
	files  []*File
	kids   []*branch
}

// nothing reports whether the form has nothing to bind to a field of this kind
// but the empty text that a browser sends for an empty field.
func (b *branch) nothing(n *Node) bool {
	switch {
	case b == nil:
		return true
	case len(b.kids) > 0:
		return false
	case n.Kind == Upload || n.Kind == List && n.Elem.Kind == Upload:
		return !slices.ContainsFunc(b.files, chosen) && !slices.ContainsFunc(b.values, func(s string) bool { return s != "" })
	}
	return n.scalar() && len(b.files) == 0 && len(b.values) == 1 && b.values[0] == ""
}

// chosen reports whether a file is one: browsers send an empty part for a file
// field that was left empty.
func chosen(f *File) bool { return f != nil && (f.Name != "" || f.Size > 0) }

// tree makes a tree of the names of a form. It does not allocate by index.
func (form Form) tree() (*branch, []Fault) {
	names := make(map[string]bool, len(form.Values)+len(form.Files))
	for name := range form.Values {
		names[name] = true
	}
	for name := range form.Files {
		names[name] = true
	}
	maps.DeleteFunc(names, func(name string, _ bool) bool { return strings.HasPrefix(name, "_") })
	if len(names) > maxNames {
		return nil, []Fault{manyNames.at("")}
	}
	type path struct {
		name  string
		steps []string
	}
	paths := make([]path, 0, len(names))
	root := &branch{}
	for name := range names {
		if strings.Count(name, ".") >= maxDepth {
			return nil, []Fault{tooDeep.at("")}
		}
		paths = append(paths, path{name, nameSteps(name)})
	}
	slices.SortFunc(paths, func(a, b path) int {
		return cmp.Or(slices.Compare(a.steps, b.steps), strings.Compare(a.name, b.name))
	})
	for _, p := range paths {
		at := root
		for _, key := range p.steps {
			if last := len(at.kids) - 1; last < 0 || at.kids[last].key != key {
				at.kids = append(at.kids, &branch{key: key})
			}
			at = at.kids[len(at.kids)-1]
		}
		at.values = append(at.values, form.Values[p.name]...)
		at.files = append(at.files, form.Files[p.name]...)
	}
	return root, nil
}

// dropBlank removes the elements of lists in which nothing was typed, at every
// depth: forms that work without scripts show spare rows. n is the node of b.
func (b *branch) dropBlank(n *Node) {
	if b == nil {
		return
	}
	if n.Kind == List {
		b.values = slices.DeleteFunc(b.values, func(s string) bool { return s == "" })
		b.kids = slices.DeleteFunc(b.kids, func(kid *branch) bool {
			_, isElement := index(kid.key)
			return isElement && kid.blank()
		})
	}
	for _, kid := range b.kids {
		switch n.Kind {
		case List, Map:
			kid.dropBlank(n.Elem)
		case Struct:
			if i := n.find([]byte(kid.key), 0); i >= 0 {
				kid.dropBlank(n.Fields[i].Node)
			}
		}
	}
}

// blank reports whether nothing was typed in a branch.
func (b *branch) blank() bool {
	return !slices.ContainsFunc(b.values, func(s string) bool { return s != "" }) &&
		!slices.ContainsFunc(b.files, chosen) &&
		!slices.ContainsFunc(b.kids, func(kid *branch) bool { return !kid.blank() })
}

// index reads the key of an element of a list.
func index(key string) (int, bool) {
	i, err := strconv.Atoi(key)
	return i, err == nil && i >= 0 && strconv.Itoa(i) == key
}

func joinName(path []string) string {
	escaped := make([]string, len(path))
	for i, key := range path {
		escaped[i] = nameEscapes.Replace(key)
	}
	return strings.Join(escaped, ".")
}

// An element is a branch that is an element of a list.
type element struct {
	index int
	*branch
}

// elements returns the kids whose keys are indexes, in their order, and the
// others.
func (b *branch) elements() (of []element, others []*branch) {
	if b == nil {
		return nil, nil
	}
	for _, kid := range b.kids {
		i, isElement := index(kid.key)
		if !isElement {
			others = append(others, kid)
			continue
		}
		of = append(of, element{i, kid})
	}
	slices.SortFunc(of, func(x, y element) int { return cmp.Compare(x.index, y.index) })
	return of, others
}
