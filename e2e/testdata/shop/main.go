// A small shop: the app that the tests of packages deploy. It is copied into a
// repository of its own.

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing/fstest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
)

const version = "one"

func main() {
	command.Main(app(), command.Config{Stores: []pages.Driver{disk.Driver(), postgres.Driver()}, Bundler: bundle.Bundler{}})
}

func text(s string) gorgon.Component { return gorgon.Text(version + " " + s) }

func app() gorgon.App {
	load := func(_ context.Context, in gorgon.Input) (string, error) {
		if strings.HasPrefix(in.PathValue("id"), "no-") {
			return "", gorgon.NotFound()
		}
		if in.Path == "/broken" {
			return "", fmt.Errorf("the database said no")
		}
		return strings.Repeat(in.Path+" ", 200), nil
	}
	parts := []gorgon.Part{
		gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component {
			return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
				css, err := gorgon.Asset(ctx, "app.css")
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(w, `<link rel="stylesheet" href="%s"><a href="%s">1</a>`, css, gorgon.URL(ctx, "/items/1"))
				return err
			})
		}},
		gorgon.Page[string]{Path: "/items/{id}", Load: load, View: text, Incremental: true,
			Paths: func(context.Context, gorgon.Input) ([]string, error) { return []string{"/items/1", "/items/2"}, nil }},
		gorgon.Page[string]{Path: "/hourly", Load: load, View: text, RevalidateAfter: time.Hour},
		gorgon.Page[string]{Path: "/now", View: text, LoadRequest: func(_ context.Context, _ gorgon.Input, r *http.Request) (string, error) {
			if os.Getenv("SHOP_WRITES") != "" {
				program, err := os.Executable()
				if err == nil {
					err = os.WriteFile(program+".log", nil, 0o600)
				}
				if err != nil {
					return "", err
				}
			}
			for _, name := range filepath.SplitList(os.Getenv("SHOP_READS")) {
				if _, err := os.ReadFile(name); err != nil {
					return "", err
				}
			}
			if name := os.Getenv("SHOP_RUNS"); name != "" {
				if err := exec.Command(name, "-c", "exit").Run(); err != nil {
					return "", err
				}
			}
			if name := os.Getenv("SHOP_ZONE"); name != "" {
				if _, err := time.LoadLocation(name); err != nil {
					return "", err
				}
			}
			return "now " + r.URL.Query().Get("q"), nil
		}},
	}
	if os.Getenv("SHOP_BROKEN") != "" {
		parts = append(parts, gorgon.Page[string]{Path: "/broken", Load: load, View: text})
	}
	app := gorgon.App{
		Name: "shop", Origin: "https://shop.example",
		Assets: gorgon.Assets{
			Files:  fstest.MapFS{"app.css": {Data: []byte("body { color: black } /* " + version + " */")}},
			Static: fstest.MapFS{"humans.txt": {Data: []byte("people")}},
		},
		Error: func(f gorgon.Failure) gorgon.Component {
			return gorgon.HTML(fmt.Sprintf("<h1>%d</h1>", f.Status))
		},
		Parts: parts,
	}
	if os.Getenv("SHOP_BARE") != "" {
		app.Error = nil
	}
	return app
}
