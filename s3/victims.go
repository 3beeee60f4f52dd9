// Selecting the least recently used of many records in bounded memory.

package s3

import "container/heap"

// maxVictims limits the records that one pass of a sweep selects.
const maxVictims = 1 << 16

// victims are the least recently used of the records offered, as many as needed
// to free enough bytes, the most recent on top of the heap.
type victims struct {
	need   int64
	weight int64
	chosen []victim
}

type victim struct {
	found
	weight int64
}

// offer adds a record, and drops the most recent ones that are then not needed.
func (v *victims) offer(f found, weight int64) {
	if v.weight >= v.need && !f.used.Before(v.chosen[0].used) {
		return
	}
	heap.Push(v, victim{f, weight})
	v.weight += weight
	for v.weight-v.chosen[0].weight >= v.need || len(v.chosen) > maxVictims {
		v.weight -= heap.Pop(v).(victim).weight
	}
}

// full says whether there was no room for further victims.
func (v *victims) full() bool { return v.weight < v.need && len(v.chosen) == maxVictims }

func (v *victims) Len() int           { return len(v.chosen) }
func (v *victims) Less(i, j int) bool { return v.chosen[i].used.After(v.chosen[j].used) }
func (v *victims) Swap(i, j int)      { v.chosen[i], v.chosen[j] = v.chosen[j], v.chosen[i] }
func (v *victims) Push(x any)         { v.chosen = append(v.chosen, x.(victim)) }

func (v *victims) Pop() any {
	last := v.chosen[len(v.chosen)-1]
	v.chosen = v.chosen[:len(v.chosen)-1]
	return last
}
