// The ranges of numbers.

package shape

import (
	"math"
	"reflect"
	"strconv"
)

// exact is the largest integer up to which JavaScript has every integer.
const exact = 1<<53 - 1

// number reads a type of numbers. Integers of 64 bits are text in JSON, since
// JavaScript would round them.
func number(t reflect.Type) *Node {
	n := newNode(t, Int)
	n.bits = t.Bits()
	if t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64 {
		n.Kind = Float
		high := floatText(math.MaxFloat64, 64)
		if n.bits == 32 {
			high = floatText(math.MaxFloat32, 32)
		}
		n.setLow("-" + high)
		n.setHigh(high)
		return n
	}
	n.unsigned = t.Kind() >= reflect.Uint
	low, high := int64(math.MinInt64)>>(64-n.bits), uint64(math.MaxInt64)>>(64-n.bits)
	if n.unsigned {
		low, high = 0, math.MaxUint64>>(64-n.bits)
	}
	switch t.Kind() {
	case reflect.Int64, reflect.Uint64:
		n.Kind = Int64String
	case reflect.Int, reflect.Uint:
		low, high = max(low, -exact), min(high, exact)
	}
	n.setLow(strconv.FormatInt(low, 10))
	n.setHigh(strconv.FormatUint(high, 10))
	return n
}

func (n *Node) setLow(text string) {
	n.Low, n.low = text, newLimit(text, n.bits)
}

func (n *Node) setHigh(text string) {
	n.High, n.high = text, newLimit(text, n.bits)
}
