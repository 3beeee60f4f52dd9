//go:build !unix

// Elsewhere than on Unix nothing can be imitated.

package rehearse

import (
	"context"
	"errors"
	"time"
)

type house struct {
	*rehearsal
	store   string
	imposed []string
}

var errUnix = errors.New("rehearse: a place can be imitated on Unix alone: rehearse on Linux, or leave --rehearse out")

func newHouse(*rehearsal) (*house, error) { return nil, errUnix }

func (*house) open(context.Context) (string, error) { return "", errUnix }

func (*house) failedToMake(string) bool { return false }

func (*house) purge(context.Context) error { return errUnix }

func (*house) stop(context.Context) (time.Duration, error) { return 0, errUnix }

func (*house) close() error { return nil }
