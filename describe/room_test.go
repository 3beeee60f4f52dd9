package describe_test

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/describe"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/rooms"
)

type board struct {
	Moves []move `json:"moves"`
}

type move struct {
	At    int    `json:"at" check:"min=0,max=8"`
	Level level  `json:"level,omitempty"`
	Note  string `json:"note,omitempty" doc:"What the player <says>."`
}

type moved struct {
	By string `json:"by"`
}

func boards(name, path string) rooms.Room[board, move, moved] {
	return rooms.Room[board, move, moved]{
		Name: name, Path: path, Summary: "A game.",
		New:   func(string) board { return board{} },
		Apply: func(*board, rooms.Act[move]) ([]moved, error) { return nil, nil },
	}
}

// The program of an app that has rooms alone describes it.
var _ interface {
	OpenAPI(gorgon.App, ...string) ([]byte, error)
} = (*rooms.Definition)(nil)

// A room is two operations, which name the types of its state, its operations and
// what they lead to.
func TestRooms(t *testing.T) {
	guard := func(next http.Handler) http.Handler { return next }
	closed := boards("closed", "/closed")
	closed.Enter = func(context.Context, *http.Request, string) (rooms.Member, error) {
		return rooms.Member{}, gorgon.NotFound()
	}
	guarded := boards("guarded", "/guarded")
	guarded.Guards = []func(http.Handler) http.Handler{guard}
	text, err := describe.OpenAPI(app(
		gorgon.Group{Prefix: "/games", Parts: []gorgon.Part{boards("game", "/{key}/room")}},
		closed, guarded, rooms.Topic[move]{Name: "chat", Path: "/chat"},
	))
	if err != nil {
		t.Fatal(err)
	}
	type operation struct {
		ID       string           `json:"operationId"`
		Security []map[string]any `json:"security"`
		Room     map[string]struct {
			Ref string `json:"$ref"`
		} `json:"x-gorgon-room"`
		Parameters []struct{ Name, In string }
	}
	var d struct {
		Paths map[string]map[string]operation
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path, get, post string
		guarded         bool
		parameters      []string
		types           []string // state, op and out
	}{
		{"/games/{key}/room", "game", "gameDo", false, []string{"path key", "query client", "query after"}, []string{"board", "move", "moved"}},
		{"/closed", "closed", "closedDo", true, []string{"query client", "query after"}, []string{"board", "move", "moved"}},
		{"/guarded", "guarded", "guardedDo", true, []string{"query client", "query after"}, []string{"board", "move", "moved"}},
		{"/chat", "chat", "chatDo", false, []string{"query client", "query after"}, []string{"LatestMove", "move", "SaidMove"}},
	} {
		get, post := d.Paths[c.path]["get"], d.Paths[c.path]["post"]
		if get.ID != c.get || post.ID != c.post || len(get.Security) > 0 != c.guarded || len(post.Security) > 0 != c.guarded {
			t.Errorf("%s: %q and %q, with guards %v and %v", c.path, get.ID, post.ID, get.Security, post.Security)
		}
		var names []string
		for _, p := range get.Parameters {
			names = append(names, p.In+" "+p.Name)
		}
		if !slices.Equal(names, c.parameters) || len(post.Parameters) != len(c.parameters)-2 {
			t.Errorf("%s: parameters %q, and %d of POST", c.path, names, len(post.Parameters))
		}
		for i, role := range []string{"state", "op", "out"} {
			if want := "#/components/schemas/" + c.types[i]; get.Room[role].Ref != want || post.Room[role].Ref != want {
				t.Errorf("%s: %s is %q and %q, want %q", c.path, role, get.Room[role].Ref, post.Room[role].Ref, want)
			}
		}
	}
}

// Who a member is, is described as it is sent.
func TestRoomMembers(t *testing.T) {
	text, err := describe.OpenAPI(app(boards("game", "/game")))
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Content map[string]struct {
					Schema struct {
						ContentSchema struct{ AnyOf []schema }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	all := d.Paths["/game"]["get"].Responses["200"].Content["text/event-stream"].Schema.ContentSchema.AnyOf
	if len(all) != 4 {
		t.Fatalf("%d kinds of events", len(all))
	}
	same(t, all[0].Properties, reflect.TypeFor[rooms.Member]())
	same(t, all[3].Properties["list"].Items.Properties, reflect.TypeFor[rooms.Member]())
}

func TestRoomFaults(t *testing.T) {
	none := func(context.Context, api.None) (api.None, error) { return api.None{}, nil }
	bad := rooms.Room[struct {
		C chan int `json:"c"`
	}, move, moved]{Name: "bad", Path: "/bad"}
	for want, part := range map[string]gorgon.Part{
		`have the name "gameDo"`:         api.Endpoint[api.None, api.None]{Path: "POST /x", Name: "gameDo", Handle: none},
		"both answer POST /games/{key}":  api.Endpoint[api.None, api.None]{Path: "POST /games/{key}", Name: "x", Handle: none},
		"GET /bad has faults":            bad,
		`have the name "game": give one`: boards("game", "/other"),
	} {
		_, err := describe.OpenAPI(app(boards("game", "/games/{key}"), part))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// The page shows how to connect and how to send, and in development has a form for
// each.
func TestRoomDocs(t *testing.T) {
	t.Setenv("GORGON_DEV", "1")
	body := gorgontest.Options{Base: "/k"}.Open(t, app(boards("game", "/games/{key}"))).Get("/k/api").Body
	for _, part := range []string{
		`<code>GET /games/{key}</code>`, "It is a room", "<h3>State</h3>", `<td><code>moves[].at</code></td>`, `<td><code>by</code></td>`,
		`<td>What the player &lt;says&gt;.</td>`,
		"curl -N &#39;https://kitchen.example/k/games/1&#39;\n" +
			`curl -X POST &#39;https://kitchen.example/k/games/1&#39; --json &#39;{&#34;ops&#34;:[{&#34;n&#34;:1,&#34;op&#34;:{&#34;at&#34;:1}}]}&#39;`,
		`data-method="GET" data-path="/k/games/{key}"`, `data-method="POST" data-path="/k/games/{key}"`,
	} {
		if !strings.Contains(body, part) {
			t.Errorf("the page has no %s", part)
		}
	}
}
