// Notes of the makings of the slow page, by all processes.

package shop

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// notes is a file with one line for each time a making begins or ends.
type notes string

// begin notes a beginning, and returns what notes the end.
func (n notes) begin(path string) (end func() error, err error) {
	return func() error { return n.add(-1, path) }, n.add(1, path)
}

// add adds a line: when, whether one more or one less is under way, and where.
func (n notes) add(change int, path string) error {
	if n == "" {
		return nil
	}
	f, err := os.OpenFile(string(n), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, time.Now().UnixNano(), change, path)
	return errors.Join(err, f.Close())
}
