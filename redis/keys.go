// The names of the keys.

package redis

// keys are the names of one store's keys.
type keys struct {
	base string // the beginning of each
	all  []string
}

func newKeys(prefix string) keys {
	k := keys{base: "{" + prefix + "}:v1:"}
	for _, name := range [...]string{"state", "marks", "marks:old", "changes", "heard", "ids", "used"} {
		k.all = append(k.all, k.base+name)
	}
	return k
}

func (k keys) state() string          { return k.all[0] }
func (k keys) ids() string            { return k.all[5] }
func (k keys) used() string           { return k.all[6] }
func (k keys) page(id string) string  { return k.base + "page:" + id }
func (k keys) lease(id string) string { return k.base + "lease:" + id }
func (k keys) sweep() string          { return k.base + "sweep" }
func (k keys) channel() string        { return k.base + "purged" }

// with returns the keys that every script receives, and further ones.
func (k keys) with(more ...string) []string {
	return append(k.all[:len(k.all):len(k.all)], more...)
}

func (k keys) pages(ids []string) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = k.page(id)
	}
	return names
}
