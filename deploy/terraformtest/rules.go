// Rules: what a plan may not have although a cloud would accept it.

package terraformtest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A Rule is one thing that holds for what is planned.
type Rule struct {
	Name   string
	Guards string // what goes wrong without it, and where it was seen

	// Check returns the faults; each names what is at fault.
	Check func(r *Result) []string
}

// Rules are those of a target: "gcp", "aws" or "cloudrun".
func Rules(target string) []Rule {
	rules := slices.Clone(everywhere)
	switch target {
	case "gcp":
		rules = append(rules, onGoogle...)
		rules = append(rules, onMachines...)
	case "cloudrun":
		rules = append(rules, onGoogle...)
		rules = append(rules, onCloudRun...)
	case "aws":
		rules = append(rules, onAmazon...)
	default:
		panic("terraformtest: no rules for the target " + target)
	}
	return rules
}

// Hold fails for each fault that a rule of the target finds.
func Hold(t *testing.T, target string, r *Result) {
	t.Helper()
	for _, rule := range Rules(target) {
		for _, fault := range rule.Check(r) {
			t.Errorf("%s: %s\n%s, with %v, %v", rule.Name, fault, rule.Guards, r.With.VarFiles, r.With.Set)
		}
	}
}

// Production reports whether the variables are those of production, where what holds
// data is protected.
func (r *Result) Production() bool {
	return slices.ContainsFunc(r.With.VarFiles, func(name string) bool { return strings.Contains(name, "production") || strings.Contains(name, "full") })
}

// Block is the text of a resource in the module's files, by its address without an
// index; "" if there is none. terraform fmt has closed it at the line's beginning.
func (r *Result) Block(base string) string {
	kind, name, _ := strings.Cut(base, ".")
	head := regexp.MustCompile(`(?m)^resource ` + regexp.QuoteMeta(fmt.Sprintf("%q %q", kind, name)) + ` \{`)
	for _, text := range r.Files {
		at := head.FindStringIndex(text)
		if at == nil {
			continue
		}
		rest := text[at[0]:]
		line, _, _ := strings.Cut(rest, "\n")
		if strings.HasSuffix(line, "}") {
			return line
		}
		block, _, _ := strings.Cut(rest, "\n}")
		return block
	}
	return ""
}

// beside is the text of the file that has a resource.
func (r *Result) beside(base string) string {
	block := r.Block(base)
	for _, text := range r.Files {
		if block != "" && strings.Contains(text, block) {
			return text
		}
	}
	return ""
}

// ignores are the arguments whose changes a resource leaves to others.
func (r *Result) ignores(base string) string {
	_, after, _ := strings.Cut(r.Block(base), "ignore_changes")
	_, list, _ := strings.Cut(after, "[")
	depth := 1
	for i, c := range list {
		switch c {
		case '[':
			depth++
		case ']':
			depth--
		}
		if depth == 0 {
			return list[:i]
		}
	}
	return ""
}

// each finds faults one resource at a time.
func each(types []string, fault func(r *Result, one Resource) string) func(*Result) []string {
	return func(r *Result) []string {
		var faults []string
		for _, one := range r.Plan.Of(types...) {
			if text := fault(r, one); text != "" {
				faults = append(faults, one.Address+": "+text)
			}
		}
		return faults
	}
}

// some finds a fault if none of the types is planned.
func some(why string, types ...string) func(*Result) []string {
	return func(r *Result) []string {
		if r.Plan.Count(types...) == 0 {
			return []string{fmt.Sprintf("%s: there is none of %s", why, strings.Join(types, ", "))}
		}
		return nil
	}
}

// all joins the faults of several checks.
func all(checks ...func(*Result) []string) func(*Result) []string {
	return func(r *Result) []string {
		var faults []string
		for _, check := range checks {
			faults = append(faults, check(r)...)
		}
		return faults
	}
}

var keepAlive = regexp.MustCompile(`GORGON_KEEP_ALIVE"?\s*=\s*"(\d+)s"`)

// keepsAlive says whether the program keeps an idle connection for longer than a
// number of seconds.
func (r *Result) keepsAlive(most float64) string {
	own := 120.0 // by default
	if found := keepAlive.FindStringSubmatch(r.text(".tf")); found != nil {
		own, _ = strconv.ParseFloat(found[1], 64)
	}
	if own <= most {
		return fmt.Sprintf("uses idle connections for %v s, and the program closes them after %v s (GORGON_KEEP_ALIVE)", most, own)
	}
	return ""
}

// text joins all files of the module with a suffix.
func (r *Result) text(suffix string) string {
	var names []string
	for name := range r.Files {
		if strings.HasSuffix(name, suffix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		b.WriteString(r.Files[name])
	}
	return b.String()
}

// missing says which of several patterns a text lacks.
func missing(text, what string, patterns []string) []string {
	var faults []string
	for _, p := range patterns {
		if !regexp.MustCompile(p).MatchString(text) {
			faults = append(faults, "there is not "+what+" "+p)
		}
	}
	return faults
}
