// What this program does when it was started by itself: serve a site.

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/pprof"

	"github.com/gorgon-go/gorgon/listen"
)

// roleName, as first argument, makes this program a server.
const roleName = "serve-a-seed"

// serveSeed opens a seed, says its address on its first line, and serves
// until its input ends.
func serveSeed(args []string) (err error) {
	flags := flag.NewFlagSet(roleName, flag.ContinueOnError)
	seedFile := flags.String("seed", "", "the seed")
	location := flags.String("store", "", "the store")
	takes := flags.Duration("takes", 0, "how long it takes to make an article")
	data := flags.String("data", "", "a file with what articles show")
	notes := flags.String("notes", "", "a file for a line about each making of an article")
	lane := flags.Bool("lane", true, "answer plain requests before net/http reads them")
	pair := flags.String("tls", "", "a file with a certificate and its key")
	ready := flags.String("readied", "", "where to write how goroutines became ready")
	profile := flags.String("cpuprofile", "", "where to write a CPU profile")
	if err := flags.Parse(args); err != nil {
		return err
	}
	// The build decides what pages there are.
	o, err := open(siteWith(workshop{*takes, *data, *notes}, articles, articles), *seedFile, *location)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		defer stop()
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	server := &listen.Server{Handler: o.handler, Addr: "127.0.0.1:0"}
	if *lane {
		server.Lane = o.handler.Lane()
	}
	if *pair != "" {
		c := &listen.Certificate{CertFile: *pair, KeyFile: *pair, Log: slog.New(slog.DiscardHandler)}
		if err := c.Load(); err != nil {
			return err
		}
		server.TLS = c.TLS()
	}
	addr, err := server.Listen(ctx)
	if err != nil {
		return err
	}
	ended, err := profiled(*profile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ended()) }()
	fmt.Println(addr)
	return errors.Join(server.Run(ctx), writeReadied(*ready))
}

// profiled writes a CPU profile into a file until the function it returns is
// called; "" for none.
func profiled(file string) (end func() error, err error) {
	if file == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}
