// Whose the store is, through the program.

package command_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/pages"
)

func named(name string) gorgon.App {
	return gorgon.App{Name: name, Parts: []gorgon.Part{gorgon.Page[string]{
		Path: "/", View: func(s string) gorgon.Component { return gorgon.Text(s) },
		Load: func(context.Context, gorgon.Input) (string, error) { return "this is the " + name, nil },
	}}}
}

// A store belongs to one app in one environment. Every command that opens it
// refuses another's, says whose it is and what to do, and changes nothing; a
// store without an owner is adopted.
func TestStoreOfAnother(t *testing.T) {
	dir, seeds := t.TempDir(), t.TempDir()
	store := "disk:" + dir
	unowned, err := disk.Open(dir, disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := unowned.Close(); err != nil {
		t.Fatal(err)
	}
	run := func(app string, args ...string) (int, string) {
		return runs(t, named(app), time.Minute, args...)
	}
	for _, app := range []string{"blog", "shop"} {
		if code, said := run(app, "build", "--out", seeds+"/"+app); code != 0 {
			t.Fatal(code, said)
		}
	}
	if code, said := run("blog", "purge", "--all", "--store", store, "--dist", seeds+"/blog"); code != 0 {
		t.Fatalf("the first that claims it: %d\n%s", code, said)
	}
	commands := [][]string{
		{"serve", "--addr", "127.0.0.1:0"}, {"purge", "--all"}, {"maintain"}, {"migrate"}, {"why", "/"},
	}
	refused := func(app, env string, args []string) {
		t.Helper()
		dist := seeds + "/" + app
		args = append(append([]string{}, args...), "--store", store, "--dist", dist)
		if env != "" {
			args = append(args, "--environment", env)
		}
		code, said := run(app, args...)
		if code != 1 {
			t.Errorf("%s: %q exited with %d:\n%s", app, args, code, said)
		}
		for _, says := range []string{`"blog/"`, fmt.Sprintf("%q", app+"/"+env), "--take-over", "--environment", dir} {
			if !strings.Contains(said, says) {
				t.Errorf("%s: %q does not say %s:\n%s", app, args, says, said)
			}
		}
	}
	for _, args := range commands {
		refused("shop", "", args)           // another app
		refused("blog", "staging", args)    // another environment of it
		refused("shop", "production", args) // both
	}
	t.Setenv("GORGON_ENVIRONMENT", "staging")
	if code, said := run("blog", "purge", "--all", "--store", store, "--dist", seeds+"/blog"); code != 1 || !strings.Contains(said, `"blog/staging"`) {
		t.Errorf("GORGON_ENVIRONMENT is not heeded: %d\n%s", code, said)
	}
	t.Setenv("GORGON_ENVIRONMENT", "")
	sequence := func() uint64 {
		s, err := disk.Open(dir, disk.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		e, err := s.Epochs(t.Context(), pages.All)
		if err != nil {
			t.Fatal(err)
		}
		return e.Marks[0].Expired<<32 | e.Sequence
	}
	if n := sequence(); n != 1 {
		t.Errorf("who was refused purged something: %x", n)
	}
	// On purpose, and then it is this one's.
	if code, said := run("shop", "migrate", "--take-over", "--store", store, "--dist", seeds+"/shop"); code != 0 {
		t.Fatalf("taking over: %d\n%s", code, said)
	}
	if n := sequence(); n != 2<<32|2 {
		t.Errorf("what the other left does not count as purged: %x", n)
	}
	if code, said := run("shop", "why", "/", "--store", store, "--dist", seeds+"/shop"); code != 0 {
		t.Errorf("after taking over: %d\n%s", code, said)
	}
	if code, said := run("blog", "why", "/", "--store", store, "--dist", seeds+"/blog"); code != 1 || !strings.Contains(said, `"shop/"`) {
		t.Errorf("who it was taken from: %d\n%s", code, said)
	}
}
