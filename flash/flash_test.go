// A message is shown once, to the visitor that it is for.

package flash_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/flash"
	"github.com/gorgon-go/gorgon/gorgontest"
)

func app() gorgon.App {
	text := func(s string) gorgon.Component { return gorgon.Text(s) }
	return gorgon.App{Name: "notes", Parts: []gorgon.Part{
		gorgon.Page[string]{Path: "/", Guards: []func(http.Handler) http.Handler{flash.Guard}, View: text,
			LoadRequest: func(ctx context.Context, _ gorgon.Input, _ *http.Request) (string, error) {
				var all []string
				for _, m := range flash.Messages(ctx) {
					all = append(all, m.Code+"="+m.Arg)
				}
				return "messages: " + strings.Join(all, ", ") + ".", nil
			}},
		api.Endpoint[api.None, api.None]{Path: "POST /save", Then: func(api.None, api.None) string { return "/" },
			Handle: func(ctx context.Context, _ api.None) (api.None, error) {
				flash.Add(ctx, "saved", "<b>")
				flash.Add(ctx, "mailed", "")
				flash.Add(ctx, "not a code", "")
				flash.Add(ctx, "long", strings.Repeat("x", 201))
				return api.None{}, nil
			}},
	}}
}

func TestMessagesAreShownOnce(t *testing.T) {
	site := gorgontest.Open(t, app())
	site.Get("/").Want(200, "messages: .")
	site.Call("POST", "/save", nil)
	site.Get("/", "Sec-Purpose", "prefetch;prerender").Want(200, "messages: .")
	site.Get("/").Want(200, "messages: saved=&lt;b&gt;, mailed=.")
	site.Post("/save", nil).Want(200, "messages: saved=&lt;b&gt;, mailed=.").WantHeader("Cache-Control", "private, no-store")
	site.Get("/").Want(200, "messages: .")
	site.Visitor().Get("/").Want(200, "messages: .")
}

func TestCookiesOfOthers(t *testing.T) {
	site := gorgontest.Open(t, app())
	code := base64.RawURLEncoding.EncodeToString
	for _, value := range []string{
		"x", "", code([]byte("x")), code([]byte(`[{"c":""}]`)), code([]byte(`[{"c":"<script>"}]`)), code([]byte(`[{"c":"a","a":"` + strings.Repeat("x", 201) + `"}]`)),
		code([]byte(`[` + strings.Repeat(`{"c":"a"},`, 6) + `{"c":"a"}]`)), strings.Repeat("A", 5000), code([]byte(`[{"c":"a"}]`)) + "=",
	} {
		site.Get("/", "Cookie", "flash="+value).Want(200, "messages: .")
	}
	site.Get("/", "Cookie", "flash="+code([]byte(`[{"c":"saved","a":"x"}]`))).Want(200, "messages: saved=x.")
}
