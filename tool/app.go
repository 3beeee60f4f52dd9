// The app: its source, its program, and what that says of itself.

package tool

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/compile"
	"github.com/gorgon-go/gorgon/plan"
)

// An app is the one in a folder, compiled as the go command does it here.
type app struct {
	plan.App
	binary compile.Binary
	close  func() error // removes the program
}

// onePackage takes the folder of a main package, or none for the one here.
func onePackage(c *cobra.Command, args []string) error {
	if len(args) > 1 {
		return cli.Misuse("%s takes one package: leave out %s", c.Name(), cli.Quoted(args[1]))
	}
	return nil
}

func folderOf(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}

// openApp compiles the app in a folder and asks it what it is. The store is
// the location that --store names; "" for that of GORGON_STORE.
func openApp(ctx context.Context, folder, store string) (*app, error) {
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return nil, cli.Misuse("%s is not a folder: name that of the app's main package, such as ./cmd/shop", cli.Quoted(folder))
	}
	temp, err := os.MkdirTemp("", "gorgon-app-")
	if err != nil {
		return nil, err
	}
	a := &app{close: func() error { return os.RemoveAll(temp) }}
	if a.binary, err = compile.Build(ctx, folder, filepath.Join(temp, "app.exe")); err == nil {
		a.App, err = ask(ctx, a.binary.File, store)
	}
	if err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

// ask asks a program what its app is, and how it sees a store.
func ask(ctx context.Context, program, store string) (plan.App, error) {
	var a plan.App
	var env []string
	if store != "" {
		env = append(env, "GORGON_STORE="+store)
	}
	said, err := call(ctx, program, env, "parts", "--json")
	if err != nil {
		return a, err
	}
	switch err := json.Unmarshal(said, &a); {
	case err != nil:
		return a, fmt.Errorf("the program does not say what it is: %w: let its main function call command.Main", err)
	case a.Format != plan.Format:
		return a, fmt.Errorf("the program speaks format %d of 'parts --json', and this tool %d: use the tool of the Gorgon in go.mod", a.Format, plan.Format)
	case a.Store.Fault != "":
		return a, cli.Misuse("%s", a.Store.Fault)
	}
	return a, nil
}

// runApp compiles the app in a folder, and runs a command of its program.
func runApp(ctx context.Context, folder string, env []string, args ...string) ([]byte, error) {
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return nil, cli.Misuse("%s is not a folder: name that of the app's main package, such as ./cmd/shop", cli.Quoted(folder))
	}
	temp, err := os.MkdirTemp("", "gorgon-app-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	binary, err := compile.Build(ctx, folder, filepath.Join(temp, "app.exe"))
	if err != nil {
		return nil, err
	}
	return call(ctx, binary.File, env, args...)
}

// call runs a command of an app's program, and returns what it prints. Its
// error is what the program complains of, with its exit code.
func call(ctx context.Context, program string, env []string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, program, args...)
	c.Env = append(append(os.Environ(), "GORGON_STANDALONE="), env...)
	var complaint bytes.Buffer
	c.Stderr = &complaint
	out, err := c.Output()
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		if text := strings.TrimSpace(complaint.String()); text != "" {
			err = errors.New(text)
		}
		err = cli.Exit{Code: max(e.ExitCode(), cli.Failed), Err: err}
	}
	return out, err
}

// technology finds a technology of the app by a scheme; nil for none.
func (a *app) technology(scheme string) *plan.Technology {
	for i, t := range a.Stores {
		for _, s := range t.Schemes {
			if s == scheme {
				return &a.Stores[i]
			}
		}
	}
	return nil
}
