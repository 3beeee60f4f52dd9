// Package diagnose says what is wrong with a running program, in plain words and
// with what to do, from what its admin pages say of it at /snapshot.json.
//
// [Look] is a function over two snapshots that were taken some seconds apart: a
// rate is a difference. A single snapshot works too, and fewer rules apply to it.
// The limits of the rules, with their reasons, are in limits.go; a healthy server
// under load is below all of them. [Visit] asks a program and prints what was
// found.
package diagnose

import (
	"cmp"
	"slices"

	"github.com/gorgon-go/gorgon/operate"
)

// A Finding is one thing that is wrong.
type Finding struct {
	Name   string `json:"name"`            // of the rule: one of docs/doctor.md, which stay as they are
	Where  string `json:"where,omitempty"` // the route, kind of jobs, check, store or database
	Says   string `json:"says"`            // with the figures
	Hint   string `json:"hint"`            // what to do
	Weight int    `json:"weight"`          // what weighs more comes first
}

// A Rule finds one thing. Make rules with [All].
type Rule struct {
	Name   string
	weight int
	two    bool // it needs two snapshots
	look   func(p *pair) []Finding
}

// Rules are looked at in their order.
type Rules []Rule

// All are the rules, the weightiest first.
func All() Rules {
	all := slices.Concat(ofStores(), ofPages(), ofAnswers(), ofWork())
	slices.SortStableFunc(all, func(a, b Rule) int { return cmp.Compare(b.weight, a.weight) })
	return all
}

// Without are the rules but for one.
func (r Rules) Without(name string) Rules {
	return slices.DeleteFunc(slices.Clone(r), func(one Rule) bool { return one.Name == name })
}

// Look says what is wrong. The first snapshot may be the zero Snapshot. One that
// was taken before the program was started again counts as such.
func Look(before, after operate.Snapshot) []Finding { return All().Look(before, after) }

// Look is [Look] by these rules alone.
func (r Rules) Look(before, after operate.Snapshot) []Finding {
	p := pairOf(before, after)
	found := []Finding{}
	for _, rule := range r {
		if rule.two && p.single {
			continue
		}
		for _, f := range rule.look(p) {
			f.Name, f.Weight = rule.Name, rule.weight
			found = append(found, f)
		}
	}
	return causesOf(found)
}

// causesOf leaves out what follows from what else was found at the same place:
// errors of a route, and dead jobs of a kind that fails.
func causesOf(found []Finding) []Finding {
	causes := map[string][]string{answersFail: {starved, loaderFails}, jobsDead: {jobFails}}
	all := slices.Clone(found)
	return slices.DeleteFunc(found, func(f Finding) bool {
		return slices.ContainsFunc(all, func(cause Finding) bool {
			return cause.Where == f.Where && slices.Contains(causes[f.Name], cause.Name)
		})
	})
}
