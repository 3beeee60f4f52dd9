// What the app is asked for, which answers the tool while it is being written.

package develop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// folder holds what the tool and the app answer besides the app's own pages.
const folder = "/_gorgon/dev/"

// A report is what an app says of itself.
type report struct {
	Build   string   `json:"build"`
	Folders []string `json:"folders"`
}

// lives says whether the app answers with its build.
func lives(ctx context.Context, app *url.URL) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, app.JoinPath("/livez").String(), nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK && answer.Header.Get("Gorgon-Build") != ""
}

// ask makes the app begin anew, with the texts of its templates, and with the
// files on disk where assets changed. Its error is what it finds wrong.
func (s *Server) ask(ctx context.Context, app *url.URL, assets bool) (report, error) {
	path := "renew"
	if assets {
		path += "?assets=1"
	}
	return call[report](ctx, http.MethodPost, app, path)
}

func (s *Server) state(ctx context.Context, app *url.URL) (report, error) {
	return call[report](ctx, http.MethodGet, app, "state.json")
}

// call asks the app, and decodes its answer.
func call[T any](ctx context.Context, method string, app *url.URL, path string) (answer T, err error) {
	r, err := http.NewRequestWithContext(ctx, method, app.String()+folder+path, nil)
	if err != nil {
		return answer, err
	}
	r.Header.Set("Gorgon-Dev", "1")
	got, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return answer, fmt.Errorf("ask the app: %w", err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	switch {
	case err != nil:
		return answer, fmt.Errorf("ask the app: %w", err)
	case got.StatusCode == http.StatusUnprocessableEntity:
		return answer, errors.New(strings.TrimSpace(string(body)))
	case got.StatusCode != http.StatusOK:
		return answer, fmt.Errorf("the app answers %s for %s: use the version of Gorgon in its go.mod that the tool has", got.Status, path)
	}
	return answer, json.Unmarshal(body, &answer)
}
