// Fragments: a page composed of ten, compared with the same page in one piece.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/compress"
)

// pieces is the number of fragments of a table.
const pieces = 10

// A Piece says which part of which table.
type Piece struct{ Table, Part int }

// piece is a fragment with a tenth of a table.
var piece = gorgon.Fragment[Piece, Table]{
	Name: "piece",
	Load: func(_ context.Context, _ gorgon.Input, p Piece) (Table, error) {
		t := makeTable(p.Table)
		t.Rows = t.Rows[p.Part*rows/pieces : (p.Part+1)*rows/pieces]
		return t, nil
	},
	View: func(t Table) gorgon.Component { return rowsView(t) },
}

func piecedPath(id int) string { return fmt.Sprintf("/pieced/%d", id) }

// piecedPages is how many pages are put together of fragments: few, so that a
// build of tables is one of tables.
const piecedPages = 10

// pieced is a table whose rows are fragments.
func pieced(tables int) gorgon.Part {
	return gorgon.Page[Piece]{
		Path:  "/pieced/{id}",
		Paths: listed(tables, piecedPath),
		Load: func(_ context.Context, in gorgon.Input) (Piece, error) {
			id, err := number(in, tables)
			return Piece{Table: id}, err
		},
		Head: func(p Piece) gorgon.Head { return tableHead(makeTable(p.Table)) },
		View: func(p Piece) gorgon.Component {
			return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
				return piecedView(makeTable(p.Table).Title, p.Table).Render(ctx, w)
			})
		},
	}
}

func (b *bench) fragments() (err error) {
	folder, err := os.MkdirTemp(b.folder, "fragments")
	if err != nil {
		return err
	}
	seedFile := filepath.Join(folder, "fragments.seed")
	if _, err := buildSeed(seedFile, site(piecedPages, 10), compress.Fast); err != nil {
		return err
	}
	server, err := startGorgon(seedFile, "disk:"+filepath.Join(folder, "store"), "")
	if err != nil {
		return err
	}
	defer server.stop()
	var crowds []*crowd
	defer func() {
		for _, c := range crowds {
			c.close()
		}
	}()
	enter := func(path, encoding string) *contestant {
		c, cerr := newCrowd(server.addr, path, encoding, many)
		if cerr != nil {
			err = errors.Join(err, cerr)
			return nil
		}
		crowds = append(crowds, c)
		return &contestant{server: server, crowd: c}
	}
	plain, put := enter(tablePath(7), ""), enter(piecedPath(7), "")
	plainPacked, putPacked := enter(tablePath(7), "br"), enter(piecedPath(7), "br")
	if err != nil {
		return err
	}
	_, html, err := plain.crowd.once()
	if err != nil {
		return err
	}
	if err := sameBytes(put.crowd, html, ""); err != nil {
		return err
	}
	if err := compete(b.times(14), time.Second, plain, put, plainPacked, putPacked); err != nil {
		return err
	}
	beside := func(what, unit string, of, to []float64) row {
		return newRow("fragments", what, unit, medianOf(of)).beside(medianOf(to), over(of, to))
	}
	b.add(beside("a page of ten, beside the same in one piece", "req/s", put.rate, plain.rate).ratioGoal("≥", 0.70))
	b.add(beside("the same as brotli", "req/s", putPacked.rate, plainPacked.rate).ratioGoal("≥", 0.70))
	b.add(beside("p99, 64 connections", "µs", put.p99, plain.p99))
	if !plain.blind {
		b.add(beside("server CPU per request", "µs", put.perHit, plain.perHit))
	}
	return nil
}
