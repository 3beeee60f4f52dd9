// Cache: the few parsed packages that are kept, least recently used out first.

package library

import (
	"container/list"
	"sync"
	"time"
)

// A cache maps directories to parsed packages. Concurrent asks for the same
// directory share one parse.
type cache struct {
	limit int

	mu      sync.Mutex
	order   *list.List // of *cacheEntry, the most recently used in front
	entries map[string]*list.Element
}

type cacheEntry struct {
	dir   string
	mtime time.Time // of the directory: changes when Go is upgraded in place

	once sync.Once
	pkg  *parsed
	err  error
}

func newCache(limit int) *cache {
	return &cache{limit: limit, order: list.New(), entries: make(map[string]*list.Element)}
}

// get returns the package kept for dir, parsing it when there is none or the
// directory's time is another one.
func (c *cache) get(dir string, mtime time.Time, parse func() (*parsed, error)) (*parsed, error) {
	e := c.entry(dir, mtime)
	e.once.Do(func() { e.pkg, e.err = parse() })
	if e.err != nil {
		c.drop(e)
	}
	return e.pkg, e.err
}

func (c *cache) entry(dir string, mtime time.Time) *cacheEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.entries[dir]; ok {
		if e := el.Value.(*cacheEntry); e.mtime.Equal(mtime) {
			c.order.MoveToFront(el)
			return e
		}
		c.order.Remove(el)
	}
	e := &cacheEntry{dir: dir, mtime: mtime}
	c.entries[dir] = c.order.PushFront(e)
	for c.order.Len() > c.limit {
		oldest := c.order.Remove(c.order.Back()).(*cacheEntry)
		delete(c.entries, oldest.dir)
	}
	return e
}

// drop forgets an entry that failed, so that the next ask tries again.
func (c *cache) drop(e *cacheEntry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.entries[e.dir]; ok && el.Value.(*cacheEntry) == e {
		c.order.Remove(el)
		delete(c.entries, e.dir)
	}
}
