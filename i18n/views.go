// What templates ask of messages.

package i18n

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	template "text/template/parse"
)

// Check reads templates, those of html/template and text/template, and reports every
// call of t that would fail when it is rendered, each with file and line: a message
// that does not exist, an argument that the message does not have, and one that is
// missing. It is for a test. Patterns are as in [path.Match], and each has a file.
//
//	err := messages.Check(files, "views/*.html", "mails/*.html")
//
// Keys and names that are not constant, and calls in Go, are found when they are
// rendered.
func (m *Messages) Check(files fs.FS, patterns ...string) error {
	var faults []error
	for _, pattern := range patterns {
		names, err := fs.Glob(files, pattern)
		if err == nil && len(names) == 0 {
			err = errors.New("it matches no file")
		}
		if err != nil {
			return fmt.Errorf("i18n: %s: %w", pattern, err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(files, name)
			if err != nil {
				return fmt.Errorf("i18n: %w", err)
			}
			faults = append(faults, m.checkTemplate(name, string(text))...)
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("i18n: %w", errors.Join(faults...))
	}
	return nil
}

func (m *Messages) checkTemplate(name, text string) (faults []error) {
	main, trees := template.New(name), map[string]*template.Tree{}
	main.Mode = template.SkipFuncCheck
	if _, err := main.Parse(text, "", "", trees); err != nil {
		return []error{err}
	}
	trees[name] = main
	type call struct {
		at    template.Pos
		fault error
	}
	var calls []call
	for _, tree := range trees {
		walk(tree.Root, func(c *template.CommandNode, piped bool) {
			for _, err := range m.checkCall(c, piped) {
				calls = append(calls, call{c.Position(), err})
			}
		})
	}
	slices.SortStableFunc(calls, func(a, b call) int { return int(a.at) - int(b.at) })
	for _, c := range calls {
		line := 1 + strings.Count(text[:c.at], "\n")
		faults = append(faults, fmt.Errorf("%s:%d: %w", name, line, c.fault))
	}
	return slices.CompactFunc(faults, func(a, b error) bool { return a.Error() == b.Error() })
}

// checkCall checks a call of t. One that is piped into is given a value more.
func (m *Messages) checkCall(c *template.CommandNode, piped bool) (faults []error) {
	if f, ok := c.Args[0].(*template.IdentifierNode); !ok || f.Ident != "t" || len(c.Args) < 2 {
		return nil
	}
	key, ok := c.Args[1].(*template.StringNode)
	if !ok {
		return nil
	}
	pairs := c.Args[2:]
	if odd := len(pairs)%2 == 1; odd != piped {
		return []error{fmt.Errorf("message %s: its arguments are not pairs of name and value", key.Text)}
	}
	for _, name := range slices.Sorted(maps.Keys(m.locales)) {
		l, found, err := m.find(name, key.Text)
		if err != nil {
			return []error{errors.New(strings.TrimPrefix(err.Error(), "i18n: "))}
		}
		given, constant := map[string]bool{}, true
		for i := 0; i < len(pairs); i += 2 {
			n, ok := pairs[i].(*template.StringNode)
			if !ok {
				constant = false
				continue
			}
			if given[n.Text] = true; !found.has(n.Text) {
				faults = append(faults, fmt.Errorf("message %s in %s has no argument %s: correct the name, or leave it out", key.Text, l.name, n.Text))
			}
		}
		for _, n := range slices.Sorted(maps.Keys(found.arguments)) {
			if constant && !given[n] {
				faults = append(faults, fmt.Errorf("message %s in %s: argument %s is not given: give it", key.Text, l.name, n))
			}
		}
		if faults != nil {
			return faults // the other locales have the same arguments
		}
	}
	return nil
}

func (m message) has(argument string) bool {
	_, ok := m.arguments[argument]
	return ok
}

// walk visits the commands below a node.
func walk(n template.Node, visit func(c *template.CommandNode, piped bool)) {
	branch := func(b *template.BranchNode) {
		walk(b.Pipe, visit)
		walk(b.List, visit)
		if b.ElseList != nil {
			walk(b.ElseList, visit)
		}
	}
	switch n := n.(type) {
	case *template.ListNode:
		if n != nil { // a file may have nothing but definitions
			for _, kid := range n.Nodes {
				walk(kid, visit)
			}
		}
	case *template.ActionNode:
		walk(n.Pipe, visit)
	case *template.IfNode:
		branch(&n.BranchNode)
	case *template.RangeNode:
		branch(&n.BranchNode)
	case *template.WithNode:
		branch(&n.BranchNode)
	case *template.TemplateNode:
		if n.Pipe != nil {
			walk(n.Pipe, visit)
		}
	case *template.PipeNode:
		for i, c := range n.Cmds {
			visit(c, i > 0)
			for _, arg := range c.Args {
				walk(arg, visit)
			}
		}
	case *template.ChainNode:
		walk(n.Node, visit)
	}
}
