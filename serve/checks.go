// What readiness rests on, for operators.

package serve

import (
	"context"

	"github.com/gorgon-go/gorgon/operate"
)

// Checks are what /readyz rests on, with reasons, but for whether the server is
// being stopped.
func (h *Handler) Checks(ctx context.Context) []operate.Check {
	checks := []check{h.health.hasStarted(), h.health.hasStore()}
	if h.health.database != nil {
		checks = append(checks, h.health.hasDatabase())
	}
	checks = append(checks, h.health.own.ask(ctx)...)
	list := make([]operate.Check, len(checks))
	for i, c := range checks {
		list[i] = operate.Check{Name: c.Name, OK: c.OK, Needed: c.Needed, Reason: c.Reason}
	}
	return list
}
