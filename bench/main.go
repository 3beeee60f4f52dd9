// Bench measures Gorgon against what the same machine does without it, in
// one run, and prints one table. See README.md for what its rows mean.
//
//	go run ./bench
//	go run ./bench -short
//	go run ./bench -only hit,build -profile FOLDER
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"time"
)

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case roleName:
			exit(serveSeed(os.Args[2:]))
			return
		case endpointsName:
			exit(serveEndpoints(os.Args[2:]))
			return
		case signInsName:
			exit(serveSignIns(os.Args[2:]))
			return
		case askedName:
			exit(serveAsked())
			return
		case naiveName:
			exit(serveNaive(os.Args[2:]))
			return
		}
	}
	exit(run())
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// usual is about how long all parts take by default.
const usual = 10 * time.Minute

// A bench is one run.
type bench struct {
	scale   float64 // of the usual time
	stores  []string
	profile string // a folder; "" for none
	folder  string // for everything that is written
	bare    string // the floor's program, once it is compiled
	rows    []row
}

// parts are what can be measured, in order. Those that need a quiet process
// come first.
var parts = []struct {
	name string
	run  func(*bench) error
}{
	{"hit", (*bench).hit},
	{"tls", (*bench).secure},
	{"tail", (*bench).tail},
	{"asked", (*bench).asked},
	{"endpoints", (*bench).endpoints},
	{"signins", (*bench).signIns},
	{"fragments", (*bench).fragments},
	{"start", (*bench).start},
	{"heap", (*bench).heap},
	{"build", (*bench).build},
	{"missing", (*bench).missing},
	{"store", (*bench).store},
	{"writers", (*bench).writers},
	{"package", (*bench).packages},
}

func run() (err error) {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	only := flag.String("only", strings.Join(names, ","), "the parts to measure")
	budget := flag.Duration("for", usual, "about how long to take for all parts")
	short := flag.Bool("short", false, "take about half a minute: for trying out, not for quoting")
	asJSON := flag.Bool("json", false, "print JSON in place of a table")
	stores := flag.String("stores", "disk,sqlite,postgres,redis,s3", "the stores to measure in the part store")
	profile := flag.String("profile", "", "a folder for CPU profiles: of Gorgon's server in hit and tls, of this process in the others")
	flag.Parse()
	if *short {
		*budget = usual / 10
	}
	chosen := strings.Split(*only, ",")
	for _, name := range chosen {
		if !slices.Contains(names, name) {
			return fmt.Errorf("there is no part %q: choose of %s", name, strings.Join(names, ","))
		}
	}
	b := &bench{scale: budget.Seconds() / usual.Seconds(), stores: strings.Split(*stores, ",")}
	if *profile != "" {
		if b.profile, err = filepath.Abs(*profile); err != nil {
			return err
		}
		if err := os.MkdirAll(b.profile, 0o755); err != nil {
			return err
		}
	}
	if b.folder, err = os.MkdirTemp("", "gorgon-bench"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.folder)) }()

	for _, p := range parts {
		if !slices.Contains(chosen, p.name) {
			continue
		}
		start := time.Now()
		if err := b.measure(p.name, p.run); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s measured in %s\n", p.name, time.Since(start).Round(time.Second))
	}
	if *asJSON {
		return printJSON(os.Stdout, b.rows)
	}
	fmt.Printf("%s; %s\n\n", machine(), time.Now().UTC().Format("2006-01-02"))
	return printTable(os.Stdout, b.rows)
}

// measure runs one part, and profiles it if it runs in this process.
func (b *bench) measure(name string, part func(*bench) error) (err error) {
	if b.profile == "" || slices.Contains([]string{"hit", "tls", "tail", "asked", "endpoints", "signins", "start"}, name) {
		return part(b)
	}
	f, err := os.Create(filepath.Join(b.profile, name+".pprof"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return part(b)
}

func (b *bench) add(r row) { b.rows = append(b.rows, r) }

// times is how often to repeat what is usually repeated n times: at least
// three times, so that there is a median.
func (b *bench) times(n int) int { return max(3, int(float64(n)*b.scale+0.5)) }
