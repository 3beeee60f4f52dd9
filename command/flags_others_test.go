//go:build unix

// The effects of the flags of build and of the commands that look and do.

package command_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"os"
	"strings"
	"sync"
	"testing/fstest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/config"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/pages"
)

// isJSON wants the result of a command line to be JSON.
func isJSON(args ...string) func(*trial) {
	return func(x *trial) {
		if code, out, log := x.run(append(args, "--json")...); code != 0 || !json.Valid([]byte(out)) || out == "" {
			x.Errorf("%q: %d %s%s", args, code, out, log)
		}
		if _, out, _ := x.run(args...); json.Valid([]byte(out)) {
			x.Errorf("%q is JSON without --json: %s", args, out)
		}
	}
}

// dot is an image of one pixel.
func dot() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// checksOfBuild are of the flags that build shares with what builds first.
func checksOfBuild(name string) map[string]func(*trial) {
	// builds builds, and says whether that succeeded.
	builds := func(x *trial, args ...string) bool {
		switch name {
		case "serve":
			// What cannot be built is not served, and what can is told to stop.
			ctx, stop := context.WithTimeout(x.Context(), time.Minute)
			defer stop()
			code, log := x.until(ctx, stop, append([]string{"serve", "--addr", "127.0.0.1:0", "--store", "none"}, args...))
			return code == 0 && strings.Contains(log, "built")
		case "export":
			args = append([]string{"--partial", "--out", "exported"}, args...)
		}
		code, _, _ := x.run(append([]string{name}, args...)...)
		return code == 0
	}
	return map[string]func(*trial){
		name + " --jobs": func(x *trial) {
			var mu sync.Mutex
			now, most, all := 0, 0, make(chan struct{})
			x.load = func(ctx context.Context) error {
				mu.Lock()
				if now++; now > most {
					most = now
				}
				if most == 3 {
					select {
					case <-all:
					default:
						close(all)
					}
				}
				mu.Unlock()
				defer func() { mu.Lock(); now--; mu.Unlock() }()
				select {
				case <-all: // as many as there may be
				case <-time.After(50 * time.Millisecond):
				case <-ctx.Done():
				}
				return nil
			}
			if !builds(x, "--jobs", "1") || most != 1 {
				x.Errorf("--jobs 1: %d at once", most)
			}
			_ = os.RemoveAll("dist")
			most = 0
			slow := x.load
			x.load = func(ctx context.Context) error { // until three are there, however slow the machine
				ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
				defer cancel()
				for ctx.Err() == nil {
					_ = slow(ctx)
					select {
					case <-all:
						return nil
					default:
					}
				}
				return nil
			}
			if !builds(x, "--jobs", "3") || most != 3 {
				x.Errorf("--jobs 3: %d at once", most)
			}
		},
		name + " --timeout": func(x *trial) {
			x.load = func(ctx context.Context) error {
				select {
				case <-ctx.Done():
					return context.Cause(ctx)
				case <-time.After(200 * time.Millisecond):
					return nil
				}
			}
			if builds(x, "--timeout", "20ms") {
				x.Error("a page that takes longer than --timeout is built")
			}
			if !builds(x, "--timeout", "1m") {
				x.Error("with time enough it is not built")
			}
		},
		name + " --compress": func(x *trial) {
			size := func(effort string) int64 {
				_ = os.RemoveAll("dist")
				if !builds(x, "--compress", effort) {
					x.Fatal("it is not built")
				}
				info, err := os.Stat("dist/site.seed")
				if err != nil {
					x.Fatal(err)
				}
				return info.Size()
			}
			if none, best := size("none"), size("best"); none >= best { // compressed variants are beside the page
				x.Errorf("the seed has %d bytes with none, %d with best", none, best)
			}
		},
	}
}

// until runs a server until it serves or ends.
func (x *trial) until(ctx context.Context, stop func(), args []string) (int, string) {
	log, ended := &screen{}, make(chan int, 1)
	go func() { ended <- runWith(ctx, x, log, args) }()
	until(x.T, func() bool { return servingAt.MatchString(log.String()) || len(ended) > 0 }, log)
	stop()
	return <-ended, log.String()
}

