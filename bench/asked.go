// Pages that are made for each request, beside net/http that does the same work.

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/listen"
)

// askedName, as first argument, makes this program a server that makes its page at
// each request, with net/http alone.
const askedName = "make-each-time"

func askedPath(id int) string { return "/asked/" + strconv.Itoa(id) }

// madeEachTime is the page of 20 KB that is made for each request.
var madeEachTime = gorgon.Page[Table]{
	Path: "/asked/{id}",
	LoadRequest: func(_ context.Context, in gorgon.Input, _ *http.Request) (Table, error) {
		id, err := number(in, articles)
		return makeTable(id), err
	},
	Head: tableHead,
	View: func(t Table) gorgon.Component { return tableView(t) },
}

// serveAsked says its address on its first line, and serves until its input ends.
func serveAsked() error {
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		defer stop()
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	buffers := sync.Pool{New: func() any { return new(bytes.Buffer) }}
	server := &listen.Server{Addr: "127.0.0.1:0", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/asked/"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		buf := buffers.Get().(*bytes.Buffer)
		defer buffers.Put(buf)
		buf.Reset()
		document := tableDocument(id)
		document.Path = r.URL.Path
		if err := layout(document).Render(r.Context(), buf); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(buf.Len()))
		_, _ = w.Write(buf.Bytes())
	})}
	addr, err := server.Listen(ctx)
	if err != nil {
		return err
	}
	fmt.Println(addr)
	return server.Run(ctx)
}

func (b *bench) asked() error {
	folder, err := os.MkdirTemp(b.folder, "asked")
	if err != nil {
		return err
	}
	seedFile := filepath.Join(folder, "asked.seed")
	if _, err := buildSeed(seedFile, site(1, 1), compress.Fast); err != nil {
		return err
	}
	profile := ""
	if b.profile != "" {
		profile = filepath.Join(b.profile, "asked.pprof")
	}
	ours, err := startGorgon(seedFile, "disk:"+filepath.Join(folder, "store"), profile)
	if err != nil {
		return err
	}
	defer ours.stop()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	floor, err := startChild(self, askedName)
	if err != nil {
		return err
	}
	defer floor.stop()
	var all []*crowd
	defer func() {
		for _, c := range all {
			c.close()
		}
	}()
	enter := func(server *child, n int) (*contestant, error) {
		c, err := newCrowd(server.addr, askedPath(7), "", n)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
		return &contestant{server: server, crowd: c}, nil
	}
	for _, n := range []int{many, few} {
		page, err1 := enter(ours, n)
		plain, err2 := enter(floor, n)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		if err := sameAnswer(page.crowd, plain.crowd); err != nil {
			return err
		}
		if err := compete(b.times(14), time.Second, page, plain); err != nil {
			return err
		}
		of := fmt.Sprintf(", %d connections", n)
		beside := func(what, unit string, of, to []float64) row {
			return newRow("asked", what, unit, medianOf(of)).beside(medianOf(to), over(of, to))
		}
		rate := beside("20 KB, made for each request"+of, "req/s", page.rate, plain.rate)
		if n == many {
			rate = rate.ratioGoal("≥", 0.90)
		}
		b.add(rate)
		b.add(beside("the same, p99"+of, "µs", page.p99, plain.p99))
		if !page.blind {
			b.add(beside("the same, server CPU"+of, "µs", page.perHit, plain.perHit))
		}
	}
	return nil
}
