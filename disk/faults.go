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

// missing maps a missing file to lost. Any other error may be temporary, and
// must not count as a loss.
func missing(lost, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", lost, err)
	}
	return err
}

// repairable says whether [Store.recover] can repair the cause of an error.
func repairable(err error) bool { return errors.Is(err, errLost) || errors.Is(err, errHeader) }

// fault adds to an error what was being done, and wraps [pages.ErrReadOnly] if
// that is what it means.
func fault(doing string, key pages.Key, err error) error {
	switch {
	case err == nil:
		return nil
	case isReadOnly(err):
		return fmt.Errorf("%s %s: %w: %w", doing, key, pages.ErrReadOnly, err)
	}
	return fmt.Errorf("%s %s: %w", doing, key, err)
}
