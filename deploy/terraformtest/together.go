// Faults that are put into a root together.
//
// A plan takes a second, and most faults do not touch each other. What each is
// caught by on its own is recorded in a file; faults are then planned together
// whose records have nothing in common, and each has to be caught by what its
// record says. Those of a group in which anything else comes out are tried one at a
// time, and that decides. UPDATE_GOLDEN=1 tries each on its own, and records it.

package terraformtest

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// records are the faults that rules find for each mutation, by its name and theirs.
type records map[string]map[string][]string

// recordsFile is where they are, in the folder of the package whose test runs.
const recordsFile = "testdata/mutations.json"

var recording sync.Mutex

func readRecords() (records, error) {
	all := records{}
	data, err := os.ReadFile(recordsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	return all, err
}

// record stores what was found for some mutations.
func record(found records) error {
	recording.Lock()
	defer recording.Unlock()
	all, err := readRecords()
	if err != nil {
		return err
	}
	maps.Copy(all, found)
	data, err := json.MarshalIndent(all, "", "\t")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(recordsFile), 0o755)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(recordsFile, append(data, '\n'), 0o644)
}

// A group is mutations that are planned together.
type group struct {
	list   []Mutation
	edited map[string]string   // the files with all of them
	set    map[string]string   // their variables
	faults map[string][]string // what their records have
}

// largest is how many mutations a group has at most.
const largest = 12

// grouped divides mutations into groups, and those that have to be tried alone.
func grouped(files map[string]string, list []Mutation, known records, rules map[string]bool) (groups []*group, alone []Mutation) {
	for _, m := range list {
		faults := known[m.Name]
		if !rules[m.By] || len(faults[m.By]) == 0 {
			alone = append(alone, m)
			continue
		}
		at := slices.IndexFunc(groups, func(g *group) bool { return g.takes(m, faults) })
		if at < 0 {
			at = len(groups)
			groups = append(groups, &group{edited: files, set: m.Set, faults: map[string][]string{}})
			if !groups[at].takes(m, faults) {
				groups, alone = groups[:at], append(alone, m)
			}
		}
	}
	groups = slices.DeleteFunc(groups, func(g *group) bool {
		if len(g.list) == 1 {
			alone = append(alone, g.list[0])
		}
		return len(g.list) == 1
	})
	return groups, alone
}

// takes adds a mutation to the group, unless it touches one of the others.
func (g *group) takes(m Mutation, faults map[string][]string) bool {
	if len(g.list) == largest || !maps.Equal(g.set, m.Set) {
		return false
	}
	for rule, found := range faults {
		if slices.ContainsFunc(found, func(f string) bool { return slices.Contains(g.faults[rule], f) }) {
			return false
		}
	}
	edited, err := m.edit(g.edited)
	if err != nil {
		return false
	}
	g.list, g.edited = append(g.list, m), edited
	for rule, found := range faults {
		g.faults[rule] = append(g.faults[rule], found...)
	}
	return true
}

// together tries a group, and says what catches each mutation: as its record says,
// or else as is found for it alone.
func (m *Module) together(ctx context.Context, t *testing.T, target string, with With, g *group, known records) (map[string][]string, error) {
	with.Set = merge(with.Set, g.set)
	one := &Module{stack: m.stack, tool: m.tool, dir: m.dir, files: g.edited, times: m.times}
	r, err := one.try(ctx, t.TempDir(), with, Planned)
	by := map[string][]string{}
	found := map[string][]string{}
	if err == nil {
		found = faultsOf(r, target)
	}
	for _, mutation := range g.list {
		if missing := missed(known[mutation.Name][mutation.By], found[mutation.By]); err == nil && !missing {
			by[mutation.Name] = []string{mutation.By}
			continue
		}
		t.Logf("%q is tried alone", mutation.Name)
		faults, step, err := m.mutate(ctx, t.TempDir(), target, with, mutation)
		if err != nil {
			return nil, err
		}
		by[mutation.Name] = append(slices.Sorted(maps.Keys(faults)), step...)
	}
	return by, nil
}

// missed says whether one of some faults is not among others.
func missed(want, got []string) bool {
	return slices.ContainsFunc(want, func(f string) bool { return !slices.Contains(got, f) })
}

// faultsOf are the faults that the rules of a target find, by rule.
func faultsOf(r *Result, target string) map[string][]string {
	found := map[string][]string{}
	for _, rule := range Rules(target) {
		if faults := rule.Check(r); len(faults) > 0 {
			found[rule.Name] = faults
		}
	}
	return found
}
