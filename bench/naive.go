// The naive store: a handler that asks for the page at each request.

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"

	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
)

// naiveName, as first argument, makes this program a server that keeps nothing
// in memory.
const naiveName = "ask-the-store"

func startNaive(location, path string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return startChild(self, naiveName, "-store", location, "-path", path)
}

// serveNaive serves one record, which it puts into the store itself: as many
// bytes as the article has.
func serveNaive(args []string) (err error) {
	flags := flag.NewFlagSet(naiveName, flag.ContinueOnError)
	location := flags.String("store", "", "the store")
	path := flags.String("path", "", "what is asked for")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	store, err := openStore(ctx, *location)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	entry, err := (&render.Renderer{Build: "bench"}).Make(ctx, render.Task{Page: article(), Path: *path})
	if err != nil {
		return err
	}
	key := pages.Key{Route: "/naive", Path: *path}
	if err := store.Put(ctx, pages.Record{Key: key, Data: entry.HTML}, pages.Unfenced); err != nil {
		return err
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		record, err := store.Get(r.Context(), key)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(record.Data)))
		_, _ = w.Write(record.Data)
	})
	go func() {
		defer stop()
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	server := &listen.Server{Handler: handler, Addr: "127.0.0.1:0"}
	addr, err := server.Listen(ctx)
	if err != nil {
		return err
	}
	fmt.Println(addr)
	return server.Run(ctx)
}
