//go:build unix

// Every flag and every variable has an effect, through the program.

package command_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/wire"
)

// checks show the effect of each flag, by command, and of each variable. One
// that is added to the program has to be added here.
func checks() map[string]func(*trial) {
	all := maps.Clone(checksOfServe())
	maps.Copy(all, checksOfEnvironment())
	maps.Copy(all, checksOfOwner())
	maps.Copy(all, checksOfJobs())
	maps.Copy(all, checksOfRooms())
	maps.Copy(all, checksOfDoctor())
	for _, c := range []string{"build", "serve", "export"} {
		maps.Copy(all, checksOfBuild(c))
	}
	for name, check := range checksOfOthers() {
		all[name] = check
	}
	return all
}

// flagsOf are the flags of a command, those too that --help hides.
func flagsOf(c *cobra.Command) (flags []string) {
	for _, line := range regexp.MustCompile(`(?m)^\s+(?:-\w, )?--([\w-]+)`).FindAllStringSubmatch(c.LocalFlags().FlagUsages(), -1) {
		flags = append(flags, line[1])
	}
	for _, hidden := range []string{"bundle-cache", "seed", "host", "dist"} {
		if f := c.LocalFlags().Lookup(hidden); f != nil && f.Hidden {
			flags = append(flags, hidden)
		}
	}
	return flags
}

func TestEveryFlagAndVariableHasAnEffect(t *testing.T) {
	root := command.Root(gorgon.App{Name: "site"}, command.Config{Bundler: bundle.Bundler{}, Stores: drivers})
	wanted := command.Variables()
	serve, _, err := root.Find([]string{"serve"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range root.Commands() {
		for _, flag := range flagsOf(c) {
			if flag != "help" {
				wanted = append(wanted, c.Name()+" --"+flag)
			}
		}
	}
	for _, flag := range flagsOf(root) {
		if flag != "help" && root.Flags().Lookup(flag) != serve.Flags().Lookup(flag) {
			wanted = append(wanted, "--"+flag)
		}
	}
	all := checks()
	for name := range all {
		if !slices.Contains(wanted, name) {
			t.Errorf("there is a check of %s, which the program does not have", name)
		}
	}
	if len(wanted) < 70 {
		t.Errorf("%d flags and variables were found, and there are more", len(wanted))
	}
	for _, name := range wanted {
		if all[name] == nil {
			t.Errorf("%s has no check: show its effect through the program", name)
			continue
		}
		t.Run(strings.ReplaceAll(name, " ", ""), func(t *testing.T) { all[name](newTrial(t)) })
	}
}

// Every variable of ours that the code reads is in the list.
func TestEveryVariableIsListed(t *testing.T) {
	read := regexp.MustCompile(`(?:env|Getenv|LookupEnv|truth)\("(GORGON_\w+)"|p\.fromEnv\(c, [^)]*"(GORGON_\w+)"|"[\w-]+": "(GORGON_\w+)"`)
	found := map[string]bool{}
	for _, pattern := range []string{"../*.go", "../*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "../cmd/") || strings.HasPrefix(file, "../testbed/") || strings.HasPrefix(file, "../bench/") || strings.HasPrefix(file, "../tool/") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(text, []byte(`"GORGON_`)) && !bytes.Contains(text, []byte("wire.ReadyVariable")) {
				continue // the expression takes a while
			}
			for _, m := range read.FindAllStringSubmatch(strings.ReplaceAll(string(text), "wire.ReadyVariable", `"`+wire.ReadyVariable+`"`), -1) {
				found[m[1]+m[2]+m[3]] = true
			}
		}
	}
	listed := command.Variables()
	for name := range found {
		if !slices.Contains(listed, name) {
			t.Errorf("%s is read, and is not among the variables that are listed", name)
		}
	}
	for _, name := range listed {
		if !found[name] {
			t.Errorf("%s is listed, and nothing reads it", name)
		}
	}
}

// The help names them all.
func TestHelpNamesEveryVariable(t *testing.T) {
	x := newTrial(t)
	said := x.does("help", "environment")
	for _, name := range command.Variables() {
		if !strings.Contains(said, name) {
			t.Errorf("%s is not named: %s", name, said)
		}
	}
}
