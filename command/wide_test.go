// What a store or a page may hold of any length does not make lines as long.

package command_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
)

func TestLinesForPeopleHaveAnEnd(t *testing.T) {
	t.Chdir(t.TempDir())
	long := strings.Repeat("x", 5000)
	app := gorgon.App{Name: "site", Parts: []gorgon.Part{gorgon.Page[string]{
		Path: "/p/{id}", View: func(s string) gorgon.Component { return gorgon.Text(s) }, RevalidateAfter: time.Hour,
		Paths: func(context.Context, gorgon.Input) ([]string, error) { return []string{"/p/1"}, nil },
		Load:  func(context.Context, gorgon.Input) (string, error) { return "state", nil },
		Tags: func(string) []string {
			tags := []string{long}
			for range 100 {
				tags = append(tags, "tag "+strings.Repeat("y", len(tags)))
			}
			return tags
		},
	}}}
	for _, args := range [][]string{
		{"build"}, {"purge", "--tag", long, "--store", "disk:s"}, {"why", "/p/1", "--store", "disk:s"}, {"why", "/" + long}, {"why", "/" + strings.Repeat("%C3%A4", 900)},
		{"purge", "--path", "/" + long, "--store", "disk:s"}, {"purge", "--route", long, "--store", "disk:s"}, {"purge", "--fragment", long, "--store", "disk:s"},
		{long}, {"serve", long}, {"serve", "--" + long}, {"serve", "--store", long}, {"serve", "--store", "disk:" + long}, {"serve", "--addr", long}, {"serve", "--role", long},
		{"serve", "--base", "/" + long + "/../x"}, {"build", "--jobs", long}, {"build", "--compress", long},
	} {
		_, said := runs(t, app, 10*time.Second, args...)
		for line := range strings.Lines(said) {
			if len(line) > 2000 {
				t.Errorf("%.40q: a line of %d bytes: %.200s…", args, len(line), line)
			}
		}
	}
}
