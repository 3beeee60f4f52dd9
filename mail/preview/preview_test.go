// The pages that show what was not sent.

package preview_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/mail"
	"github.com/gorgon-go/gorgon/mail/preview"
)

const path = "/_gorgon/dev/mail/"

func keep(t *testing.T, b *preview.Box, m mail.Message) {
	t.Helper()
	m.To = []string{"ada@example.com"}
	l, err := mail.Write(t.Context(), m, "Club <club@club.example>")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Keep(l); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, b *preview.Box, path string, status int) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	b.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	if w.Code != status {
		t.Fatalf("%s: %d, want %d: %s", path, w.Code, status, w.Body)
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%s may be stored", path)
	}
	return w
}

func wants(t *testing.T, w *httptest.ResponseRecorder, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			t.Errorf("the page lacks %q:\n%s", text, w.Body)
		}
	}
}

// The latest fifty are listed, the newest first, and each has its path.
func TestList(t *testing.T) {
	var paths []string
	b := &preview.Box{Path: path, Kept: func(p string) { paths = append(paths, p) }}
	wants(t, get(t, b, path, http.StatusOK), "None was sent")
	for n := range preview.Many + 3 {
		keep(t, b, mail.Message{Subject: fmt.Sprintf("Number %d <b>", n+1), Text: gorgon.Text("x")})
	}
	list := get(t, b, path, http.StatusOK).Body.String()
	found := regexp.MustCompile(`Number (\d+) &lt;b&gt;`).FindAllStringSubmatch(list, -1)
	if len(found) != preview.Many || found[0][1] != "53" || found[len(found)-1][1] != "4" {
		t.Errorf("%d are listed: %v", len(found), found)
	}
	if len(paths) != 53 || paths[52] != path+"53" {
		t.Errorf("the paths are %q", paths)
	}
	get(t, b, path+"53", http.StatusOK)
	for _, gone := range []string{"3", "54", "x", "53/else", "53/source", "53/view"} {
		get(t, b, path+gone, http.StatusNotFound)
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("a POST is answered with %d", w.Code)
	}
}

// A letter has three tabs, and needs no script. Its view is in a frame that
// runs none, and cannot reach the page.
func TestTabs(t *testing.T) {
	b := &preview.Box{Path: path, Source: func(l *mail.Letter) ([]byte, error) { return []byte("Subject: " + l.Subject + "\r\n<source>"), nil }}
	view := `<!doctype html><p>Hello <script>alert(1)</script><a href="https://club.example/in#code">in</a></p>`
	keep(t, b, mail.Message{Subject: "Hello & welcome", HTML: gorgon.HTML(view), Bcc: []string{"eve@example.com"},
		Attachments: []mail.Attachment{{Name: "a.pdf", Type: "application/pdf", Data: []byte("abc")}}})
	first := get(t, b, path+"1", http.StatusOK)
	wants(t, first, "Hello &amp; welcome", "ada@example.com", "eve@example.com", "Club &lt;club@club.example&gt;", "a.pdf (application/pdf, 3 bytes)",
		`src="`+path+`1/view"`, `sandbox="allow-popups allow-popups-to-escape-sandbox"`, `href="`+path+`1/text"`, `href="`+path+`1/source"`)
	if strings.Contains(first.Body.String(), "<script") {
		t.Error("the page has a script")
	}
	frame := get(t, b, path+"1/view", http.StatusOK)
	if policy := frame.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';") || strings.Contains(policy, "script") {
		t.Errorf("the policy of the frame is %s", policy)
	}
	if want := strings.Replace(view, "html>", `html><base target="_blank">`, 1); frame.Body.String() != want {
		t.Errorf("the frame is %s", frame.Body)
	}
	wants(t, get(t, b, path+"1/text", http.StatusOK), `Hello in (<a href="https://club.example/in#code" target="_blank" rel="noreferrer">https://club.example/in#code</a>)`)
	wants(t, get(t, b, path+"1/source", http.StatusOK), "Subject: Hello &amp; welcome\n&lt;source&gt;")

	keep(t, b, mail.Message{Subject: "Plain", Text: gorgon.Text("<b>plain</b>")})
	plain := get(t, b, path+"2", http.StatusOK)
	wants(t, plain, "<pre>&lt;b&gt;plain&lt;/b&gt;")
	if strings.Contains(plain.Body.String(), "<iframe") {
		t.Error("a text has a view")
	}
}
