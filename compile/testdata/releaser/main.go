// A program that compiles the one in its folder as deploy does, and makes its
// release.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/gorgon-go/gorgon/compile"
)

func main() {
	if err := report(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func report(ctx context.Context) error {
	temp, err := os.MkdirTemp("", "release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	b, err := compile.Build(ctx, ".", filepath.Join(temp, "here"))
	if err != nil {
		return err
	}
	here, err := exec.Command(b.File).Output()
	if err != nil {
		return err
	}
	s, err := compile.Find(ctx, b, "pkg")
	if err != nil {
		return err
	}
	file := filepath.Join(temp, "release")
	if err := compile.Program(ctx, s, runtime.GOOS, runtime.GOARCH, file); err != nil {
		return err
	}
	release, err := exec.Command(file).Output()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"source": s, "refusals": s.Refusals(), "here": string(here), "release": string(release),
	})
}
