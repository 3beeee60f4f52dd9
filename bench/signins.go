// Sign-ins: a flood of them beside ordinary pages, and what a session adds to
// one.

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/auth/password"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/limit"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/mem"
)

// The load of the flood, and of the pages beside it.
const (
	floodRate = 500 // sign-ins a second that are tried
	pageRate  = 200 // ordinary pages a second that are asked for
)

type signIn struct {
	User     string `json:"user"`
	Password string `json:"password" secret:"true"`
}

// signInApp has one user and a stored page. Sign-ins are limited as the guides
// say, by user and together, since the flood comes from many addresses.
func signInApp(people *auth.Auth) gorgon.App {
	limits := &limit.Limiter{Store: people.Store()}
	var hash atomic.Pointer[string]
	return gorgon.App{Name: "bench", Parts: []gorgon.Part{
		gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component { return gorgon.HTML(strings.Repeat("<p>A page.</p>", 1000)) }},
		api.Endpoint[signIn, api.None]{Path: "POST /nothing", Handle: func(context.Context, signIn) (api.None, error) { return api.None{}, nil }},
		api.Endpoint[signIn, api.None]{Path: "POST /sign-in", Handle: func(ctx context.Context, in signIn) (api.None, error) {
			if err := limits.Allow(ctx, "sign-in", in.User, limit.Rate{N: 5, Per: 15 * time.Minute}); err != nil {
				return api.None{}, err
			}
			known := hash.Load()
			if known == nil {
				made, err := password.Hash(ctx, "correct horse")
				if err != nil {
					return api.None{}, err
				}
				known = &made
				hash.Store(known)
			}
			if err := password.Check(ctx, *known, in.Password); err != nil {
				if errors.Is(err, password.ErrWrong) {
					err = gorgon.Refuse("/password", "User and password do not match.")
				}
				return api.None{}, err
			}
			return api.None{}, people.SignIn(ctx, auth.Login{User: in.User})
		}},
	}}
}

// signInsName, as first argument, makes this program a server of signInApp.
const signInsName = "serve-signins"

func serveSignIns(args []string) (err error) {
	flags := flag.NewFlagSet(signInsName, flag.ContinueOnError)
	seedFile := flags.String("seed", "", "the seed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() {
		defer stop()
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	people := auth.New(auth.Options{Store: mem.NewSessions()})
	o, err := open(signInApp(people), *seedFile, "mem:")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	people.Serve(ctx, o.cache.Coherence())
	server := &listen.Server{Handler: o.handler, Addr: "127.0.0.1:0"}
	addr, err := server.Listen(ctx)
	if err != nil {
		return err
	}
	fmt.Println(addr)
	return server.Run(ctx)
}

// A flood tries to sign in, whether answers come or not.
type flood struct {
	client              http.Client
	in, refused, failed atomic.Int64
}

func newFlood() *flood {
	return &flood{client: http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 256},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// run tries for a time, each time as another user.
func (f *flood) run(ctx context.Context, addr, path string, round int) {
	tick := time.NewTicker(time.Second / floodRate)
	defer tick.Stop()
	var all sync.WaitGroup
	defer all.Wait()
	for n := 0; ; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		all.Go(func() {
			form := url.Values{"user": {fmt.Sprintf("user%d-%d", round, n)}, "password": {"correct horse"}}
			r, err := http.NewRequest(http.MethodPost, "http://"+addr+path, strings.NewReader(form.Encode()))
			if err != nil {
				f.failed.Add(1)
				return
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Accept", "application/json")
			res, err := f.client.Do(r)
			if err != nil {
				f.failed.Add(1)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			switch {
			case res.StatusCode == http.StatusNoContent:
				f.in.Add(1)
			case res.StatusCode == http.StatusServiceUnavailable || res.StatusCode == http.StatusTooManyRequests:
				f.refused.Add(1)
			default:
				f.failed.Add(1)
			}
		})
	}
}

// paced asks for the page at a steady rate for a time, and returns how long each
// answer took from when it was due: a server that stalls is charged for those
// that wait.
func paced(addr string, d time.Duration) ([]time.Duration, error) {
	c, err := newCrowd(addr, "/", "", few)
	if err != nil {
		return nil, err
	}
	defer c.close()
	var all sync.WaitGroup
	begun := time.Now()
	for i, m := range c.members {
		m.took = m.took[:0]
		all.Go(func() {
			for n := i; ; n += len(c.members) {
				due := begun.Add(time.Duration(n) * time.Second / pageRate)
				if due.Sub(begun) > d {
					return
				}
				time.Sleep(time.Until(due))
				if _, m.err = m.conn.Write(c.request); m.err == nil {
					_, _, m.err = m.read()
				}
				if m.err != nil {
					return
				}
				m.took = append(m.took, time.Since(due))
			}
		})
	}
	all.Wait()
	var took []time.Duration
	for _, m := range c.members {
		if m.err != nil {
			return nil, m.err
		}
		took = append(took, m.took...)
	}
	slices.Sort(took)
	return took, nil
}

func (b *bench) signIns() error {
	seedFile := filepath.Join(b.folder, "signins.seed")
	if _, err := buildSeed(seedFile, signInApp(auth.New(auth.Options{Store: mem.NewSessions()})), compress.Fast); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	server, err := startChild(self, signInsName, "-seed", seedFile)
	if err != nil {
		return err
	}
	defer server.stop()
	f, posts := newFlood(), newFlood()
	var quiet, beside, ordinary []float64
	before, _ := resident(server.pid())
	most := before
	d := 2 * time.Second
	for round := range b.times(10) {
		for _, phase := range []struct {
			flood *flood // nil for none
			path  string
			into  *[]float64
		}{{nil, "", &quiet}, {f, "/sign-in", &beside}, {posts, "/nothing", &ordinary}} {
			ctx, stop := context.WithTimeout(context.Background(), d+d/2)
			var flooding sync.WaitGroup
			if phase.flood != nil {
				flooding.Go(func() { phase.flood.run(ctx, server.addr, phase.path, round) })
			}
			time.Sleep(d / 4) // until it has begun
			took, err := paced(server.addr, d)
			if now, ok := resident(server.pid()); ok {
				most = max(most, now)
			}
			stop()
			flooding.Wait()
			if err != nil {
				return err
			}
			*phase.into = append(*phase.into, float64(took[len(took)*99/100].Microseconds()))
		}
	}
	if f.in.Load() == 0 || f.failed.Load() > 0 {
		return fmt.Errorf("of the flood %d signed in, %d were refused, %d failed", f.in.Load(), f.refused.Load(), f.failed.Load())
	}
	what := fmt.Sprintf("a page, 99th percentile, beside %d sign-ins a second", floodRate)
	b.add(newRow("signins", what, "µs", medianOf(beside)).beside(medianOf(quiet), over(beside, quiet)).ratioGoal("≤", 1.5))
	b.add(newRow("signins", "the same, the floor beside as many forms without a password", "µs", medianOf(beside)).beside(medianOf(ordinary), over(beside, ordinary)).ratioGoal("≤", 1.5))
	b.add(newRow("signins", "memory of the server that the flood adds", "bytes", most-before).goal("≤", 200<<20))
	share := float64(f.in.Load()) / float64(f.in.Load()+f.refused.Load()) * 100
	b.add(newRow("signins", "of the flood, signed in; the others were told to come later", "%", share))
	return nil
}
