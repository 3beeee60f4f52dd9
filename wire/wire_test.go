// What is written is read again, and what people wrote is not taken for it.

package wire_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/wire"
)

func ExampleParseReady() {
	line := wire.Listening{App: "shop", URL: "http://127.0.0.1:8080/", Store: "none"}.Line()
	fmt.Print(line)
	at, ok := wire.ParseReady(line)
	fmt.Println(at.URL, ok)
	// Output:
	// {"event":"listening","app":"shop","url":"http://127.0.0.1:8080/","store":"none"}
	// http://127.0.0.1:8080/ true
}

func ExampleParseEvent() {
	record := `{"level":"ERROR","msg":"any words","event":"page-failed","page":"/about (de)"}`
	event := wire.ParseEvent(record)
	fmt.Println(event.Name == wire.EventPageFailed, event.Pages)
	// Output: true [/about (de)]
}

func TestSentencesAreNotReady(t *testing.T) {
	for _, line := range []string{
		"", "serving shop at http://127.0.0.1:8080/ (store none)",
		`{"event":"listening"}`, `{"event":"page-failed","url":"http://x/"}`, `{"url":"http://x/"}`, `["listening"]`,
	} {
		if at, ok := wire.ParseReady(line); ok {
			t.Errorf("%q says that a server listens at %q", line, at.URL)
		}
	}
}

func TestEventsAreReadFromLogs(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Error("one", wire.LogEvent, wire.EventPageFailed, wire.LogPage, "/a")
	log.Error("several", wire.LogEvent, wire.EventPageFailed, wire.LogPages, []string{"/b", "/c"})
	log.Error("/d could not be made", wire.LogPage, "/d")
	out.WriteString("/e could not be made\n")
	var failed []string
	for line := range strings.Lines(out.String()) {
		if e := wire.ParseEvent(line); e.Name == wire.EventPageFailed {
			failed = append(failed, e.Pages...)
		}
	}
	if !slices.Equal(failed, []string{"/a", "/b", "/c"}) {
		t.Errorf("the log says that these failed: %v", failed)
	}
}
