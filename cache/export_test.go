package cache

import (
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/pages"
)

// A Note notes that a loader has read a value.
type Note = func(reads *dataflow.Reads, cache string, e *pages.Entry, epoch uint64, stale bool)

// Plant has the values of a cache noted in another way.
func (c *Cache) Plant(name string, note Note) { c.caches[name].(*values).note = note }
