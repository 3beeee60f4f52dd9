// What every store refuses, and refuses alike.

package jobs

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxAfter is how far in the future a job may be.
const MaxAfter = 100 * 366 * 24 * time.Hour

func invalid(text string, args ...any) error {
	return fmt.Errorf("%w: "+text, append([]any{ErrInvalid}, args...)...)
}

// CheckKind refuses what is not the name of a kind. Those with a slash are the
// framework's.
func CheckKind(kind string) error {
	if kind == "" || len(kind) > 80 {
		return invalid("the name of a kind has 1 to 80 characters")
	}
	if strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz0123456789-./") != "" {
		return invalid("the name of a kind has only lower-case letters, digits, dashes and dots")
	}
	return nil
}

// CheckKey refuses what not every database can keep as a key.
func CheckKey(key string) error {
	switch {
	case len(key) > MaxKey:
		return invalid("a key has more than %d bytes", MaxKey)
	case !utf8.ValidString(key) || strings.IndexByte(key, 0) >= 0:
		return invalid("a key is not UTF-8 text without zero bytes")
	}
	return nil
}

// checkTime refuses times that are not in the years 1 to 9999.
func checkTime(t time.Time) error {
	if year := t.UTC().Year(); year < 1 || year > 9999 {
		return invalid("a time is not in the years 1 to 9999")
	}
	return nil
}

// Check refuses a job that no store accepts.
func (n *New) Check() error { return n.check(0) }

// maxDepth is how many jobs may follow each other.
const maxDepth = 20

func (n *New) check(depth int) error {
	switch {
	case len(n.Args) > MaxArgs:
		return invalid("the arguments of a job have %d bytes, and %d are allowed: add what names them", len(n.Args), MaxArgs)
	case n.After < 0 || n.After > MaxAfter:
		return invalid("a job is added for a time before now, or more than a hundred years ahead")
	case n.Keep < 0 || n.Keep > MaxAfter:
		return invalid("a job is kept for less than no time, or for more than a hundred years")
	case depth >= maxDepth || len(n.Then) > 100:
		return invalid("more than %d jobs follow each other, or more than 100 follow one", maxDepth)
	case (n.Replace || n.UntilDone) && n.Key == "":
		return invalid("a job without a key replaces none and holds no place")
	}
	for _, err := range []error{CheckKind(n.Kind), CheckKey(n.Key), checkTime(n.At)} {
		if err != nil {
			return err
		}
	}
	for i := range n.Then {
		if err := n.Then[i].check(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

// Check refuses what no worker may ask for.
func (a *Ask) Check() error {
	if a.Worker == "" || len(a.Worker) > 100 || a.Lease < time.Millisecond || a.Lease > 24*time.Hour {
		return invalid("a worker has a name of 1 to 100 bytes, and a lease takes at most a day")
	}
	for _, w := range a.Wants {
		if err := CheckKind(w.Kind); err != nil {
			return err
		}
		if w.N < 1 || w.Everywhere < 0 {
			return invalid("a worker asks for less than one job")
		}
	}
	return nil
}

// Check refuses an outcome that no store accepts.
func (o *Outcome) Check() error {
	switch {
	case o.Ending < Done || o.Ending > Released:
		return invalid("an ending is none of the four")
	case o.After < 0 || o.After > MaxAfter:
		return invalid("a job is put off to a time before now, or more than a hundred years ahead")
	case len(o.Report) > MaxReport:
		return invalid("a report has more than %d bytes", MaxReport)
	}
	return checkTime(o.At)
}

// Check refuses a series that no store accepts.
func (s *Series) Check() error {
	if s.Text == "" || len(s.Text) > 200 || s.First == nil {
		return invalid("a series has a text of 1 to 200 bytes, and a first time")
	}
	return CheckKind(s.Kind)
}

// Check refuses what names no jobs.
func (w *Which) Check() error {
	if w.ID == 0 {
		if w.Key == "" {
			return invalid("jobs are named by an ID, or by kind and key")
		}
		return first(CheckKind(w.Kind), CheckKey(w.Key))
	}
	if w.Kind != "" || w.Key != "" {
		return invalid("a job is named by an ID, or by kind and key, and not by both")
	}
	return nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// AddError adds a line to the errors of a job, and leaves out the first ones
// where they have more than [MaxErrors] bytes.
func AddError(errors string, at time.Time, attempt int, text string) string {
	if len(text) > MaxError {
		text = strings.ToValidUTF8(text[:MaxError], "") + " …"
	}
	text = strings.ReplaceAll(strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), ""), "\n", "\n  ")
	all := errors + fmt.Sprintf("%s attempt %d: %s\n", at.UTC().Format(time.RFC3339), attempt, text)
	for len(all) > MaxErrors {
		_, rest, found := strings.Cut(all, "\n")
		if !found || rest == "" {
			break
		}
		all = rest
	}
	return all
}

// Most is how many jobs are listed at most.
func (f Filter) Most() int {
	if f.Limit <= 0 {
		return 100
	}
	return min(f.Limit, 1000)
}

// Matches says whether a job is listed.
func (f Filter) Matches(i Info) bool {
	return (f.ID == 0 || i.ID == f.ID) && (f.Kind == "" || i.Kind == f.Kind) && (f.Key == "" || i.Key == f.Key) &&
		(f.State == "" || i.State == f.State) && (f.Before == 0 || i.ID < f.Before)
}
