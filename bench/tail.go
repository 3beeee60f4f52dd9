// The tail: how often goroutines become ready for one answer, and how long they wait
// for a processor then.

package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/metrics"

	"github.com/gorgon-go/gorgon/compress"
)

// A readiness is what became of goroutines that had become ready.
type readiness struct {
	Times    uint64  // that one did
	P50, P99 float64 // seconds that they waited
}

// readied asks the runtime.
func readied() readiness {
	sample := []metrics.Sample{{Name: "/sched/latencies:seconds"}}
	metrics.Read(sample)
	h := sample[0].Value.Float64Histogram()
	var r readiness
	for _, n := range h.Counts {
		r.Times += n
	}
	within := func(part float64) float64 {
		want, seen := uint64(math.Ceil(part*float64(r.Times))), uint64(0)
		for i, n := range h.Counts {
			if seen += n; seen >= want {
				return h.Buckets[i+1]
			}
		}
		return 0
	}
	r.P50, r.P99 = within(0.50), within(0.99)
	return r
}

// writeReadied leaves what the runtime says in a file; "" for none.
func writeReadied(file string) error {
	if file == "" {
		return nil
	}
	data, err := json.Marshal(readied())
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o600)
}

func (b *bench) tail() error {
	program, err := exec.LookPath("wrk")
	if err != nil {
		fmt.Fprintln(os.Stderr, "tail: wrk is not installed, so it is left out: scripts/servers installs it")
		return nil
	}
	folder, err := os.MkdirTemp(b.folder, "tail")
	if err != nil {
		return err
	}
	seedFile := filepath.Join(folder, "tail.seed")
	if _, err := buildSeed(seedFile, site(10, 10), compress.Fast); err != nil {
		return err
	}
	const with, without = 0, 1
	var times, p50, p99, answer [2][]float64
	one := func(i int) error {
		file := filepath.Join(folder, "readied.json")
		server, err := startGorgon(seedFile, "mem:", "", "-lane="+[]string{"true", "false"}[i], "-readied="+file)
		if err != nil {
			return err
		}
		asked := 0.0
		for range 3 {
			rate, took, err := runWrk(program, setting{1, few}, "http://"+server.addr+tablePath(7), browser...)
			if err != nil {
				server.stop()
				return err
			}
			asked += rate // wrk asks for a second
			answer[i] = append(answer[i], took)
		}
		server.stop()
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var r readiness
		if err := json.Unmarshal(data, &r); err != nil {
			return err
		}
		times[i] = append(times[i], float64(r.Times)/asked)
		p50[i], p99[i] = append(p50[i], r.P50*1e6), append(p99[i], r.P99*1e6)
		return nil
	}
	for range b.times(8) {
		for i := range times {
			if err := one(i); err != nil {
				return err
			}
		}
	}
	beside := func(what, unit string, of [2][]float64) row {
		return newRow("tail", what, unit, medianOf(of[with])).beside(medianOf(of[without]), over(of[with], of[without]))
	}
	b.add(beside("4 connections, with the lane beside without: times that a goroutine became ready for an answer", "", times))
	b.add(beside("the same, it waited for a processor, p50", "µs", p50))
	b.add(beside("the same, it waited for a processor, p99", "µs", p99))
	b.add(beside("the same, answers, p99", "µs", answer))
	return nil
}
