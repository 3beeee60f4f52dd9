// Decoding structs, lists and maps.

package shape

import (
	"reflect"
)

func (d *decoder) structure(n *Node, v reflect.Value) error {
	if err := d.enter(); err != nil {
		return err
	}
	var given [maxFields / 64]uint64
	count, next := 0, 0
	for d.dec.PeekKind() != '}' {
		raw, err := d.dec.ReadValue()
		if err != nil {
			return syntaxError(err)
		}
		i := n.find(d.unquote(raw), next)
		if i < 0 {
			if err := d.skip(); err != nil {
				return err
			}
			if !d.ignore {
				d.fault(isUnknown)
			}
			continue
		}
		given[i/64] |= 1 << (i % 64)
		count, next = count+1, i+1
		f := n.Fields[i]
		to := f.of(v)
		if f.pointer {
			to.Set(reflect.New(f.Node.Type))
			to = to.Elem()
		}
		if err := d.value(f.Node, to); err != nil {
			return err
		}
	}
	if err := d.leave(); err != nil {
		return err
	}
	if count == len(n.Fields) {
		return nil
	}
	for i, f := range n.Fields {
		if given[i/64]&(1<<(i%64)) == 0 && !f.Optional && !d.full() {
			d.faults = append(d.faults, isRequired.at(string(d.dec.StackPointer())+"/"+escapePointer(f.Name)))
		}
	}
	return nil
}

func (d *decoder) list(n *Node, v reflect.Value) error {
	if err := d.enter(); err != nil {
		return err
	}
	length := 0
	for ; d.dec.PeekKind() != ']'; length++ {
		if n.MaxLen >= 0 && length >= n.MaxLen || d.full() {
			if err := d.skip(); err != nil {
				return err
			}
			continue
		}
		n.grow(v, length)
		if err := d.value(n.Elem, v.Index(length)); err != nil {
			return err
		}
	}
	if err := d.leave(); err != nil {
		return err
	}
	n.notNil(v)
	d.fault(n.length(length))
	d.fault(n.unique(v))
	return nil
}

// grow makes room for the element at index, the next of a list.
func (n *Node) grow(v reflect.Value, index int) {
	switch {
	case n.fixed:
		return
	case index == 0:
		v.Grow(4)
	case index == v.Cap():
		v.Grow(1)
	}
	v.SetLen(index + 1)
}

// notNil makes a list without elements an empty one.
func (n *Node) notNil(v reflect.Value) {
	if !n.fixed && v.IsNil() {
		v.Set(reflect.MakeSlice(n.Type, 0, 0))
	}
}

func (d *decoder) mapping(n *Node, v reflect.Value) error {
	if err := d.enter(); err != nil {
		return err
	}
	v.Set(reflect.MakeMap(n.Type))
	key, elem := reflect.New(n.Key.Type).Elem(), reflect.New(n.Elem.Type).Elem()
	length := 0
	for ; d.dec.PeekKind() != '}'; length++ {
		raw, err := d.dec.ReadValue()
		if err != nil {
			return syntaxError(err)
		}
		if n.MaxLen >= 0 && length >= n.MaxLen || d.full() {
			if err := d.skip(); err != nil {
				return err
			}
			continue
		}
		d.fault(n.Key.setText(key, d.unquote(raw)))
		elem.SetZero()
		if err := d.value(n.Elem, elem); err != nil {
			return err
		}
		v.SetMapIndex(key, elem)
	}
	if err := d.leave(); err != nil {
		return err
	}
	d.fault(n.length(length))
	return nil
}
