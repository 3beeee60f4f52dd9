// The log of a site, kept for the messages of checks.

package gorgontest

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
)

// logged keeps what is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) length() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Len()
}

// since returns what was written after the first n bytes.
func (l *logged) since(n int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text.Bytes()[n:])
}

// handler returns a handler that writes to the log, and to another one if there
// is one. It omits the time, so that a test may compare.
func (l *logged) handler(other *slog.Logger) slog.Handler {
	own := slog.NewTextHandler(l, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})
	if other == nil {
		return own
	}
	return slog.NewMultiHandler(own, other.Handler())
}

// How much of a text a message shows.
const (
	firstLines = 8
	lineLength = 240
)

// beginning returns the first lines of a text, indented.
func beginning(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	more := len(lines) > firstLines
	lines = lines[:min(len(lines), firstLines)]
	for i, line := range lines {
		if len(line) > lineLength {
			line = strings.ToValidUTF8(line[:lineLength], "") + "…"
		}
		lines[i] = "\t" + line
	}
	if more {
		lines = append(lines, "\t…")
	}
	return strings.Join(lines, "\n")
}