func checksOfOthers() map[string]func(*trial) {
	with := func(x *trial, paths ...string) { // a store with some pages
		x.Helper()
		s := x.serves("--store", "disk:s")
		for _, path := range paths {
			s.wants(path, 200, "")
		}
		s.end()
	}
	all := map[string]func(*trial){
		"build --base": func(x *trial) { x.does("build", "--base", "/docs/"); x.exists("dist/site@docs.seed") },
		"build --out":  func(x *trial) { x.does("build", "--out", "elsewhere"); x.exists("elsewhere/site.seed") },
		"build --dist": func(x *trial) { x.does("build", "--dist", "elsewhere"); x.exists("elsewhere/site.seed") },
		"build --json": isJSON("build"),
		"build --data-time": func(x *trial) {
			x.Setenv("SOURCE_DATE_EPOCH", "1700000000") // another time, that the bytes carry
			x.does("build", "--data-time", "2026-01-31T12:00:00Z")
			if at, err := os.ReadFile("dist/site.seed.time"); err != nil || string(at) != "2026-01-31T12:00:00Z\n" {
				x.Errorf("%v, %q", err, at)
			}
		},
		"build --bundle-cache": func(x *trial) {
			x.app.Assets.Files = fstest.MapFS{"a.png": {Data: dot()}}
			x.app.Assets.Images = []gorgon.ImageRule{{Match: "a.png", Widths: []int{1}}}
			x.does("build", "--bundle-cache", "there")
			x.exists("there")
		},

		"export --base": func(x *trial) {
			x.does("export", "--partial", "--base", "/docs/")
			if page, err := os.ReadFile("public/index.html"); err != nil || !strings.Contains(string(page), `href="/docs/n/1"`) {
				x.Errorf("%s %v", page, err)
			}
		},
		"export --out":  func(x *trial) { x.does("export", "--partial", "--out", "there"); x.exists("there/index.html") },
		"export --dist": func(x *trial) { x.does("export", "--partial", "--dist", "elsewhere"); x.exists("elsewhere/site.seed") },
		"export --json": isJSON("export", "--partial"),
		"export --seed": func(x *trial) {
			x.does("build", "--out", "there", "--base", "/docs/")
			x.does("export", "--partial", "--seed", "there/site@docs.seed")
			if page, err := os.ReadFile("public/index.html"); err != nil || !strings.Contains(string(page), `href="/docs/n/1"`) {
				x.Errorf("%s %v", page, err)
			}
		},
		"export --host": func(x *trial) { x.says(`"name": "index.html"`, "export", "--partial", "--json", "--host") },
		"export --partial": func(x *trial) {
			x.fails(3, "/mine", "export")
			x.does("export", "--partial")
		},
		"export --force": func(x *trial) {
			if err := errors.Join(os.MkdirAll("public", 0o755), os.WriteFile("public/index.html", []byte("mine"), 0o644)); err != nil {
				x.Fatal(err)
			}
			x.fails(1, "--force", "export", "--partial")
			x.does("export", "--partial", "--force")
		},
		"export --no-build": func(x *trial) {
			x.fails(1, "there is no seed", "export", "--partial", "--no-build")
			x.does("build")
			x.load = func(context.Context) error { return errors.New("it is built again") }
			x.does("export", "--partial", "--no-build")
			x.fails(1, "it is built again", "export", "--partial")
		},

		"health --addr": func(x *trial) {
			s := x.serves()
			x.says("ready", "health", "--addr", strings.TrimPrefix(s.url, "http://"))
			s.end()
			x.fails(1, "does not answer", "health", "--addr", strings.TrimPrefix(s.url, "http://"))
		},

		"why --base": func(x *trial) {
			x.does("build", "--base", "/docs")
			x.fails(1, "", "why", "/")
			x.says("/n/1", "why", "--base", "/docs", "http://localhost/docs/n/1")
		},
		"why --dist": func(x *trial) {
			x.does("build", "--dist", "elsewhere")
			x.fails(1, "build", "why", "/")
			x.does("why", "/", "--dist", "elsewhere")
		},
		"why --store": func(x *trial) {
			with(x, "/items/a")
			x.says("in the store", "why", "/items/a", "--store", "disk:s")
			x.says("no copy of the page exists", "why", "/items/a", "--store", "none")
		},
		"why --json": func(x *trial) { x.does("build"); isJSON("why", "/")(x) },

		"purge --dist": func(x *trial) {
			x.serves("--dist", "elsewhere").end()
			x.fails(1, "there is no store", "purge", "--all")
			x.does("purge", "--all", "--dist", "elsewhere")
		},
		"purge --store": func(x *trial) {
			with(x, "/items/a")
			x.fails(1, "there is no store", "purge", "--all")
			x.says("epoch 1", "purge", "--all", "--store", "disk:s")
		},
		"purge --json": isJSON("purge", "--all", "--store", "disk:s"),

		"migrate --dist": func(x *trial) {
			x.serves("--dist", "elsewhere").end()
			x.fails(2, "there is no store to migrate", "migrate")
			x.does("migrate", "--dist", "elsewhere")
		},
		"migrate --store": func(x *trial) { x.says("up to date", "migrate", "--store", "sqlite:db"); x.exists("db") },
		"migrate --json":  isJSON("migrate", "--store", "disk:s"),
		"migrate --pending": func(x *trial) {
			x.fails(2, "there is no store to migrate", "migrate", "--pending")
			x.says("up to date", "migrate", "--pending", "--store", "disk:s")
		},
		"routes --json": isJSON("routes"),

		"maintain --base": func(x *trial) { // whose assets are brought to the store
			x.does("build", "--base", "/docs")
			x.says("kept: 2 assets", "maintain", "--base", "/docs", "--store", "disk:s")
		},
		"maintain --dist": func(x *trial) {
			x.does("build", "--dist", "elsewhere")
			x.says("kept: 2 assets", "maintain", "--dist", "elsewhere", "--store", "disk:s")
		},
		"maintain --store": func(x *trial) {
			x.does("maintain", "--store", "disk:s")
			x.does("maintain", "--store", "disk:s")
			if x.beats.Load() != 1 {
				x.Errorf("the service ran %d times in an hour", x.beats.Load())
			}
			x.exists("s")
		},
		"maintain --json": isJSON("maintain", "--store", "none"),
		"maintain --store-size": func(x *trial) {
			with(x, "/items/big1", "/items/big2", "/items/big3", "/items/big4")
			if kept(x, "s") != 4 {
				x.Fatalf("%d pages in the store", kept(x, "s"))
			}
			x.does("maintain", "--store", "disk:s", "--store-size", "1")
			if n := kept(x, "s"); n >= 4 {
				x.Errorf("%d pages are left", n)
			}
		},
		"maintain --store-per-route": func(x *trial) {
			with(x, "/items/a", "/items/b", "/items/c")
			x.does("maintain", "--store", "disk:s", "--store-per-route", "2")
			if n := kept(x, "s"); n != 2 {
				x.Errorf("%d pages are left", n)
			}
		},

		"config --json": func(x *trial) {
			x.conf = config.Define[tea]("TEA_")
			isJSON("config")(x)
		},
		"config --print": func(x *trial) {
			x.conf = config.Define[tea]("TEA_")
			x.Setenv("TEA_KEY", "hunter2")
			if said := x.does("config"); strings.Contains(said, "environment") || !strings.Contains(said, "set") {
				x.Errorf("without it: %s", said)
			}
			x.says("environment", "config", "--print")
		},
		"reach --json": func(x *trial) {
			x.Setenv("GORGON_STORE", "disk:s")
			x.says(`"local": true`, "reach", "--json")
		},

		"openapi --below": func(x *trial) {
			answer := func(context.Context, api.None) (api.None, error) { return api.None{}, nil }
			for _, path := range []string{"POST /api/orders", "POST /apis", "POST /admin/enter"} {
				x.app.Parts = append(x.app.Parts, api.Endpoint[api.None, api.None]{Path: path, Handle: answer})
			}
			all, some := x.does("openapi"), x.does("openapi", "--below", "/api", "--below", "/apis/")
			if !strings.Contains(all, "/admin/enter") || strings.Contains(some, "/admin/enter") || !strings.Contains(some, `"/api/orders"`) || !strings.Contains(some, `"/apis"`) {
				x.Errorf("all: %.500s\nsome: %.500s", all, some)
			}
			x.fails(1, "no endpoint, read, stream or room below /orders", "openapi", "--below", "/orders")
			x.fails(1, "not a path", "openapi", "--below", "api")
		},

		"parts --json": func(x *trial) {
			x.Setenv("GORGON_STORE", "postgres://app:secret@db/app")
			code, out, log := x.run("parts", "--json")
			if code != 0 || !strings.Contains(out, `"shown": "postgres://***@db/app"`) || !strings.Contains(out, `"name": "page /items/{name}"`) {
				x.Errorf("%d: %.500s%s", code, out, log)
			}
		},
	}
	// What each way to name pages purges.
	for flag, value := range map[string]string{"path": "/items/a", "tag": "items", "route": "/items/{name}", "all": "true", "expire": "true"} {
		all["purge --"+flag] = func(x *trial) {
			with(x, "/items/a")
			args, wants := []string{"purge", "--store", "disk:s", "--" + flag + "=" + value}, "stale, from the store"
			if flag == "expire" {
				args, wants = append(args, "--tag", "items"), "expired, from the store"
			}
			x.says("fresh, from the store", "why", "/items/a", "--store", "disk:s")
			x.does(args...)
			x.says(wants, "why", "/items/a", "--store", "disk:s")
		}
	}
	all["purge --fragment"] = func(x *trial) {
		if code, out, log := x.run("purge", "--store", "disk:s", "--fragment", "part"); code != 0 || !strings.Contains(out, "route:/_gorgon/fragment/part/") {
			x.Errorf("%d %s%s", code, out, log)
		}
		x.fails(1, "no fragment has the name", "purge", "--store", "disk:s", "--fragment", "other")
	}
	return all
}

// kept counts the pages of /items/ in a disk store.
func kept(x *trial, dir string) (n int) {
	x.Helper()
	s, err := disk.Open(dir, disk.Options{})
	if err != nil {
		x.Fatal(err)
	}
	defer s.Close()
	if err := s.List(x.Context(), func(i pages.Info) bool {
		if strings.HasPrefix(i.Key.Path, "/items/") {
			n++
		}
		return true
	}); err != nil {
		x.Fatal(err)
	}
	return n
}
