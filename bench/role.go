// What this program does when it was started by itself: serve a site.

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/pprof"

	"github.com/gorgon-go/gorgon/serve"
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
	server := &serve.Server{Handler: o.handler, Addr: "127.0.0.1:0"}
	addr, err := server.Listen(ctx)
	if err != nil {
		return err
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer func() {
			pprof.StopCPUProfile()
			err = errors.Join(err, f.Close())
		}()
	}
	fmt.Println(addr)
	return server.Run(ctx)
}
