// Package pod describes a site as a container of its image, in the words that
// Kubernetes and Cloud Run share, with the program's environment.
package pod

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gorgon-go/gorgon/deploy"
)

// What every image of a package has.
const (
	Port = 8080  // the program listens there
	User = 65532 // and group: the program runs as it
)

// Image is the site's image, or a name for it where none was given.
func Image(s deploy.Site) string {
	if s.Image != "" {
		return s.Image
	}
	return s.Package.App + ":latest"
}

// Label is an app's name as a DNS label of at most 40 bytes, so that what is
// named after the app can have a suffix.
func Label(app string) string {
	name := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, app), "-")
	if name == "" || name[0] < 'a' { // a service's name begins with a letter
		name = "app-" + name
	}
	return strings.Trim(name[:min(len(name), 40)], "-")
}

// With adds variables that the site does not name, or names without a value and
// not as secrets.
func With(variables []deploy.Variable, more ...deploy.Variable) []deploy.Variable {
	all := append([]deploy.Variable(nil), variables...)
next:
	for _, m := range more {
		for i, v := range all {
			if v.Name != m.Name {
				continue
			}
			if v.Value == "" && !v.Secret {
				all[i].Value, all[i].Secret = m.Value, m.Secret
			}
			continue next
		}
		all = append(all, m)
	}
	return all
}

// Store is the variable that names the store. Stores of files lie in folder; a
// shared store's location is a secret, since it may hold one.
func Store(s deploy.Site, folder string) deploy.Variable {
	v := deploy.Variable{Name: "GORGON_STORE", For: "the store for pages generated at run time"}
	switch store := s.Outcome.Setting.Store; {
	case store == "disk":
		v.Value = "disk:" + folder + "/store"
	case store == "sqlite":
		v.Value = "sqlite:" + folder + "/store.db"
	case s.Outcome.Setting.SharedStore:
		v.Secret = true
	case store == "mem":
		v.Value = "mem:"
	default: // said, since a program with a disk driver would look for a disk
		v.Value = "none"
	}
	return v
}

// Drain is the variable for how long to keep accepting requests after SIGTERM.
func Drain(d time.Duration) deploy.Variable {
	return deploy.Variable{Name: "GORGON_DRAIN", Value: d.String(), For: "how long to keep accepting requests after SIGTERM"}
}

// Grace is how long the program may take to end: its drain, and half a minute
// for what is being answered.
func Grace(variables []deploy.Variable) time.Duration {
	const answers = 30 * time.Second
	for _, v := range variables {
		if v.Name == "GORGON_DRAIN" && !v.Secret {
			if drain, err := time.ParseDuration(v.Value); err == nil {
				return drain + answers
			}
		}
	}
	return answers
}

// Plain are the variables that are known and no secret.
func Plain(variables []deploy.Variable) []deploy.Variable {
	return only(variables, func(v deploy.Variable) bool { return !v.Secret && v.Value != "" })
}

// Open are the variables that are the operator's to set, and no secret.
func Open(variables []deploy.Variable) []deploy.Variable {
	return only(variables, func(v deploy.Variable) bool { return !v.Secret && v.Value == "" })
}

// Secrets returns the variables that belong to the target's secrets.
func Secrets(variables []deploy.Variable) []deploy.Variable {
	return only(variables, func(v deploy.Variable) bool { return v.Secret })
}

func only(variables []deploy.Variable, is func(deploy.Variable) bool) []deploy.Variable {
	var some []deploy.Variable
	for _, v := range variables {
		if is(v) {
			some = append(some, v)
		}
	}
	return some
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Check reports every variable that no environment can hold.
func Check(variables []deploy.Variable) error {
	var faults []error
	for _, v := range variables {
		switch {
		case !variableName.MatchString(v.Name):
			faults = append(faults, fmt.Errorf("variable %q: use letters, digits and underscores, not a digit first", v.Name))
		case !utf8.ValidString(v.Value) || strings.ContainsFunc(v.Value, unprintable):
			faults = append(faults, fmt.Errorf("variable %s: its value is not text: use UTF-8 without control characters", v.Name))
		}
	}
	return errors.Join(faults...)
}

// unprintable are the characters that kustomize refuses, however they are
// written.
func unprintable(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\t\r\n", r) }

// Cron is when maintain is to be called, in the five fields of cron: about as
// often as said, between once a minute and once an hour.
func Cron(every time.Duration) string {
	minutes := min(max(1, int(every/time.Minute)), 60)
	for 60%minutes != 0 { // cron starts again with each hour
		minutes--
	}
	switch minutes {
	case 60:
		return "0 * * * *"
	case 1:
		return "* * * * *"
	}
	return fmt.Sprintf("*/%d * * * *", minutes)
}

// List lists variables in Markdown, under the target's name for them.
func List(variables []deploy.Variable, name func(deploy.Variable) string) string {
	var b strings.Builder
	for _, v := range variables {
		fmt.Fprintf(&b, "- `%s`: %s\n", name(v), v.For)
	}
	return b.String()
}
