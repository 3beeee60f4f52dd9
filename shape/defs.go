// Names of schemas.

package shape

import (
	"reflect"
	"strconv"
	"strings"
)

// Defs holds the schemas of named structs, to which others refer.
type Defs struct {
	Prefix  string         // of references; "" is "#/components/schemas/"
	Schemas map[string]any // by name

	names map[reflect.Type]string
}

// Reserve keeps a name from being given to a type.
func (d *Defs) Reserve(name string) {
	if d.names == nil {
		d.names = map[reflect.Type]string{}
	}
	d.names[nil] = name
}

// Name returns the name that the struct or enum has among these schemas: that
// of its Go type, with a number if another type has the same. It is "" for a
// type without a name.
func (d *Defs) Name(n *Node) string {
	if name, ok := d.names[n.Type]; ok || n.Name == "" {
		return name
	}
	taken := map[string]bool{}
	for _, name := range d.names {
		taken[name] = true
	}
	plain := plainName(n.Name)
	name := plain
	for i := 2; taken[name]; i++ {
		name = plain + strconv.Itoa(i)
	}
	if d.names == nil {
		d.names = map[reflect.Type]string{}
	}
	d.names[n.Type] = name
	return name
}

// plainName makes Page[example.com/shop.Item] to PageItem.
func plainName(name string) string {
	var b strings.Builder
	for _, part := range strings.FieldsFunc(name, func(c rune) bool { return strings.ContainsRune("[],* ", c) }) {
		part = part[strings.LastIndexByte(part, '.')+1:]
		if b.Len() > 0 && part != "" {
			part = strings.ToUpper(part[:1]) + part[1:]
		}
		b.WriteString(strings.Map(func(c rune) rune {
			if c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
				return c
			}
			return -1
		}, part))
	}
	if b.Len() == 0 {
		return "Type"
	}
	return b.String()
}
