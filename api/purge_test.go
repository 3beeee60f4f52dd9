package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/pages"
)

// A visitor who changes something sees the change on the next request, also where one
// Handle calls another.
func TestPurge(t *testing.T) {
	var n atomic.Int64
	change := api.Endpoint[api.None, api.None]{Path: "POST /change",
		Handle: func(ctx context.Context, _ api.None) (none api.None, err error) {
			n.Add(1)
			api.SetCookie(ctx, &http.Cookie{Name: "changed", Value: "1"})
			_, err = api.Purge(ctx, pages.Expire, pages.TagSubject("n"))
			return none, err
		}}
	outer := api.Endpoint[api.None, api.None]{Path: "POST /outer",
		Handle: func(ctx context.Context, _ api.None) (api.None, error) { return change.Call(ctx, api.None{}) }}
	var outside error
	site := gorgontest.Open(t, gorgon.App{Name: "app", Parts: []gorgon.Part{
		change, outer,
		gorgon.Page[int64]{Path: "/n", Load: func(context.Context, gorgon.Input) (int64, error) { return n.Load(), nil },
			Tags: func(int64) []string { return []string{"n"} }, View: func(n int64) gorgon.Component { return gorgon.Text(fmt.Sprint("n is ", n)) }},
		gorgon.Handler{Pattern: "GET /calls", Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, outside = change.Call(r.Context(), api.None{})
		})},
	}})
	for i, c := range []struct{ method, path string }{{"POST", "/change"}, {"POST", "/outer"}, {"GET", "/calls"}} {
		cookies := fmt.Sprint(ask(t, site, c.method, c.path, "", "").Header["Set-Cookie"])
		if own := c.path == "/change"; strings.Contains(cookies, "changed") != own || strings.Contains(cookies, "gorgon") != (c.method == "POST") || outside != nil {
			t.Errorf("%s: cookies %s, %v", c.path, cookies, outside)
		}
		if body := text(t, ask(t, site, "GET", "/n", "", "")); !strings.Contains(body, fmt.Sprint("n is ", i+1)) {
			t.Errorf("after %s: %s", c.path, body)
		}
	}
	if _, err := api.Purge(t.Context(), pages.Stale, "all"); err == nil || !strings.Contains(err.Error(), "no request") {
		t.Errorf("outside of an app: %v", err)
	}
}
