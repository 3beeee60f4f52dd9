// What can be wrong with a seed as a whole.

package seed

import (
	"errors"

	"github.com/gorgon-go/gorgon"
)

// Errors of [Open], found with [errors.Is]. They come with the file's name
// and the mend. A file that is not there is fs.ErrNotExist.
var (
	ErrNotSeed = errors.New("it is not a seed")
	ErrCut     = errors.New("it is cut short")
	ErrAltered = errors.New("it has been altered")
	ErrVersion = errors.New("another version of Gorgon wrote it")
)

// errClosed is of every method after Close, where that can be told.
var errClosed = errors.New("the seed is closed")

// fault names the file and the mend of an error.
func fault(op, path string, err error) error {
	mend := "build again"
	if errors.Is(err, ErrVersion) {
		mend = "build again with this program"
	}
	return &gorgon.Error{Op: op, Path: path, Err: err, Mend: mend}
}
