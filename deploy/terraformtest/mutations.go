// Mutations: faults put into a module's files, each of which has to be caught.

package terraformtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A Mutation is one fault.
type Mutation struct {
	Name string // "D1: the database has a public address"

	// File is the file that is edited, by its name in the module's folder. Find is a
	// regular expression, in which ^ and $ are ends of lines: it has to match. Put
	// takes its place, with $1 for groups. Without a Find, the file is removed. More
	// are further edits.
	File, Find, Put string
	More            []Edit

	// By is what has to catch it: a [Step], or the name of a rule.
	By string

	// Set are further variables that it is run with.
	Set map[string]string
}

// An Edit is one further change of a mutation.
type Edit struct{ File, Find, Put string }

// The part of a root that mutations need is not there: for a target without buckets.
var errFoundNothing = errors.New("the pattern matches nothing")

// edit makes the mutation's edits.
func (m Mutation) edit(files map[string]string) (map[string]string, error) {
	edited := maps.Clone(files)
	for _, e := range append([]Edit{{m.File, m.Find, m.Put}}, m.More...) {
		pattern, err := regexp.Compile("(?m)" + e.Find)
		if err != nil {
			return nil, err
		}
		text, is := edited[e.File]
		if e.Find == "" && is {
			delete(edited, e.File)
			continue
		}
		after := pattern.ReplaceAllString(text, e.Put)
		if !is || after == text {
			return nil, fmt.Errorf("%s: %q: %w", e.File, e.Find, errFoundNothing)
		}
		edited[e.File] = after
	}
	return edited, nil
}

// Mutations puts each fault into a root, some at a time, and fails for those that are
// not caught by what they name. It prints a table of what caught each. The root
// without a fault has to pass first.
func Mutations(t *testing.T, target string, r Root, with With, list []Mutation) {
	t.Helper()
	began := time.Now()
	whole := Open(t, r)
	sound := whole.Plan(t, with)
	names := map[string]bool{}
	for _, rule := range Rules(target) {
		names[rule.Name] = true
		if faults := rule.Check(sound); len(faults) > 0 {
			t.Fatalf("the root without a fault has to pass: %s: %q", rule.Name, faults)
		}
	}
	tried.Lock()
	for _, m := range list {
		if tried.rules[target] == nil {
			tried.rules[target] = map[string]bool{}
		}
		tried.rules[target][m.By] = true
	}
	tried.Unlock()
	var lock sync.Mutex
	caught := map[string]string{}
	note := func(name string, by []string) {
		lock.Lock()
		defer lock.Unlock()
		caught[name] = strings.Join(by, ", ")
	}
	known, err := readRecords()
	if err != nil {
		t.Fatal(err)
	}
	update := os.Getenv("UPDATE_GOLDEN") != ""
	groups, alone := grouped(whole.files, list, known, names)
	if update {
		groups, alone = nil, list
	}
	found := records{}
	t.Run("each", func(t *testing.T) {
		for i, g := range groups {
			t.Run(fmt.Sprint("group ", i+1), func(t *testing.T) {
				t.Parallel()
				by, err := whole.together(t.Context(), t, target, with, g, known)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range g.list {
					if note(m.Name, by[m.Name]); !slices.Contains(by[m.Name], m.By) {
						t.Errorf("%q is to be caught by %q, and is caught by %q", m.Name, m.By, by[m.Name])
					}
				}
			})
		}
		for _, m := range alone {
			t.Run(m.Name, func(t *testing.T) {
				t.Parallel()
				if !names[m.By] && !slices.Contains([]Step{Validate, Planned, Secrets, Again, Tested}, Step(m.By)) {
					t.Fatalf("%q is not a rule of %s, and not a step", m.By, target)
				}
				faults, step, err := whole.mutate(t.Context(), t.TempDir(), target, with, m)
				if err != nil {
					t.Fatal(err)
				}
				by := append(slices.Sorted(maps.Keys(faults)), step...)
				note(m.Name, by)
				if lock.Lock(); len(faults) > 0 {
					found[m.Name] = faults
				}
				lock.Unlock()
				if !slices.Contains(by, m.By) {
					t.Errorf("it is to be caught by %q, and is caught by %q", m.By, by)
				}
			})
		}
	})
	if update {
		if err := record(found); err != nil {
			t.Error(err)
		}
	}
	var table strings.Builder
	missed := 0
	for _, m := range list {
		if caught[m.Name] == "" {
			missed++
		}
		fmt.Fprintf(&table, "%-66s %s\n", m.Name, caught[m.Name])
	}
	t.Logf("%s: %d mutations, %d missed, in %d plans and %.0f s\n%s", target, len(list), missed, len(groups)+len(alone), time.Since(began).Seconds(), table.String())
}

// tried has the rules that mutations name, by target.
var tried = struct {
	sync.Mutex
	rules map[string]map[string]bool
}{rules: map[string]map[string]bool{}}

// Covered fails for each rule of a target that is to catch no mutation of the lists
// before: it may be one that finds nothing.
func Covered(t *testing.T, target string) {
	t.Helper()
	tried.Lock()
	defer tried.Unlock()
	for _, rule := range Rules(target) {
		if !tried.rules[target][rule.Name] {
			t.Errorf("the rule %q of %s has no mutation that it is to catch", rule.Name, target)
		}
	}
	if !t.Failed() {
		t.Logf("%s: each of %d rules catches at least one of these faults", target, len(Rules(target)))
	}
}

// mutate says what catches a mutation: the faults that rules find in what is
// planned, by rule, or one step.
func (m *Module) mutate(ctx context.Context, dir, target string, with With, fault Mutation) (faults map[string][]string, step []string, err error) {
	files, err := fault.edit(m.files)
	if err != nil {
		return nil, nil, err
	}
	with.Set = merge(with.Set, fault.Set)
	one := &Module{stack: m.stack, tool: m.tool, dir: m.dir, files: files, times: map[Step]time.Duration{}}
	last := Planned
	switch by := Step(fault.By); by {
	case Validate, Planned, Tested:
		// What is said to be caught later has to pass validate.
		err := one.validate(ctx, filepath.Join(dir, "validated"))
		if err == nil && by == Tested {
			err = one.test(ctx, filepath.Join(dir, "validated"))
		}
		if err != nil || by != Planned {
			step, err = failed(err)
			return nil, step, err
		}
	case Secrets, Again:
		last = Secrets
	}
	r, err := one.try(ctx, filepath.Join(dir, "planned"), with, last)
	if err != nil || Step(fault.By) == Planned || last == Secrets {
		step, err = failed(err)
		return nil, step, err
	}
	return faultsOf(r, target), nil, nil
}

// failed is the step that failed, if any.
func failed(err error) ([]string, error) {
	if step := (*StepError)(nil); errors.As(err, &step) {
		return []string{string(step.Step)}, nil
	}
	return nil, err
}

func merge(a, b map[string]string) map[string]string {
	both := maps.Clone(a)
	if both == nil {
		both = map[string]string{}
	}
	maps.Copy(both, b)
	return both
}
