// Errors: what the service reports, and what to do about it.

package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/minio/minio-go/v7"

	"github.com/gorgon-go/gorgon/pages"
)

// Answers of the service that are not faults.
var (
	errMissing   = errors.New("there is no such object")
	errUnchanged = errors.New("the object is as it was")
	errConflict  = errors.New("the object is not what it was")
)

// answer sorts the error of one request.
func (s *Store) answer(err error) error {
	var said minio.ErrorResponse
	if err == nil || !errors.As(err, &said) {
		return err
	}
	switch status := said.StatusCode; {
	case said.Code == minio.NoSuchKey:
		return errMissing
	case status == http.StatusNotModified:
		return errUnchanged
	case status == http.StatusPreconditionFailed, status == http.StatusConflict:
		return errConflict
	case said.Code == minio.NoSuchBucket:
		return fmt.Errorf("bucket %q: %w: create it, or correct the location", s.place.bucket, err)
	case said.Code == minio.AuthorizationHeaderMalformed, said.Code == minio.InvalidRegion, status == http.StatusMovedPermanently:
		return fmt.Errorf("bucket %q: %w: name its region in the location, as in region=eu-central-1", s.place.bucket, err)
	case said.Code == "RequestTimeTooSkewed":
		return fmt.Errorf("%w: set this machine's clock", err)
	case status == http.StatusForbidden, status == http.StatusUnauthorized, status == http.StatusNotFound: // a key that does not exist can be any of them
		return fmt.Errorf("bucket %q: %w (%s): check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "+
			"and that they may get, put, delete and list objects there", s.place.bucket, err, said.Code)
	}
	return fmt.Errorf("%w (%s)", err, said.Code)
}

// fault says what failed. It passes the errors of the contract unchanged, and
// prefers the caller's reasons over those of the connection.
func fault(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(context.Cause(ctx), pages.ErrClosed):
		return pages.ErrClosed
	case ctx.Err() != nil:
		return fmt.Errorf("s3: %s: %w", doing, ctx.Err())
	case errors.Is(err, pages.ErrNotFound):
		return pages.ErrNotFound
	}
	return fmt.Errorf("s3: %s: %w", doing, err)
}
