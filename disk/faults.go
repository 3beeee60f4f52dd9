// What errors of the file system mean.

package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/gorgon-go/gorgon/pages"
)

func isReadOnly(err error) bool {
	return errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission)
}

// missing is lost for a file that is not there. Any other error may pass, and
// must not be taken for a loss.
func missing(lost, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", lost, err)
	}
	return err
}

// mendable says whether an error is one that [Store.recover] mends.
func mendable(err error) bool { return errors.Is(err, errLost) || errors.Is(err, errHeader) }

// fault adds to an error what was being done, and [pages.ErrReadOnly] where
// that is its meaning.
func fault(doing string, key pages.Key, err error) error {
	switch {
	case err == nil:
		return nil
	case isReadOnly(err):
		return fmt.Errorf("%s %s: %w: %w", doing, key, pages.ErrReadOnly, err)
	}
	return fmt.Errorf("%s %s: %w", doing, key, err)
}
