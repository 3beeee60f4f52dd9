// Setting numbers.

package shape

import (
	"bytes"
	"reflect"
	"strconv"
)

// setInt64 sets an integer of 64 bits from its one form in JSON.
func (n *Node) setInt64(v reflect.Value, text []byte) reason {
	size, neg := bytes.CutPrefix(text, []byte("-"))
	if len(size) == 0 || leadingDigits(string(size)) != string(size) || size[0] == '0' && (neg || len(size) > 1) {
		return notInt64
	}
	return n.setInteger(v, string(text), neg)
}

// setInteger sets an integer from digits with a sign.
func (n *Node) setInteger(v reflect.Value, text string, neg bool) reason {
	beyond := n.above()
	if neg {
		beyond = n.below()
	}
	if n.unsigned {
		u, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return beyond
		}
		if detail := n.natural(u); detail != none {
			return detail
		}
		v.SetUint(u)
		return none
	}
	i, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return beyond
	}
	if detail := n.signed(i); detail != none {
		return detail
	}
	v.SetInt(i)
	return none
}

// setNumber sets a number from JSON.
func (n *Node) setNumber(v reflect.Value, raw []byte) reason {
	if n.Kind == Float {
		return n.setFloat(v, string(raw), false)
	}
	if i, ok := smallInteger(raw); ok && !(n.unsigned && i < 0) {
		if n.unsigned {
			v.SetUint(uint64(i))
			return n.natural(uint64(i))
		}
		v.SetInt(i)
		return n.signed(i)
	}
	return n.setWhole(v, string(raw), false)
}

// smallInteger reads an integer of at most 18 digits without a fraction.
func smallInteger(raw []byte) (int64, bool) {
	size, neg := bytes.CutPrefix(raw, []byte("-"))
	if len(size) > 18 {
		return 0, false
	}
	var i int64
	for _, c := range size {
		if c < '0' || c > '9' {
			return 0, false
		}
		i = i*10 + int64(c-'0')
	}
	if neg {
		i = -i
	}
	return i, true
}

// setWhole sets an integer from any form of a number, such as 1e2.
func (n *Node) setWhole(v reflect.Value, text string, loose bool) reason {
	d, ok := parseDecimal(text, loose)
	if !ok {
		return notWhole
	}
	integer, whole := d.integer()
	if !whole {
		return notWhole
	}
	if detail := n.decimal(d); detail != none {
		return detail
	}
	return n.setInteger(v, integer, d.neg)
}

// setFloat sets a float. A number that rounding could bring into the range is
// compared exactly.
func (n *Node) setFloat(v reflect.Value, text string, loose bool) reason {
	f, _ := strconv.ParseFloat(text, n.bits)
	if loose || !(n.low.f < f && f < n.high.f) {
		d, ok := parseDecimal(text, loose)
		if !ok {
			return notNumber
		}
		if detail := n.decimal(d); detail != none {
			return detail
		}
	}
	v.SetFloat(f)
	return none
}
