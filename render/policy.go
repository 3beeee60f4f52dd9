// What a page's inline scripts and styles are let in by.

package render

import "github.com/gorgon-go/gorgon/pages"

func (r *Renderer) policy(u pages.Uses, nonce string) string { return "" }
