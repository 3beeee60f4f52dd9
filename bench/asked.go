// Pages that are made for each request, beside net/http that does the same work.

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

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
	program, err := exec.LookPath("wrk")
	if err != nil {
		fmt.Fprintln(os.Stderr, "asked: wrk is not installed, so its rows are left out: scripts/servers installs it")
		return nil
	}
	const page, plain = 0, 1
	for _, set := range []setting{{1, few}, {1, many}, {2, many}} {
		servers, order := [2]*child{ours, floor}, []int{page, plain}
		var rates, p99s, perHit [2][]float64
		for range b.times(14) {
			for _, i := range order {
				before, ok1 := cpuTime(servers[i].pid())
				rate, p99, err := runWrk(program, set, "http://"+servers[i].addr+askedPath(7))
				if err != nil {
					return fmt.Errorf("%s: %w", set, err)
				}
				after, ok2 := cpuTime(servers[i].pid())
				rates[i], p99s[i] = append(rates[i], rate), append(p99s[i], p99)
				if ok1 && ok2 {
					perHit[i] = append(perHit[i], (after-before).Seconds()*1e6/rate) // wrk asks for a second
				}
			}
			slices.Reverse(order)
		}
		beside := func(what, unit string, of [2][]float64) row {
			return newRow("asked", set.String()+what, unit, medianOf(of[page])).beside(medianOf(of[plain]), over(of[page], of[plain]))
		}
		rate := beside("", "req/s", rates)
		if set.connections == many {
			rate = rate.ratioGoal("≥", 0.90)
		}
		b.add(rate)
		b.add(beside(", p99", "µs", p99s))
		if len(perHit[page]) > 0 {
			b.add(beside(", server CPU per request", "µs", perHit))
		}
	}
	return nil
}
