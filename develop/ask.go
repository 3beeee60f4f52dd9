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

	"github.com/gorgon-go/gorgon/wire"
)

// lives says whether the app answers with its build.
func lives(ctx context.Context, app *url.URL) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, app.JoinPath(wire.Live).String(), nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK && answer.Header.Get(wire.HeaderBuild) != ""
}

// ask makes the app begin again, with the texts of its templates, and with the
// files on disk where assets changed. Its error is what it finds wrong.
func (s *Server) ask(ctx context.Context, app *url.URL, assets bool) (wire.DevReport, error) {
	path := wire.DevRenew
	if assets {
		path += "?assets=1"
	}
	return call[wire.DevReport](ctx, http.MethodPost, app, path)
}

func (s *Server) state(ctx context.Context, app *url.URL) (wire.DevReport, error) {
	return call[wire.DevReport](ctx, http.MethodGet, app, wire.DevState)
}

// call asks the app, and decodes its answer.
func call[T any](ctx context.Context, method string, app *url.URL, path string) (answer T, err error) {
	r, err := http.NewRequestWithContext(ctx, method, app.String()+path, nil)
	if err != nil {
		return answer, err
	}
	r.Header.Set(wire.HeaderDev, "1")
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
