// The go.mod of a new project, and that of its tools, which build at once: with
// the versions that Gorgon itself is tested with, and their sums.

package tool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// leastGo is the Go that Gorgon needs, where no go.mod says it.
const leastGo = "1.26.0"

// unpublished is the version that stands for a folder.
const unpublished = "v0.0.0"

// moduleFiles are go.mod and go.sum for a module at path that imports packages
// and has tools. They name every module that Gorgon in the folder source needs,
// since without the go command it cannot be told which of them the project
// does; a source of "" leaves all but Gorgon to 'go mod tidy'.
func moduleFiles(path string, o origin, source string, imports []string, tools ...string) (map[string][]byte, error) {
	f := new(modfile.File)
	if err := f.AddModuleStmt(path); err != nil {
		return nil, err
	}
	for _, tool := range tools {
		if err := f.AddTool(tool); err != nil {
			return nil, err
		}
	}
	version := o.version
	if version == "" {
		version = unpublished
		if err := f.AddReplace(framework, "", o.folder, ""); err != nil {
			return nil, err
		}
	}
	files, goVersion := map[string][]byte{}, leastGo
	requires := []*modfile.Require{{Mod: module.Version{Path: framework, Version: version}}}
	if source != "" {
		name := filepath.Join(source, "go.mod")
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		own, err := modfile.Parse(name, text, nil)
		if err != nil {
			return nil, err
		}
		if own.Go != nil {
			goVersion = own.Go.Version
		}
		for _, r := range own.Require {
			direct := slices.ContainsFunc(imports, func(i string) bool { return i == r.Mod.Path || strings.HasPrefix(i, r.Mod.Path+"/") })
			requires = append(requires, &modfile.Require{Mod: r.Mod, Indirect: !direct})
		}
		switch sums, err := os.ReadFile(filepath.Join(source, "go.sum")); {
		case err == nil:
			files["go.sum"] = sums
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	if err := f.AddGoStmt(goVersion); err != nil {
		return nil, err
	}
	f.SetRequireSeparateIndirect(requires)
	f.Cleanup()
	text, err := f.Format()
	files["go.mod"] = text
	return files, err
}

// tidy leaves in go.mod and go.sum only what the project needs, and says how
// that went. What tidying cannot do it leaves as it was.
func tidy(ctx context.Context, folder string) string {
	if _, err := exec.LookPath("go"); err != nil {
		return "there is no go command, so go.mod lists more than the project needs: install Go from https://go.dev/dl/, then run 'go mod tidy'"
	}
	run := func(env ...string) error {
		_, err := says(ctx, folder, append([]string{"GOFLAGS=-mod=mod", "GOWORK=off"}, env...), "go", "mod", "tidy")
		return err
	}
	if run("GOPROXY=off") == nil {
		return "tidied, with no need of the network"
	}
	if err := run(); err != nil {
		return fmt.Sprintf("it could not be tidied (%s), so it lists more than the project needs: run 'go mod tidy' once modules can be downloaded", err)
	}
	return "tidied"
}

// workspace is the go.work around a folder that does not name it, "" for none.
func workspace(ctx context.Context, folder string) string {
	file, err := goSays(ctx, folder, "env", "GOWORK")
	if err != nil || file == "" || file == "off" {
		return ""
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	work, err := modfile.ParseWork(file, text, nil)
	if err != nil {
		return ""
	}
	for _, use := range work.Use {
		used := filepath.FromSlash(use.Path)
		if !filepath.IsAbs(used) {
			used = filepath.Join(filepath.Dir(file), used)
		}
		if used == folder {
			return ""
		}
	}
	return file
}
