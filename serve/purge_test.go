// Tests of purges over HTTP: who may, when, and how often.

package serve_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/serve"
)

func TestPurge(t *testing.T) {
	key := []byte("a key")
	s := build(t, gorgon.App{Routes: []gorgon.Route{page("/")}}, func(c *serve.Config, _ *cache.Config) { c.PurgeKey, c.Base = key, "/b" })
	now := time.Unix(0, s.now.Load()).Unix()
	post := func(at int64, body, signature string) *http.Response {
		t.Helper()
		return askWith(t, s, "POST", "/b/_gorgon/purge", strings.NewReader(body), "Gorgon-Timestamp", strconv.FormatInt(at, 10), "Gorgon-Signature", signature)
	}
	signed := func(at int64, body string) *http.Response {
		t.Helper()
		return post(at, body, serve.SignPurge(key, at, []byte(body)))
	}
	s.get(t, "/b/")
	want(t, s.get(t, "/b/"), 200, "Cache-Status", "gorgon; hit")
	const body = `{"verb":"expire","paths":["/"],"tags":["a"],"routes":["/"],"all":true}`
	res := signed(now, body)
	want(t, res, 200, "Cache-Control", "private, no-store", "Content-Type", "application/json")
	if got := text(t, res); got != `{"epoch":1}` {
		t.Errorf("answer %s", got)
	}
	want(t, s.get(t, "/b/"), 200, "Cache-Status", "gorgon; fwd=stale; stored")

	want(t, signed(now, body), 409, "Cache-Control", "private, no-store")
	want(t, signed(now, `{"verb":"stale","all":true,"nonce":"2"}`), 200)
	want(t, signed(now-299, body), 200)
	want(t, signed(now+299, body), 200)
	want(t, signed(now-301, body), 403)
	want(t, signed(now+301, body), 403)
	want(t, signed(-1<<63, body), 403)
	want(t, signed(1<<62, body), 403)
	want(t, post(now+1, body, serve.SignPurge(key, now, []byte(body))), 403)
	want(t, post(now, body+" ", serve.SignPurge(key, now, []byte(body))), 403)
	want(t, post(now, body, serve.SignPurge([]byte("other"), now, []byte(body))), 403)
	want(t, post(now, body, ""), 403)
	want(t, post(now, body, "zz"), 403)
	want(t, askWith(t, s, "POST", "/b/_gorgon/purge", strings.NewReader(body), "Gorgon-Timestamp", "+"+strconv.FormatInt(now, 10), "Gorgon-Signature", serve.SignPurge(key, now, []byte(body))), 403)
	for _, bad := range []string{``, `[]`, `{"verb":"delete","all":true}`, `{"verb":"stale"}`, `{"verb":"stale","tags":[""]}`, `{"all":true}`} {
		want(t, signed(now, bad), 400, "Cache-Control", "private, no-store")
	}
	want(t, signed(now, `{"verb":"stale","tags":["`+strings.Repeat("x", 70000)+`"]}`), 413)
	want(t, s.get(t, "/b/_gorgon/purge"), 405, "Allow", "POST")

	// Once its time is over a signature is refused for that, and forgotten.
	s.now.Add(int64(10 * time.Minute))
	want(t, signed(now, body), 403)
	want(t, signed(now+600, body), 200)

	s = build(t, gorgon.App{Routes: []gorgon.Route{page("/")}}, nil)
	want(t, askWith(t, s, "POST", "/_gorgon/purge", strings.NewReader(body)), 404, "Cache-Control", "private, no-store")
}
