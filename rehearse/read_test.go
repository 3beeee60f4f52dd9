//go:build unix

// What is read of an instance: fields, and no sentence.

package rehearse

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"net/http/httptest"

	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/wire"
)

// The words of a program may be any others: its line and its fields count.
func TestWordsOfAnInstanceDoNotMatter(t *testing.T) {
	site := httptest.NewServer(http.NotFoundHandler())
	defer site.Close()
	ready := wire.Listening{App: "site", URL: site.URL + "/docs/", Store: "none"}.Line()
	said := []string{
		"a sentence of another version",
		`{"level":"INFO","msg":"serving site at http://127.0.0.1:1/ (store none)"}`,
		strings.TrimSpace(ready),
		`{"level":"ERROR","msg":"reworded","` + wire.LogEvent + `":"` + wire.EventPageFailed + `","` + wire.LogPage + `":"/a (de)"}`,
		`{"level":"ERROR","msg":"a page could not be made","` + wire.LogPage + `":"/b"}`,
		`/c could not be made`,
	}
	root := t.TempDir()
	script := "#!/bin/sh\ncat >&2 <<'END'\n" + strings.Join(said, "\n") + "\nEND\nexec sleep 60 2>/dev/null\n"
	if err := os.WriteFile(filepath.Join(root, "site"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	h := &sandbox{
		rehearsal: &rehearsal{Config: Config{Outcome: plan.Outcome{Target: plan.Target{Offers: plan.Offers{Process: true}}}}, manifest: pack.Manifest{Program: "site"}},
		root:      root,
	}
	one, err := h.start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.instances = []*instance{one}
	t.Cleanup(func() { _ = h.close() })
	w := httptest.NewRecorder()
	one.proxy.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("where it says that it listens, the answer is %d", w.Code)
	}
	<-one.drained // it closes its standard error
	for page, failed := range map[string]bool{"/a (de)": true, "/a": false, "/b": false, "/c": false} {
		if h.failedToMake(page) != failed {
			t.Errorf("%s failed: %t", page, !failed)
		}
	}
}
