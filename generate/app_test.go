package generate_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/describe"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/once/oncetest"
	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/serve"
)

type Level string

func (Level) Values() []Level { return []Level{"easy", "very-hard", "$odd"} }

type Step struct {
	Text    string `json:"text" check:"min=1,max=200"`
	Minutes int    `json:"minutes,omitzero" check:"min=0,max=600"`
	Level   *Level `json:"level"`
}

// Everything has a field of every kind.
type Everything struct {
	Text    string           `json:"text" check:"min=1,max=40" doc:"What it is called */ in short."`
	Email   string           `json:"email" check:"email"`
	Site    string           `json:"site,omitempty" check:"url"`
	Code    string           `json:"code" check:"pattern=^[A-Z]{3}$"`
	Whole   int              `json:"whole" check:"min=-5,max=10"`
	Small   uint8            `json:"small"`
	Ratio   float64          `json:"ratio"`
	Yes     bool             `json:"yes"`
	Big     int64            `json:"big"`
	Huge    uint64           `json:"huge"`
	Limited int64            `json:"limited" check:"min=1,max=9007199254740993"`
	When    time.Time        `json:"when"`
	Data    []byte           `json:"data" check:"max=100"`
	Level   Level            `json:"level"`
	Levels  []Level          `json:"levels" check:"unique"`
	Tags    []string         `json:"tags,omitempty" check:"max=3"`
	Bigs    []int64          `json:"bigs"`
	Steps   []Step           `json:"steps" check:"min=1"`
	Labels  map[string]int64 `json:"labels"`
	ByLevel map[Level]string `json:"byLevel,omitempty"`
	Matrix  [][]int          `json:"matrix"`
	Pair    [2]float64       `json:"pair"`
	Note    *string          `json:"note"`
	Maybe   *int64           `json:"maybe"`
	Child   *Everything      `json:"child"`
	Address struct {
		Street string `json:"street-name"`
	} `json:"address"`
	Password string `json:"password,omitempty" secret:"true"`
	Class    string `json:"class"` // a word of two languages
}

type Ticket struct {
	Label string `json:"label"`
}

var tickets atomic.Int64

type Search struct {
	Kind  Level    `path:"kind"`
	Rest  string   `path:"rest"`
	Query string   `query:"q" check:"min=1"`
	Tags  []string `query:"tag"`
	Limit *int     `query:"limit"`
	Lang  *string  `header:"X-Lang"`
}

type Found struct {
	Text string `json:"text"`
}

type Edit struct {
	ID   string `path:"id"`
	Text string `json:"text" check:"min=3"`
}

type Sending struct {
	Title  string            `json:"title"`
	Cover  api.File          `json:"cover"`
	More   []api.File        `json:"more" check:"max=3"`
	Steps  []Step            `json:"steps"`
	Labels map[string]string `json:"labels"`
	Count  int64             `json:"count"`
	Tags   []string          `json:"tags"`
}

type Event struct {
	Number int   `json:"number"`
	Level  Level `json:"level"`
}

type Room struct {
	Room string `path:"room"`
}

const (
	events = 1000
	cuts   = 50 // events on one connection
)

type connection struct{}

// streams counts the connections of the stream, changes the calls of operations
// that change something and list an origin.
var streams, changes atomic.Int64

// guard admits callers with the token, which sets a cookie, or with the cookie.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pass, err := r.Cookie("pass")
		if r.Header.Get("Authorization") != "Bearer let-me-in" && (err != nil || pass.Value != "let-me-in") {
			serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindUnauthorized})
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "pass", Value: "let-me-in", Path: "/", HttpOnly: true})
		next.ServeHTTP(w, r)
	})
}

// numbers sends 1,000 events, and cuts the connection after each fifty. In
// the room "closed" nothing is sent, and in "broken" it fails once.
func numbers(ctx context.Context, in Room, after string) iter.Seq2[api.Item[Event], error] {
	return func(yield func(api.Item[Event], error) bool) {
		streams.Add(1)
		first, _ := strconv.Atoi(after)
		switch {
		case in.Room == "closed":
			yield(api.Item[Event]{}, &gorgon.Error{Kind: gorgon.KindForbidden, Message: "The room is closed."})
			return
		case in.Room == "broken" && first == 0:
			if yield(api.Item[Event]{ID: "998", Event: Event{Number: 998, Level: "easy"}, Snapshot: true}, nil) {
				yield(api.Item[Event]{}, errors.New("it broke"))
			}
			return
		}
		for i := first + 1; i <= events; i++ {
			if !yield(api.Item[Event]{ID: strconv.Itoa(i), Event: Event{Number: i, Level: "easy"}}, nil) {
				return
			}
			if i-first == cuts && i < events {
				// A browser discards what was not read when a connection breaks. It
				// would get on slowly, by what it happened to read.
				time.Sleep(50 * time.Millisecond)
				ctx.Value(connection{}).(net.Conn).Close()
				return
			}
		}
	}
}

