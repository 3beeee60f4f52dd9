// What the log looks like.

package command

import (
	"io"
	"log/slog"
	"strings"
)

// newLog is the log of a program that runs on its own: GORGON_LOG says json or
// text, and GORGON_LOG_LEVEL from which level on. Where nobody watches, a
// machine reads it, and it is JSON.
func newLog(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if text := env("GORGON_LOG_LEVEL", "info"); level.UnmarshalText([]byte(text)) != nil {
		return nil, misused("GORGON_LOG_LEVEL %q: use debug, info, warn or error", text)
	}
	form := "json"
	if isTerminal(w) {
		form = "text"
	}
	options := &slog.HandlerOptions{Level: level}
	switch form = strings.ToLower(env("GORGON_LOG", form)); form {
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	}
	return nil, misused("GORGON_LOG %q: use json or text", form)
}
