// Queries that are not about the app's data.

package dataflow

import "context"

type apartKey struct{}

// Apart is a context for queries that are not about the app's data, such as
// those of sessions: what they read is not noted, and what they commit is not
// looked for in the outbox. Deadline, end and values are those of ctx.
func Apart(ctx context.Context) context.Context {
	if ReadsOf(ctx) != nil {
		ctx = WithReads(ctx, nil)
	}
	if CommitsOf(ctx) != nil {
		ctx = WithCommits(ctx, nil)
	}
	return context.WithValue(ctx, apartKey{}, true)
}

// IsApart says whether a context is one of Apart.
func IsApart(ctx context.Context) bool { return ctx.Value(apartKey{}) != nil }
