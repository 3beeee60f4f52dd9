// The last lines of the log.

package operate

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxLines is how many lines are remembered, and maxText how much of one.
const (
	maxLines = 500
	maxText  = 4 << 10
)

// Lines are the last lines of a log, which a handler of [Lines.Beside] writes. The
// zero value is empty.
type Lines struct {
	mu   sync.Mutex
	list []Line // a ring once it is full
	next int
}

// A Line is one of a log.
type Line struct {
	At    time.Time  `json:"at"`
	Level slog.Level `json:"level"`
	Text  string     `json:"text"`           // its message
	With  string     `json:"with,omitempty"` // its attributes: key=value key=value
}

// Last are the lines, the newest first: those of at least a level, and of them as
// many as asked for.
func (l *Lines) Last(n int, least slog.Level) []Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []Line
	for i := range len(l.list) {
		at := (l.next - 1 - i + 2*maxLines) % maxLines
		if line := l.list[at]; line.Level >= least && len(list) < n {
			list = append(list, line)
		}
	}
	return list
}

func (l *Lines) add(line Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) < maxLines {
		l.list = append(l.list, line)
	} else {
		l.list[l.next] = line
	}
	l.next = (l.next + 1) % maxLines
}

// Logger is a log that does what another one does, and whose lines are remembered.
func (l *Lines) Logger(log *slog.Logger) *slog.Logger { return slog.New(l.Beside(log.Handler())) }

// Beside is a handler that remembers what it hands to another one.
func (l *Lines) Beside(h slog.Handler) slog.Handler { return &beside{lines: l, next: h} }

type beside struct {
	lines  *Lines
	next   slog.Handler
	with   string // the attributes so far, as text
	groups string // "a.b."
}

func (b *beside) Enabled(ctx context.Context, level slog.Level) bool {
	return b.next.Enabled(ctx, level)
}

func (b *beside) Handle(ctx context.Context, r slog.Record) error {
	var text strings.Builder
	text.WriteString(b.with)
	r.Attrs(func(a slog.Attr) bool {
		put(&text, b.groups, a)
		return text.Len() < maxText
	})
	b.lines.add(Line{At: r.Time, Level: r.Level, Text: cut(r.Message), With: cut(strings.TrimPrefix(text.String(), " "))})
	return b.next.Handle(ctx, r)
}

func (b *beside) WithAttrs(attrs []slog.Attr) slog.Handler {
	var text strings.Builder
	text.WriteString(b.with)
	for _, a := range attrs {
		put(&text, b.groups, a)
	}
	return &beside{b.lines, b.next.WithAttrs(attrs), text.String(), b.groups}
}

func (b *beside) WithGroup(name string) slog.Handler {
	if name == "" {
		return b
	}
	return &beside{b.lines, b.next.WithGroup(name), b.with, b.groups + name + "."}
}

// put writes an attribute as text.
func put(to *strings.Builder, groups string, a slog.Attr) {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		if a.Key != "" {
			groups += a.Key + "."
		}
		for _, inner := range value.Group() {
			put(to, groups, inner)
		}
		return
	}
	if a.Equal(slog.Attr{}) {
		return
	}
	to.WriteString(" " + groups + a.Key + "=")
	text := value.String()
	if strings.ContainsFunc(text, func(c rune) bool { return c == ' ' || c == '"' || c < ' ' }) {
		text = slog.StringValue(text).String()
		to.WriteString(quote(text))
		return
	}
	to.WriteString(text)
}

func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(text) + `"`
}

// cut is the beginning of a text that is long.
func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	runes := []rune(text[:maxText])
	return string(slices.Clip(runes[:len(runes)-1])) + "…"
}
