// Purging, and reading what was purged.

package redis

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// Epochs reads the sequence and the marks of subjects.
func (s *Store) Epochs(ctx context.Context, subjects ...string) (pages.Epochs, error) {
	const doing = "read purges"
	sequence, answer, err := s.runAt(ctx, doing, s.scripts.epochs, s.keys.all, subjects...)
	if err != nil {
		return pages.Epochs{}, err
	}
	e := pages.Epochs{Sequence: sequence, Marks: make([]pages.Mark, 0, len(subjects))}
	for _, text := range answer {
		mark, err := parseMark(word(text))
		if err != nil {
			return pages.Epochs{}, s.explain(ctx, doing, err)
		}
		e.Marks = append(e.Marks, mark)
	}
	if len(e.Marks) != len(subjects) {
		return pages.Epochs{}, s.explain(ctx, doing, fmt.Errorf("the server returned %d marks of %d", len(e.Marks), len(subjects)))
	}
	return e, nil
}

// Bump purges subjects and returns the new sequence. If its connection is lost,
// it is not known whether the purge was made; purging again is safe.
func (s *Store) Bump(ctx context.Context, verb pages.Verb, subjects ...string) (uint64, error) {
	args := []string{strconv.Itoa(int(verb)), strconv.Itoa(s.opts.Subjects / 2), strconv.Itoa(s.opts.Changes), s.keys.channel()}
	seen := make(map[string]bool, len(subjects))
	for _, subject := range subjects {
		if !seen[subject] {
			seen[subject] = true
			args = append(args, subject)
		}
	}
	sequence, _, err := s.runAt(ctx, "purge", s.scripts.bump, s.keys.all, args...)
	return sequence, err
}

// Changes lists the purges after a sequence; those up to floor may be missing.
func (s *Store) Changes(ctx context.Context, since uint64) (list []pages.Change, floor uint64, err error) {
	const doing = "read purges"
	answer, err := s.run(ctx, doing, s.scripts.changes, s.keys.all, strconv.FormatUint(since, 10))
	if err != nil {
		return nil, 0, err
	}
	n, err := numbers(answer, 1)
	if err != nil {
		return nil, 0, s.explain(ctx, doing, err)
	}
	list = make([]pages.Change, 0, len(answer)-1)
	for _, text := range answer[1:] {
		change, err := parseChange(word(text))
		if err != nil {
			return nil, 0, s.explain(ctx, doing, err)
		}
		list = append(list, change)
	}
	return list, uint64(n[0]), nil
}

// parseMark parses a mark as lua/state.lua writes it.
func parseMark(text string) (pages.Mark, error) {
	n, err := parseNumbers(strings.Split(text, " "), 4)
	if err != nil {
		return pages.Mark{}, fmt.Errorf("the mark %q: %w", text, err)
	}
	return pages.Mark{Sequence: n[0], At: timeOf(n[1]), Expired: n[2], ExpiredAt: timeOf(n[3])}, nil
}

// parseChange parses a change as lua/bump.lua writes it.
func parseChange(text string) (pages.Change, error) {
	parts := strings.SplitN(text, " ", 5) // the sequence, the position within it, the verb, the time, the subject
	n, err := parseNumbers(parts[:len(parts)-1], 4)
	if err != nil {
		return pages.Change{}, fmt.Errorf("the change %q: %w", text, err)
	}
	return pages.Change{Sequence: n[0], Verb: pages.Verb(n[2]), Subject: parts[4], At: timeOf(n[3])}, nil
}

func parseNumbers(texts []string, n int) ([]uint64, error) {
	if len(texts) != n {
		return nil, fmt.Errorf("it has %d numbers instead of %d", len(texts), n)
	}
	list := make([]uint64, n)
	for i, text := range texts {
		var err error
		if list[i], err = strconv.ParseUint(text, 10, 64); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// timeOf returns a time in microseconds, the zero time for 0.
func timeOf(micros uint64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(micros)).UTC()
}
