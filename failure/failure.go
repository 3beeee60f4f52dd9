// Package failure reads errors for the machines that answer with them: which
// kind of fault an error is, which status answers it, and which half of it a
// visitor may see.
package failure

import (
	"context"
	"errors"
	"net/http"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/paths"
)

// Kind is the kind of an error: that of the first [gorgon.Error] in its chain,
// those of the errors of package paths, KindTimeout for a deadline that passed,
// and otherwise KindInternal.
func Kind(err error) gorgon.Kind {
	if e, ok := errors.AsType[*gorgon.Error](err); ok && e.Kind != gorgon.KindInternal {
		return e.Kind
	} else if !ok && errors.Is(err, paths.ErrInvalid) {
		return gorgon.KindInvalid
	} else if !ok && errors.Is(err, paths.ErrNotFound) {
		return gorgon.KindNotFound
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return gorgon.KindTimeout
	}
	return gorgon.KindInternal
}

// Status is the HTTP status that answers an error; 200 for nil.
func Status(err error) int {
	if err == nil {
		return http.StatusOK
	}
	if e, ok := errors.AsType[*gorgon.Error](err); ok && e.Status != 0 {
		return e.Status
	}
	return Kind(err).Status()
}

// Of is the safe half of an error, for the error view of the page at path.
func Of(err error, path, locale string) gorgon.Failure {
	status := Status(err)
	f := gorgon.Failure{Status: status, Title: http.StatusText(status), Path: path, Locale: locale}
	if e, ok := errors.AsType[*gorgon.Error](err); ok {
		f.Message, f.Fields = e.Message, e.Fields
	}
	return f
}
