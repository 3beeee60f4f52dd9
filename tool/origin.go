// Which Gorgon this tool was built from, and so which one projects are to use.

package tool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"golang.org/x/mod/modfile"
)

// framework is the path of the framework's module.
const framework = "github.com/gorgon-go/gorgon"

// An origin is where a project gets Gorgon from: a version that can be
// downloaded, or a folder on this machine.
type origin struct {
	version string // "v1.2.3"; "" for a folder
	folder  string // absolute; "" for a version
}

func (o origin) String() string {
	if o.folder != "" {
		return "the checkout at " + o.folder
	}
	return o.version
}

// same says whether two origins are one, by whatever path.
func (o origin) same(other origin) bool {
	if o.version != other.version || (o.folder == "") != (other.folder == "") {
		return false
	}
	a, errA := os.Stat(o.folder)
	b, errB := os.Stat(other.folder)
	return o.folder == other.folder || errA == nil && errB == nil && os.SameFile(a, b)
}

// built is what the build says of the tool: its version where it came out of
// the module cache, and nothing where it was built from a folder.
func built() origin {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return origin{}
	}
	// A build in a checkout has a version too, made of its commit, which
	// cannot be downloaded. Only what was downloaded has a sum.
	if info.Main.Path == framework && info.Main.Sum != "" {
		return origin{version: info.Main.Version}
	}
	for _, d := range info.Deps { // as a tool of another module
		switch {
		case d.Path != framework:
		case d.Replace == nil && d.Sum != "":
			return origin{version: d.Version}
		case d.Replace != nil && filepath.IsAbs(d.Replace.Path):
			return origin{folder: d.Replace.Path}
		}
	}
	return origin{}
}

// ownVersion is what 'gorgon version' says.
func ownVersion() string {
	o := built()
	if o.version != "" {
		return o.version
	}
	version := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Path == framework && info.Main.Version != "" {
		version = info.Main.Version
	}
	if folder, ok := sources(); ok {
		return version + " from " + folder
	}
	return version
}

// sources is the folder that the tool was compiled from, if it is still there
// and the build did not trim it off.
func sources() (string, bool) {
	_, file, _, ok := runtime.Caller(0)
	if !ok || !filepath.IsAbs(file) {
		return "", false
	}
	folder := filepath.Dir(filepath.Dir(filepath.FromSlash(file)))
	return folder, isGorgon(folder) == nil
}

// findOrigin is the origin for a new project: the folder that was named, or
// what the tool itself was built from.
func findOrigin(ctx context.Context, named string) (origin, error) {
	if named != "" {
		folder, err := filepath.Abs(named)
		if err == nil {
			err = isGorgon(folder)
		}
		if err != nil {
			return origin{}, fmt.Errorf("--gorgon %s: %w: name the folder of a checkout of Gorgon", named, err)
		}
		return origin{folder: folder}, nil
	}
	o := built()
	if o.version != "" || o.folder != "" && isGorgon(o.folder) == nil {
		return o, nil
	}
	if folder, ok := sources(); ok {
		return origin{folder: folder}, nil
	}
	// Trimmed, but perhaps run as 'go tool gorgon' or from within a checkout.
	if folder, err := goSays(ctx, "", "list", "-m", "-f", "{{.Dir}}", framework); err == nil && isGorgon(folder) == nil {
		return origin{folder: folder}, nil
	}
	return origin{}, errors.New("this gorgon was built from a checkout that it cannot find: name it with --gorgon PATH")
}

// isGorgon says what is wrong with a folder that is to hold Gorgon.
func isGorgon(folder string) error {
	text, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	if err != nil {
		return err
	}
	if path := modfile.ModulePath(text); path != framework {
		return fmt.Errorf("it holds the module %q", path)
	}
	return nil
}

// source is the folder of the origin's files, of which a version's lie in the
// module cache; it is downloaded where it is not there yet.
func (o origin) source(ctx context.Context) (string, error) {
	if o.folder != "" {
		return o.folder, nil
	}
	said, err := goSays(ctx, os.TempDir(), "mod", "download", "-json", framework+"@"+o.version)
	var module struct{ Dir, Error string }
	if decodeErr := json.Unmarshal([]byte(said), &module); decodeErr == nil && module.Error != "" {
		return "", errors.New(firstLine(module.Error))
	}
	return module.Dir, err
}

// goSays runs the go command and returns what it prints. Settings that are for
// builds do not apply to it.
func goSays(ctx context.Context, dir string, args ...string) (string, error) {
	return says(ctx, dir, []string{"GOFLAGS="}, "go", args...)
}

// says runs a program in a folder and returns what it prints; the error holds
// the first line of what it complains, after those that only say what about.
func says(ctx context.Context, dir string, env []string, program string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, program, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), env...)
	var complaint strings.Builder
	c.Stderr = &complaint
	out, err := c.Output()
	if _, ok := errors.AsType[*exec.ExitError](err); ok && complaint.Len() > 0 {
		text := strings.TrimSpace(complaint.String())
		for strings.HasPrefix(text, "# ") || strings.HasPrefix(text, "go: downloading ") {
			_, rest, _ := strings.Cut(text, "\n")
			text = strings.TrimSpace(rest)
		}
		err = errors.New(firstLine(text))
	}
	return strings.TrimSpace(string(out)), err
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
