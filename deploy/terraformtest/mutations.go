// Mutations: faults put into a module's files, each of which has to be caught.

package terraformtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
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

// Mutations puts each fault into a root, one at a time, and fails for those that are
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
	faultsOf.Lock()
	for _, m := range list {
		if faultsOf.rules[target] == nil {
			faultsOf.rules[target] = map[string]bool{}
		}
		faultsOf.rules[target][m.By] = true
	}
	faultsOf.Unlock()
	var lock sync.Mutex
	caught := map[string]string{}
	t.Run("each", func(t *testing.T) {
		for _, m := range list {
			t.Run(m.Name, func(t *testing.T) {
				t.Parallel()
				if !names[m.By] && !slices.Contains([]Step{Validate, Planned, Secrets, Again, Tested}, Step(m.By)) {
					t.Fatalf("%q is not a rule of %s, and not a step", m.By, target)
				}
				by, err := whole.mutate(t.Context(), t.TempDir(), target, with, m)
				if err != nil {
					t.Fatal(err)
				}
				lock.Lock()
				caught[m.Name] = strings.Join(by, ", ")
				lock.Unlock()
				if !slices.Contains(by, m.By) {
					t.Errorf("it is to be caught by %q, and is caught by %q", m.By, by)
				}
			})
		}
	})
	var table strings.Builder
	missed := 0
	for _, m := range list {
		if caught[m.Name] == "" {
			missed++
		}
		fmt.Fprintf(&table, "%-66s %s\n", m.Name, caught[m.Name])
	}
	t.Logf("%s: %d mutations, %d missed, in %.0f s\n%s", target, len(list), missed, time.Since(began).Seconds(), table.String())
}

// faultsOf has the rules that mutations name, by target.
var faultsOf = struct {
	sync.Mutex
	rules map[string]map[string]bool
}{rules: map[string]map[string]bool{}}

// Covered fails for each rule of a target that is to catch no mutation of the lists
// before: it may be one that finds nothing.
func Covered(t *testing.T, target string) {
	t.Helper()
	faultsOf.Lock()
	defer faultsOf.Unlock()
	for _, rule := range Rules(target) {
		if !faultsOf.rules[target][rule.Name] {
			t.Errorf("the rule %q of %s has no mutation that it is to catch", rule.Name, target)
		}
	}
	if !t.Failed() {
		t.Logf("%s: each of %d rules catches at least one of these faults", target, len(Rules(target)))
	}
}

// mutate says what catches a mutation: one step, or the rules that find a fault in
// what is planned.
func (m *Module) mutate(ctx context.Context, dir, target string, with With, fault Mutation) ([]string, error) {
	files, err := fault.edit(m.files)
	if err != nil {
		return nil, err
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
			return failed(err)
		}
	case Secrets, Again:
		last = Secrets
	}
	r, err := one.try(ctx, filepath.Join(dir, "planned"), with, last)
	if err != nil || Step(fault.By) == Planned || last == Secrets {
		return failed(err)
	}
	var by []string
	for _, rule := range Rules(target) {
		if len(rule.Check(r)) > 0 {
			by = append(by, rule.Name)
		}
	}
	return by, nil
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
