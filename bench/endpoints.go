// Endpoints: a validated POST beside the same by net/http and encoding/json,
// and a stored JSON document beside a handler that writes the same bytes.

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/listen"
)

type difficulty string

func (difficulty) Values() []difficulty { return []difficulty{"easy", "medium", "hard"} }

type cookingStep struct {
	Text    string `json:"text" check:"min=1,max=200"`
	Minutes int    `json:"minutes" check:"min=0,max=600"`
}

type newDish struct {
	Title    string        `json:"title" check:"min=3,max=120"`
	Email    string        `json:"email" check:"email,max=200"`
	Servings int           `json:"servings" check:"min=1,max=100"`
	Level    difficulty    `json:"level"`
	Steps    []cookingStep `json:"steps" check:"min=1,max=100"`
}

type dish struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Steps int    `json:"steps"`
}

// dishBody has 340 bytes.
const dishBody = `{"title":"Soup of the day.","email":"cook@kitchen.example","servings":4,"level":"medium","steps":[` +
	`{"text":"Peel the potatoes and cut them","minutes":10},{"text":"Fry the onions until they are soft","minutes":8},` +
	`{"text":"Add water and boil it all","minutes":25},{"text":"Season it with salt, pepper and a piece of nutmeg too.","minutes":1}]}`

func cook(in newDish) dish { return dish{ID: "7", Title: in.Title, Steps: len(in.Steps)} }

func endpointApp() gorgon.App {
	return gorgon.App{Name: "bench", Parts: []gorgon.Part{
		api.Endpoint[newDish, dish]{Path: "POST /dishes", Handle: func(_ context.Context, in newDish) (dish, error) { return cook(in), nil }},
		api.Read[[]dish]{Path: "GET /dishes", Load: func(context.Context, gorgon.Input) ([]dish, error) {
			all := make([]dish, 400)
			for i := range all {
				all[i] = dish{ID: fmt.Sprint(i), Title: fmt.Sprint("Soup number ", i), Steps: i % 9}
			}
			return all, nil
		}},
	}}
}

// bareDishes is what is written by hand: it decodes, checks and answers.
func bareDishes(w http.ResponseWriter, r *http.Request) {
	var in newDish
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	between := func(n, least, most int) bool { return least <= n && n <= most }
	good := between(len(in.Title), 3, 120) && len(in.Email) <= 200 && strings.Contains(in.Email, "@") && between(in.Servings, 1, 100) &&
		(in.Level == "easy" || in.Level == "medium" || in.Level == "hard") && between(len(in.Steps), 1, 100)
	for _, s := range in.Steps {
		good = good && between(len(s.Text), 1, 200) && between(s.Minutes, 0, 600)
	}
	if !good {
		http.Error(w, "refused", http.StatusUnprocessableEntity)
		return
	}
	out, err := json.Marshal(cook(in))
	if err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "private, no-store")
	_, _ = w.Write(out) // a client that went away is its own affair
}

// serveBareDishes is the floor: net/http with the limits of package listen.
func serveBareDishes(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /dishes", bareDishes)
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 120 * time.Second, MaxHeaderBytes: 32 << 10,
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	fmt.Println(listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// endpointsName, as first argument, makes this program a server of endpoints.
const endpointsName = "serve-endpoints"

// serveEndpoints serves the app of a seed, or without one the floor.
func serveEndpoints(args []string) (err error) {
	flags := flag.NewFlagSet(endpointsName, flag.ContinueOnError)
	seedFile := flags.String("seed", "", "the seed")
	profile := flags.String("cpuprofile", "", "where to write a CPU profile")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		defer stop()
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	if *seedFile == "" {
		return serveBareDishes(ctx)
	}
	o, err := open(endpointApp(), *seedFile, "mem:")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	server := &listen.Server{Handler: o.handler, Addr: "127.0.0.1:0"}
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
	return server.Run(ctx)
}

func (b *bench) endpoints() error {
	seedFile := filepath.Join(b.folder, "endpoints.seed")
	if _, err := buildSeed(seedFile, endpointApp(), compress.Fast); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	profile := ""
	if b.profile != "" {
		profile = filepath.Join(b.profile, "endpoints.pprof")
	}
	ours, err := startChild(self, endpointsName, "-seed", seedFile, "-cpuprofile", profile)
	if err != nil {
		return err
	}
	defer ours.stop()
	floor, err := startChild(self, endpointsName)
	if err != nil {
		return err
	}
	defer floor.stop()
	written, answer, err := b.startBare(ours, "/dishes")
	if err != nil {
		return err
	}
	defer written.stop()
	var all []*crowd
	defer func() {
		for _, c := range all {
			c.close()
		}
	}()
	enter := func(server *child, request string) (*contestant, error) {
		c, err := newCrowdOf(server.addr, request, few)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
		return &contestant{server: server, crowd: c}, nil
	}
	post := func(addr string) string {
		return fmt.Sprintf("POST /dishes HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", addr, len(dishBody), dishBody)
	}
	get := func(addr string) string { return "GET /dishes HTTP/1.1\r\nHost: " + addr + "\r\n\r\n" }
	call, err1 := enter(ours, post(ours.addr))
	bare, err2 := enter(floor, post(floor.addr))
	read, err3 := enter(ours, get(ours.addr))
	bytes, err4 := enter(written, get(written.addr))
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	if err := errors.Join(sameAnswer(call.crowd, bare.crowd), sameAnswer(read.crowd, bytes.crowd)); err != nil {
		return err
	}
	if err := compete(b.times(40), time.Second/2, call, bare, read, bytes); err != nil {
		return err
	}
	size := fmt.Sprintf("%d bytes", len(dishBody))
	if !call.blind {
		b.add(newRow("endpoints", "validated POST of "+size+", server CPU", "µs", medianOf(call.perHit)).beside(medianOf(bare.perHit), over(call.perHit, bare.perHit)).ratioGoal("≤", 1.05))
	}
	b.add(newRow("endpoints", "the same, 4 connections", "req/s", medianOf(call.rate)).beside(medianOf(bare.rate), over(call.rate, bare.rate)))
	size = fmt.Sprintf("%.1f KB", float64(len(answer.body))/1e3)
	b.add(newRow("endpoints", "stored JSON of "+size+", 4 connections", "req/s", medianOf(read.rate)).beside(medianOf(bytes.rate), over(read.rate, bytes.rate)).ratioGoal("≥", 0.90))
	if !read.blind {
		b.add(newRow("endpoints", "the same, server CPU", "µs", medianOf(read.perHit)).beside(medianOf(bytes.perHit), over(read.perHit, bytes.perHit)))
	}
	return nil
}

// sameAnswer checks that two servers answer with the same body.
func sameAnswer(a, b *crowd) error {
	_, x, err1 := a.once()
	first := string(x)
	_, y, err2 := b.once()
	if err := cmp.Or(err1, err2); err != nil {
		return err
	}
	if first != string(y) {
		return fmt.Errorf("the two servers send different bodies: %.100q and %.100q", first, y)
	}
	return nil
}
