// Package record appends lines to files that several processes write, some of which
// are killed.
package record

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// length is that of each line. A file is written a page at a time, and a process
// that is killed may have written a part of the pages: no line is on two.
const length = 256

// Add appends a line, by one call. Lines of several processes do not mix, and none
// is there in part.
func Add(name, text string) error {
	if len(text) >= length {
		return fmt.Errorf("a line of %d bytes is too long", len(text))
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text + strings.Repeat(" ", length-1-len(text)) + "\n")
	return errors.Join(err, f.Close())
}

// Lines are the lines of a file; none if there is no file.
func Lines(name string) (list []string, err error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	for line := range strings.Lines(string(data)) {
		list = append(list, strings.TrimRight(line, " \n"))
	}
	return list, err
}
