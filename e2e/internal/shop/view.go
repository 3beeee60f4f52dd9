// What pages show, and how to read it back.

package shop

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"github.com/gorgon-go/gorgon"
)

// A Row is one row of a table, with the version that it was read at.
type Row struct {
	Table   string `json:"table"`
	ID      int64  `json:"id"`
	Version int64  `json:"version"`
}

// Name names the row, in whatever version.
func (r Row) Name() string { return r.Table + " " + strconv.FormatInt(r.ID, 10) }

// A State is the rows that a page shows.
type State []Row

func view(s State) gorgon.Component {
	return gorgon.ComponentFunc(func(_ context.Context, w io.Writer) error {
		for _, r := range s {
			if _, err := fmt.Fprintf(w, `<i>{"table":"%s","id":"%d","version":"%d"}</i>`, r.Table, r.ID, r.Version); err != nil {
				return err
			}
		}
		return nil
	})
}

var shown = regexp.MustCompile(`\{"table":"(\w+)","id":"(\d+)","version":"(\d+)"\}`)

// Read reads back which versions an answer shows, by the rows' names.
func Read(body []byte) map[string]int64 {
	rows := map[string]int64{}
	for _, m := range shown.FindAllSubmatch(body, -1) {
		id, _ := strconv.ParseInt(string(m[2]), 10, 64)
		version, _ := strconv.ParseInt(string(m[3]), 10, 64)
		rows[Row{Table: string(m[1]), ID: id}.Name()] = version
	}
	return rows
}
