// Who asks: what guards know, and what is made of it.

package serve

import (
	"context"

	"github.com/gorgon-go/gorgon/answer"
)

type callerKey struct{}

// WithCaller is a context in which the caller of a request is known, by a name
// that no other caller has. A guard that has found out who it is calls it.
func WithCaller(ctx context.Context, caller string) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// CallerOf is the caller that a guard has named; "" for none.
func CallerOf(ctx context.Context) string {
	caller, _ := ctx.Value(callerKey{}).(string)
	return caller
}

// Private says that the response to the request of a context depends on who
// asks: it is private and not stored, as if the page had a guard. Guards,
// handlers and middleware call it, before they send anything. It has no effect
// outside of an app.
func Private(ctx context.Context) {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok {
		v.known.Add(answer.Guarded)
	}
}
