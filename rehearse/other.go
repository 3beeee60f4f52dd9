//go:build !unix

// Elsewhere than on Unix nothing can be imitated.

package rehearse

import (
	"context"
	"errors"
	"time"
)

type sandbox struct {
	*rehearsal
	store   string
	imposed []string

	database string
}

var errUnix = errors.New("rehearse: a target can be imitated on Unix only: rehearse on Linux, or leave --rehearse out")

func newSandbox(*rehearsal, *sandbox) (*sandbox, error) { return nil, errUnix }

func (*rehearsal) upgrade(context.Context, []target) error { return errUnix }

func (*sandbox) open(context.Context) (string, error) { return "", errUnix }

func (*sandbox) failedToMake(string) bool { return false }

func (*sandbox) purge(context.Context) error { return errUnix }

func (*sandbox) stop(context.Context) (time.Duration, error) { return 0, errUnix }

func (*sandbox) close() error { return nil }

func (*sandbox) frozen() bool { return false }

func (*sandbox) command(context.Context, ...string) (string, error) { return "", errUnix }
