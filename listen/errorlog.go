// What net/http says of connections.

package listen

import (
	"context"
	"log"
	"log/slog"
	"strings"
)

// errorLog is the log of a server of net/http. What a client can cause, by
// leaving in the middle of a handshake or by speaking something else, is of
// level DEBUG.
func errorLog(to *slog.Logger) *log.Logger { return log.New(connectionLines{to}, "", 0) }

type connectionLines struct{ log *slog.Logger }

// byClients are the beginnings of lines that clients cause.
func byClients() []string {
	return []string{"http: TLS handshake error from ", "http2: server: error reading preface from client ", "http2: server connection error from ", "http2: received GOAWAY", "http: URL query contains semicolon"}
}

func (c connectionLines) Write(line []byte) (int, error) {
	text, level := strings.TrimSpace(string(line)), slog.LevelWarn
	for _, begin := range byClients() {
		if strings.HasPrefix(text, begin) {
			level = slog.LevelDebug
		}
	}
	c.log.Log(context.Background(), level, text)
	return len(line), nil
}
