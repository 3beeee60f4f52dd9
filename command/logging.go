// What the log looks like.

package command

import (
	"io"
	"log/slog"
	"strings"

	"github.com/gorgon-go/gorgon/cli"
)

// serverLog is the log of a server, as the app wraps it.
func (p *program) serverLog() (*slog.Logger, error) {
	log, err := newLog(p.err)
	if err != nil || p.config.Log == nil {
		return log, err
	}
	return slog.New(p.config.Log(log.Handler())), nil
}

// newLog is the log of a program that runs on its own: GORGON_LOG says json or
// text, and GORGON_LOG_LEVEL from which level on. The default is text on a
// terminal, JSON otherwise.
func newLog(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if text := env("GORGON_LOG_LEVEL", "info"); level.UnmarshalText([]byte(text)) != nil {
		return nil, misused("GORGON_LOG_LEVEL %s: use debug, info, warn or error", quoted(text))
	}
	form := "json"
	if cli.IsTerminal(w) {
		form = "text"
	}
	options := &slog.HandlerOptions{Level: level}
	switch form = strings.ToLower(env("GORGON_LOG", form)); form {
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	}
	return nil, misused("GORGON_LOG %s: use json or text", quoted(form))
}
