// What tests see of the inside of the package.

package compose

// CleanUp evicts at once what would be evicted in a moment.
func (c *Composer) CleanUp() { c.wholes.CleanUp() }
