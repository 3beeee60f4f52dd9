// The doctor's look at a running program.

package tool

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/diagnose"
)

func TestDoctorLive(t *testing.T) {
	started := time.Now().UTC().Format(time.RFC3339Nano)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(`{"at":"` + time.Now().UTC().Format(time.RFC3339Nano) + `","about":{"app":"shop","store":"redis://x","started":"` + started + `"},"state":{"degraded":true}}`))
	}))
	defer server.Close()
	does := func(args ...string) (code int, out, log string) {
		var o, l bytes.Buffer
		code = Run(t.Context(), Config{}, append([]string{"doctor"}, args...), &o, &l)
		return code, o.String(), l.String()
	}
	code, out, log := does("--live", server.URL, "--for", "20ms")
	if code != 1 || !strings.Contains(out, "store away: redis://x\n") || !strings.Contains(log, "looking at shop for 20ms") || !strings.Contains(log, "1 condition found") {
		t.Errorf("%d: %s%s", code, out, log)
	}
	code, out, log = does("--live", server.URL, "--for", "0s", "--json")
	var report diagnose.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != 1 || len(report.Findings) != 1 || report.Findings[0].Name != "store away" {
		t.Errorf("%d, %v: %s%s", code, err, out, log)
	}
	if code, _, log := does("--for", "1s"); code != 2 || !strings.Contains(log, "--for without --live") {
		t.Errorf("%d: %s", code, log)
	}
	if code, _, log := does("--live", "nowhere"); code != 2 || !strings.Contains(log, "write it as a URL") {
		t.Errorf("%d: %s", code, log)
	}
}
