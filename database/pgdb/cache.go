// What is known of texts.

package pgdb

import "sync"

const (
	maxTexts = 10_000   // how many texts are remembered
	maxBytes = 16 << 20 // and how long they are together
)

// A cache remembers something of each of many texts. When it is full it forgets
// all of them.
type cache[T any] struct {
	mu   sync.RWMutex
	of   map[string]T
	size int // of the texts, in bytes
	when int // how often it was cleared
}

func newCache[T any]() *cache[T] { return &cache[T]{of: map[string]T{}} }

func (c *cache[T]) get(text string) (T, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	v, ok := c.of[text]
	return v, ok
}

// age is a number that changes when the cache is cleared.
func (c *cache[T]) age() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.when
}

// put remembers, unless the cache was cleared since it had an age.
func (c *cache[T]) put(text string, v T, age int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if age != c.when || len(text) > maxBytes/16 {
		return
	}
	if len(c.of) >= maxTexts || c.size+len(text) > maxBytes {
		clear(c.of)
		c.size = 0
	}
	if _, ok := c.of[text]; !ok {
		c.size += len(text)
	}
	c.of[text] = v
}

func (c *cache[T]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.of)
	c.size = 0
	c.when++
}
