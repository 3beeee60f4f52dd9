// The line by which a server says that it is ready.

package wire

import "encoding/json"

// A server whose environment has ReadyVariable=ReadyJSON says that it listens
// by the line of a [Listening], in place of a sentence.
const (
	ReadyVariable = "GORGON_READY"
	ReadyJSON     = "json"
)

// EventListening is the event of the line by which a server says that it listens.
const EventListening = "listening"

// Listening says where a server can be reached.
type Listening struct {
	App   string `json:"app"`
	URL   string `json:"url"` // with the base path and a slash at its end
	Store string `json:"store"`
}

// Line is what the server writes to its standard error, with its line feed.
func (l Listening) Line() string {
	line, _ := json.Marshal(struct { // texts alone: it cannot fail
		Event string `json:"event"`
		Listening
	}{EventListening, l})
	return string(line) + "\n"
}

// ParseReady reads a line that a server wrote, and says whether it is the one
// by which it says that it listens.
func ParseReady(line string) (l Listening, ok bool) {
	var said struct {
		Event string `json:"event"`
		Listening
	}
	err := json.Unmarshal([]byte(line), &said)
	return said.Listening, err == nil && said.Event == EventListening && said.URL != ""
}
