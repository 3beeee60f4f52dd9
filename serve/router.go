// Which page answers, for those who explain it.

package serve

import "github.com/gorgon-go/gorgon"

// Router finds the pages that the handler serves: those that its cache knows.
func (h *Handler) Router() *gorgon.Router { return h.router }
