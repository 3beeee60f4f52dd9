// Faults of a seed as a whole.

package seed

import (
	"errors"

	"github.com/gorgon-go/gorgon"
)

// Errors of [Open], found with [errors.Is]. The error also has the name of the
// file and a hint. A missing file gives fs.ErrNotExist.
var (
	ErrNotSeed = errors.New("it is not a seed")
	ErrCut     = errors.New("it is truncated")
	ErrAltered = errors.New("it has been altered")
	ErrVersion = errors.New("another version of Gorgon wrote it")
)

// errClosed is the error of methods after Close, if that can be determined.
var errClosed = errors.New("the seed is closed")

// fault adds the file name and the hint to an error.
func fault(op, path string, err error) error {
	hint := "build again"
	if errors.Is(err, ErrVersion) {
		hint = "build again with this program, or deploy again where the seed is that of a package"
	}
	return &gorgon.Error{Op: op, Path: path, Err: err, Hint: hint}
}
