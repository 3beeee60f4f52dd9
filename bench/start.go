// Start: from the execution of a program to the first byte of its first page.

package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/gorgon-go/gorgon/compress"
)

// A starter is one program to start over and over.
type starter struct {
	start func() (*child, error)
	path  string
	took  []float64 // milliseconds
	rss   []float64 // megabytes
}

// once starts the program, asks for its page, and stops it.
func (s *starter) once() error {
	begin := time.Now()
	c, err := s.start()
	if err != nil {
		return err
	}
	defer c.stop()
	conn, err := net.Dial("tcp", c.addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", s.path, c.addr); err != nil {
		return err
	}
	answer := make([]byte, len(okLine))
	if _, err := conn.Read(answer); err != nil {
		return err
	}
	took := time.Since(begin)
	if string(answer) != string(okLine) {
		return fmt.Errorf("the first answer begins %q", answer)
	}
	s.took = append(s.took, took.Seconds()*1e3)
	if bytes, ok := resident(c.pid()); ok {
		s.rss = append(s.rss, bytes/(1<<20))
	}
	return nil
}

func (b *bench) start() error {
	folder, err := os.MkdirTemp(b.folder, "start")
	if err != nil {
		return err
	}
	sizes := []int{1, 10_000, 100_000}
	var starters []*starter
	for _, n := range sizes {
		seedFile := filepath.Join(folder, fmt.Sprintf("%d.seed", n))
		if _, err := buildSeed(seedFile, site(0, n), compress.None); err != nil {
			return err
		}
		store := "disk:" + filepath.Join(folder, fmt.Sprintf("%d.store", n))
		starters = append(starters, &starter{
			start: func() (*child, error) { return startGorgon(seedFile, store, "") },
			path:  notePath(n / 2),
		})
	}
	floor, err := b.bareStarter(starters[0])
	if err != nil {
		return err
	}
	all := append([]*starter{floor}, starters...)
	for _, s := range all {
		if err := s.once(); err != nil { // the first reads program and seed into the system's cache
			return err
		}
		s.took, s.rss = nil, nil
	}
	for range max(10, b.times(24)) {
		for _, s := range all {
			if err := s.once(); err != nil {
				return err
			}
		}
	}
	for i, s := range starters {
		r := newRow("start", "exec to first byte, "+pageCount(sizes[i]), "ms", medianOf(s.took)).
			beside(medianOf(floor.took), over(s.took, floor.took))
		m := newRow("start", "resident after it, "+pageCount(sizes[i]), "MB", medianOf(s.rss)).
			beside(medianOf(floor.rss), over(s.rss, floor.rss))
		if i == len(sizes)-1 {
			r, m = r.goal("≤", 25), m.goal("≤", 40)
		}
		b.add(r)
		if len(s.rss) > 0 {
			b.add(m)
		}
	}
	return nil
}

func pageCount(n int) string {
	if n == 1 {
		return "1 page"
	}
	return grouped(int64(n)) + " pages"
}

// bareStarter starts the floor with the bytes of another's page.
func (b *bench) bareStarter(of *starter) (*starter, error) {
	c, err := of.start()
	if err != nil {
		return nil, err
	}
	defer c.stop()
	bare, _, err := b.startBare(c, of.path)
	if err != nil {
		return nil, err
	}
	bare.stop()
	program, page := bare.cmd.Args[0], bare.cmd.Args[1]
	return &starter{path: of.path, start: func() (*child, error) { return startChild(program, page) }}, nil
}