// newApp has an operation of every kind. Some of them list the origins.
func newApp(origins ...string) gorgon.App {
	sizes := func(files ...api.File) (all []string) {
		for _, f := range files {
			r, err := f.Open()
			if err != nil {
				return []string{err.Error()}
			}
			data, err := io.ReadAll(r)
			all = append(all, fmt.Sprintf("%s:%s:%v", f.Name, data, err))
			r.Close()
		}
		return all
	}
	return gorgon.App{Name: "kitchen", Locales: gorgon.Locales{Tags: []string{"en", "de"}}, Middleware: []func(http.Handler) http.Handler{retry}, Parts: []gorgon.Part{
		api.Endpoint[Everything, Everything]{Path: "POST /echo", Name: "echo", Summary: "Returns what it received.",
			Handle: func(_ context.Context, in Everything) (Everything, error) {
				if in.Text == "taken" {
					return in, gorgon.Refuse("/text", "is taken")
				}
				in.Password = ""
				return in, nil
			}, Then: func(Everything, Everything) string { return "/" }},
		api.Endpoint[Search, []Found]{Path: "GET /search/{kind}/{rest...}", Name: "search", Deprecated: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
			Handle: func(_ context.Context, in Search) ([]Found, error) {
				lang := "none"
				if in.Lang != nil {
					lang = *in.Lang
				}
				return []Found{{fmt.Sprint(in.Kind, " ", in.Rest, " ", in.Query, " ", in.Tags, " ", in.Limit != nil, " ", lang)}}, nil
			}},
		api.Endpoint[Edit, api.None]{Path: "PUT /things/{id}", Name: "edit", Origins: origins, Handle: func(_ context.Context, in Edit) (api.None, error) {
			changes.Add(1)
			if in.ID != "a/b c" {
				return api.None{}, gorgon.Refuse("/path/id", "is "+in.ID)
			}
			return api.None{}, nil
		}},
		api.Endpoint[Sending, []string]{Path: "POST /upload", Name: "upload", Origins: origins, Handle: func(_ context.Context, in Sending) ([]string, error) {
			changes.Add(1)
			return append(sizes(append([]api.File{in.Cover}, in.More...)...), fmt.Sprint(in.Title, in.Steps[1].Text, in.Labels["a.b"], in.Count, in.Tags)), nil
		}},
		api.Endpoint[Ticket, Ticket]{Path: "POST /tickets", Name: "ticket", Once: oncetest.New(), Handle: func(_ context.Context, in Ticket) (Ticket, error) {
			return Ticket{fmt.Sprint(in.Label, " ", tickets.Add(1))}, nil
		}},
		api.Endpoint[api.None, api.None]{Path: "POST /slow", Name: "slow", Handle: func(ctx context.Context, _ api.None) (api.None, error) {
			<-ctx.Done()
			return api.None{}, ctx.Err()
		}},
		gorgon.Group{Prefix: "/members", Guards: []func(http.Handler) http.Handler{guard}, Parts: []gorgon.Part{
			api.Endpoint[api.None, Found]{Path: "GET /secret", Name: "secret", Origins: origins, Handle: func(context.Context, api.None) (Found, error) { return Found{"secret"}, nil }},
		}},
		api.Read[Found]{Path: "GET /api/recipes/{id}", Name: "recipe", Incremental: true,
			Load: func(_ context.Context, in gorgon.Input) (Found, error) {
				if in.PathValue("id") == "none" {
					return Found{}, gorgon.NotFound()
				}
				return Found{in.PathValue("id")}, nil
			}},
		api.Stream[Room, Event]{Path: "GET /rooms/{room}/events", Name: "numbers", Origins: origins, Handle: numbers},
		tapes("tape", 100_000), tapes("slowTape", 20),
		rooms.Topic[Note]{Name: "notes", Path: "/notes/room", Latest: 3, Send: true, Summary: "Notes for all."},
		describe.Docs{Path: "/api"},
		gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component { return gorgon.Text("home") }},
	}}
}

// A hasty writer tells a stream's client to come back after 20 ms.
type hasty struct {
	http.ResponseWriter
	said bool
}

func (w *hasty) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *hasty) Write(b []byte) (int, error) {
	if !w.said && w.Header().Get("Content-Type") == "text/event-stream" {
		w.said = true
		if _, err := io.WriteString(w.ResponseWriter, "retry: 20\n\n"); err != nil {
			return 0, err
		}
	}
	return w.ResponseWriter.Write(b)
}

func retry(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/events") {
			w = &hasty{ResponseWriter: w}
		}
		next.ServeHTTP(w, r)
	})
}

// serveApp serves the app, and returns its URL and its description.
func serveApp(t *testing.T) (url string, openapi []byte) {
	t.Helper()
	app := newApp()
	openapi, err := describe.OpenAPI(app)
	if err != nil {
		t.Fatal(err)
	}
	return serveHandler(t, gorgontest.Open(t, app)), openapi
}

// serveHandler serves the app's handler, so that numbers can cut connections.
func serveHandler(t *testing.T, h http.Handler) (url string) {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connection{}, c) }
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}
