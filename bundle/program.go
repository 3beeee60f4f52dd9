// Go packages, compiled to WebAssembly.

package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// programs compiles the app's programs and adds them to its assets, with Go's
// own loader. If there is a cache, the go command finds the previous program in
// it, and links again only what has changed.
func (w *work) programs(ctx context.Context) error {
	if len(w.app.Assets.Programs) == 0 {
		return nil
	}
	folder := w.Cache
	if folder == "" {
		var err error
		if folder, err = os.MkdirTemp("", "gorgon-programs"); err != nil {
			return err
		}
		defer os.RemoveAll(folder)
	}
	for _, name := range slices.Sorted(maps.Keys(w.app.Assets.Programs)) {
		if _, taken := w.data[name]; taken {
			return fmt.Errorf("Assets.Programs: %s is also a file of Assets.Files: rename one", name)
		}
		out, err := filepath.Abs(filepath.Join(folder, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
			return err
		}
		env := append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
		if _, err := w.goCommand(ctx, env, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", out, w.app.Assets.Programs[name]); err != nil {
			return fmt.Errorf("Assets.Programs: %s: %w", name, err)
		}
		if w.data[name], err = os.ReadFile(out); err != nil {
			return err
		}
	}
	root, err := w.goCommand(ctx, nil, "env", "GOROOT")
	if err != nil {
		return fmt.Errorf("Assets.Programs: %w", err)
	}
	loader, err := os.ReadFile(filepath.Join(root, "lib", "wasm", "wasm_exec.js"))
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("this installation of Go has no loader for WebAssembly: install Go 1.24 or later: %w", err)
	}
	if err != nil {
		return fmt.Errorf("Assets.Programs: %w", err)
	}
	w.data["_wasm_exec.js"] = loader
	return nil
}

func (w *work) goCommand(ctx context.Context, env []string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, "go", args...)
	c.Dir, c.Env = w.root, env
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, bytes.TrimSpace(said.Bytes()))
	}
	return strings.TrimSpace(string(out)), nil
}
