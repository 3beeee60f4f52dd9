// Notes of the makings of the slow page, by all processes.

package shop

import (
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/e2e/internal/record"
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
	return record.Add(string(n), fmt.Sprint(time.Now().UnixNano(), " ", change, " ", path))
}
