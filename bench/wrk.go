// Hits once more, driven by wrk: a generator that is not ours, and takes less
// of the processors than one in Go.

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// A setting is how wrk asks.
type setting struct{ threads, connections int }

func (s setting) String() string {
	if s.threads == 1 {
		return fmt.Sprintf("wrk with one thread, %d connections", s.connections)
	}
	return fmt.Sprintf("wrk with %d threads, %d connections", s.threads, s.connections)
}

var settings = []setting{{1, few}, {1, many}, {2, few}, {2, many}}

// wrk asks both servers for a page under every setting, taking turns: in one
// order and then in the other. Where wrk is not installed it says so.
func (b *bench) wrk(gorgon, without, bare *child, path string, body []byte) error {
	program, err := exec.LookPath("wrk")
	if err != nil {
		fmt.Fprintln(os.Stderr, "hit: wrk is not installed, so its rows are left out: scripts/servers installs it")
		return nil
	}
	type series struct{ rate, p99 []float64 }
	type turn struct {
		setting
		url  string
		seen *series
	}
	seen := map[setting]*[2]series{}
	var turns []turn
	for _, s := range settings {
		seen[s] = new([2]series)
		for i, server := range []*child{gorgon, bare} {
			turns = append(turns, turn{s, "http://" + server.addr + path, &seen[s][i]})
		}
	}
	for _, t := range turns[:2] { // warm up
		if _, _, err := runWrk(program, t.setting, t.url); err != nil {
			return err
		}
	}
	for range b.times(12) {
		for _, t := range turns {
			rate, p99, err := runWrk(program, t.setting, t.url)
			if err != nil {
				return fmt.Errorf("%s: %w", t.setting, err)
			}
			t.seen.rate, t.seen.p99 = append(t.seen.rate, rate), append(t.seen.p99, p99)
		}
		slices.Reverse(turns)
	}
	for _, s := range settings {
		ours, theirs := seen[s][0], seen[s][1]
		b.add(newRow("hit", s.String(), "req/s", medianOf(ours.rate)).beside(medianOf(theirs.rate), over(ours.rate, theirs.rate)))
		b.add(newRow("hit", s.String()+", p99", "µs", medianOf(ours.p99)).beside(medianOf(theirs.p99), over(ours.p99, theirs.p99)))
	}
	return b.lane(program, gorgon, without, bare, path, body)
}

// runWrk runs wrk for a second, which is the least it can, with headers.
func runWrk(program string, s setting, url string, headers ...string) (rate, p99 float64, err error) {
	args := []string{"-t", strconv.Itoa(s.threads), "-c", strconv.Itoa(s.connections), "-d", "1s", "--latency"}
	for _, h := range headers {
		args = append(args, "-H", h)
	}
	out, err := exec.Command(program, append(args, url)...).CombinedOutput()
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %s", err, bytes.TrimSpace(out))
	}
	return readWrk(out)
}

var (
	wrkFault = regexp.MustCompile(`(?m)^\s*(Socket errors|Non-2xx or 3xx responses):.*$`)
	wrkRate  = regexp.MustCompile(`(?m)^Requests/sec:\s+([0-9.]+)$`)
	wrkP99   = regexp.MustCompile(`(?m)^\s+99%\s+([0-9.]+)(us|ms|s)$`)
)

// readWrk reads the rate, and the 99th percentile in microseconds, of what wrk
// prints with --latency.
func readWrk(out []byte) (rate, p99 float64, err error) {
	if fault := wrkFault.Find(out); fault != nil {
		return 0, 0, errors.New(string(bytes.TrimSpace(fault)))
	}
	r, p := wrkRate.FindSubmatch(out), wrkP99.FindSubmatch(out)
	if r == nil || p == nil {
		return 0, 0, fmt.Errorf("wrk prints %q", out)
	}
	if rate, err = strconv.ParseFloat(string(r[1]), 64); err != nil {
		return 0, 0, err
	}
	took, err := time.ParseDuration(string(p[1]) + string(p[2]))
	return rate, float64(took) / float64(time.Microsecond), err
}
