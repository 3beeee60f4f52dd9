// The program.

package site

import (
	"io"
	"os"
	"time"

	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/opentelemetry"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
	"github.com/gorgon-go/gorgon/redis"
	"github.com/gorgon-go/gorgon/s3"
	"github.com/gorgon-go/gorgon/sqlite"
)

// What the program takes from its environment.
const (
	EnvLevers   = "SITE_LEVERS"   // the directory
	EnvInterval = "SITE_INTERVAL" // of timed pages. Default: 1h
	EnvLeash    = "SITE_LEASH"    // where set, the program ends when its standard input does
)

// Main runs the program.
func Main() {
	Leash()
	interval, err := time.ParseDuration(os.Getenv(EnvInterval))
	if err != nil {
		interval = time.Hour
	}
	app := App(Levers(os.Getenv(EnvLevers)), interval)
	command.Main(app, command.Config{Stores: []pages.Driver{disk.Driver(), mem.Driver(), sqlite.Driver(), postgres.Driver(), redis.Driver(), s3.Driver()}, Bundler: bundle.Bundler{},
		Observers: []metrics.Observer{opentelemetry.New(opentelemetry.Options{})}})
}

// Leash lets the program end when its standard input does, where [EnvLeash] is set: it
// does not outlive the tests that have started it.
func Leash() {
	if os.Getenv(EnvLeash) == "" {
		return
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
}
