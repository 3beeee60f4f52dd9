// Members of rooms, over HTTP and WebSocket.

package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/rooms"
)

// A List is the state of the rooms of these tests.
type List struct {
	Items []string `json:"items"`
}

// An Add is an operation, with a check as those of endpoints.
type Add struct {
	Item string `json:"item" check:"min=1,max=10"`
}

// An Added is what members hear.
type Added struct {
	Item string `json:"item"`
	By   string `json:"by"`
}

func lists(change func(*rooms.Room[List, Add, Added])) rooms.Room[List, Add, Added] {
	r := rooms.Room[List, Add, Added]{
		Name: "list", Path: "/lists/{key}/room",
		New: func(string) List { return List{Items: []string{}} },
		Apply: func(s *List, do rooms.Act[Add]) ([]Added, error) {
			switch do.Op.Item {
			case "taken":
				return nil, gorgon.Refuse("/item", "It is taken.")
			case "panic":
				s.Items = append(s.Items, "half")
				panic("planted")
			case "secret":
				return nil, errors.New("the database says no")
			case "quiet":
				return nil, nil
			}
			s.Items = append(s.Items, do.Op.Item)
			return []Added{{do.Op.Item, do.By.Name}}, nil
		},
	}
	if change != nil {
		change(&r)
	}
	return r
}

func open(t *testing.T, o gorgontest.Options, parts ...gorgon.Part) *gorgontest.Site {
	return o.Open(t, gorgon.App{Name: "lists", Parts: parts})
}

func TestMembers(t *testing.T) {
	room := lists(nil)
	site := open(t, gorgontest.Options{}, room)
	alice, bob := site.Join("/lists/a/room"), site.Join("/lists/a/room")
	other := site.Join("/lists/b/room")
	var got List
	if !alice.State(&got) || len(got.Items) != 0 || alice.You.ID == "" || alice.You.ID == bob.You.ID {
		t.Fatalf("the first state is %v, and the members are %v and %v", got, alice.You, bob.You)
	}
	if p := alice.Send(Add{"milk"}); p != nil {
		t.Fatalf("refused: %v", p)
	}
	if p := alice.SendAgain(Add{"milk"}); p != nil {
		t.Fatalf("the same again is refused: %v", p)
	}
	for name, m := range map[string]*gorgontest.Member{"alice": alice, "bob": bob} {
		var outs []Added
		if !m.Outs(&outs) || !reflect.DeepEqual(outs, []Added{{Item: "milk"}}) {
			t.Errorf("%s hears %v", name, outs)
		}
	}
	// What is refused changes nothing, and is answered as by an endpoint.
	for item, want := range map[string]struct {
		status int
		detail string
	}{"taken": {422, "It is taken."}, "": {422, ""}, "much too long": {422, ""}, "panic": {500, ""}, "secret": {500, ""}} {
		p := bob.Send(Add{item})
		if p == nil || p.Status != want.status {
			t.Fatalf("%q: %v", item, p)
		}
		if text, _ := json.Marshal(p); strings.Contains(string(text), "database") || strings.Contains(string(text), "planted") || want.detail != "" && !strings.Contains(string(text), want.detail) {
			t.Errorf("%q: %s", item, text)
		}
	}
	if p := bob.Send(map[string]any{"item": "x", "extra": 1}); p == nil || p.Status != 422 {
		t.Errorf("an unknown member: %v", p)
	}
	if err := room.Do(site.Context(), "a", Add{"eggs"}); err != nil {
		t.Fatal(err)
	}
	if err := room.Do(site.Context(), "a", Add{"taken"}); err == nil || !strings.Contains(err.Error(), "taken") {
		t.Errorf("Do: %v", err)
	}
	if s, at, err := room.Look(site.Context(), "a"); err != nil || at.Seq != 2 || !reflect.DeepEqual(s.Items, []string{"milk", "eggs"}) {
		t.Errorf("Look: %v at %v, %v", s, at, err)
	}
	var outs []Added
	if !bob.Outs(&outs) || outs[0].Item != "eggs" {
		t.Errorf("bob hears %v", outs)
	}
	// One who was away goes on after what it has.
	bob.Leave()
	alice.Send(Add{"salt"})
	bob = bob.Rejoin()
	if outs = nil; !bob.Outs(&outs) || !reflect.DeepEqual(outs, []Added{{Item: "salt"}}) {
		t.Errorf("bob hears %v after coming back", outs)
	}
	if count, list := other.Present(); count != 1 || list[0].ID != other.You.ID {
		t.Errorf("in the other room there are %d: %v", count, list)
	}
	if s, _, err := room.Look(site.Context(), "b"); err != nil || len(s.Items) != 0 {
		t.Errorf("the other room has %v: %v", s, err)
	}
}

// TestEnter says who members are: they cannot say so themselves.
func TestEnter(t *testing.T) {
	room := lists(func(r *rooms.Room[List, Add, Added]) {
		r.Enter = func(_ context.Context, r *http.Request, key string) (rooms.Member, error) {
			name := r.Header.Get("Name")
			if name == "" || key == "private" {
				return rooms.Member{}, &gorgon.Error{Kind: gorgon.KindForbidden}
			}
			return rooms.Member{ID: "id-" + name, Name: name}, nil
		}
	})
	site := open(t, gorgontest.Options{}, room)
	if m := site.Join("/lists/a/room"); m.Status != http.StatusForbidden {
		t.Errorf("without a name: %d", m.Status)
	}
	site.Header = http.Header{"Name": {"Ann"}}
	if m := site.Join("/lists/private/room"); m.Status != http.StatusForbidden {
		t.Errorf("a private room: %d", m.Status)
	}
	ann := site.Join("/lists/a/room")
	if ann.You != (rooms.Member{ID: "id-Ann", Name: "Ann"}) {
		t.Fatalf("she is %v", ann.You)
	}
	if p := ann.Send(Add{"milk"}); p != nil {
		t.Fatal(p)
	}
	var outs []Added
	if !ann.Outs(&outs) || outs[0].By != "Ann" {
		t.Errorf("it is by %v", outs)
	}
	// Another visitor that knows the name of her client does not use up its numbers.
	body := map[string]any{"client": strings.Repeat("c", 20), "ops": []any{map[string]any{"n": 1000, "op": Add{"x"}}}}
	site.Call(http.MethodPost, "/lists/a/room", body)
	site.Header = http.Header{"Name": {"Eve"}}
	body["ops"] = []any{map[string]any{"n": 1000, "op": Add{"y"}}}
	site.Call(http.MethodPost, "/lists/a/room", body)
	if s, _, _ := room.Look(site.Context(), "a"); !reflect.DeepEqual(s.Items, []string{"milk", "x", "y"}) {
		t.Errorf("the room has %v", s.Items)
	}
}

// TestHostile sends what no client sends.
func TestHostile(t *testing.T) {
	room := lists(func(r *rooms.Room[List, Add, Added]) { r.Rate, r.MaxOp, r.MaxMembers = 100, 100, 2 })
	site := open(t, gorgontest.Options{}, room)
	const path, client = "/lists/a/room", "client-client-client"
	op := func(n any) map[string]any { return map[string]any{"n": n, "op": Add{"x"}} }
	many := make([]any, 65)
	for i := range many {
		many[i] = op(i + 1)
	}
	for name, c := range map[string]struct {
		body   any
		status int
	}{
		"no list":              {map[string]any{"client": client}, 400},
		"an empty list":        {map[string]any{"client": client, "ops": []any{}}, 400},
		"too many":             {map[string]any{"client": client, "ops": many}, 400},
		"text":                 {"x", 400},
		"a number that is 0":   {map[string]any{"client": client, "ops": []any{op(0)}}, 400},
		"a number below 0":     {map[string]any{"client": client, "ops": []any{op(-1)}}, 400},
		"a huge number":        {map[string]any{"client": client, "ops": []any{op(1 << 60)}}, 400},
		"a short client":       {map[string]any{"client": "c", "ops": []any{op(1)}}, 400},
		"a client of a script": {map[string]any{"client": "<script>alert(1)</script>", "ops": []any{op(1)}}, 400},
	} {
		if r := site.Call(http.MethodPost, path, c.body); r.Status != c.status || strings.Contains(r.Body, "script>") {
			t.Errorf("%s: %d %s", name, r.Status, r.Body)
		}
	}
	long := map[string]any{"client": client, "ops": []any{map[string]any{"n": 1, "op": map[string]any{"item": strings.Repeat("x", 200)}}}}
	if r := site.Call(http.MethodPost, path, long); r.Status != 200 || !strings.Contains(r.Body, `"status":413`) {
		t.Errorf("a large operation: %d %s", r.Status, r.Body)
	}
	if r := site.Call(http.MethodPost, path, map[string]any{"client": client, "ops": []any{op(1)}}, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"); r.Status != http.StatusForbidden {
		t.Errorf("from another site: %d", r.Status)
	}
	if r := site.Call(http.MethodDelete, path, nil); r.Status != http.StatusMethodNotAllowed || r.Header.Get("Allow") == "" {
		t.Errorf("DELETE: %d %v", r.Status, r.Header)
	}
	if r := site.Call(http.MethodPost, "/lists/"+strings.Repeat("k", 101)+"/room", nil); r.Status != http.StatusNotFound {
		t.Errorf("a long key: %d", r.Status)
	}
	refused := false
	for n := range 300 {
		if r := site.Call(http.MethodPost, path, map[string]any{"client": client, "ops": []any{op(n + 10)}}); r.Status == http.StatusTooManyRequests {
			refused = r.Header.Get("Retry-After") != ""
			break
		}
	}
	if !refused {
		t.Error("300 operations at once are not too many for 100 a second")
	}
	one, two := site.Join(path), site.Join(path)
	var s List
	one.State(&s)
	two.State(&s)
	if m := site.Join(path); m.Status != http.StatusServiceUnavailable {
		t.Errorf("a third member of two: %d", m.Status)
	}
}

// TestGuards ends what a guard does not allow any more.
func TestGuards(t *testing.T) {
	revoked, revoke := context.WithCancel(t.Context())
	room := lists(func(r *rooms.Room[List, Add, Added]) {
		r.Guards = []func(http.Handler) http.Handler{func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				ctx, cancel := context.WithCancel(r.Context())
				defer cancel()
				defer context.AfterFunc(revoked, cancel)()
				next.ServeHTTP(w, r.WithContext(ctx))
			})
		}}
	})
	site := open(t, gorgontest.Options{}, room)
	m := site.Join("/lists/a/room")
	var s List
	m.State(&s)
	revoke()
	if m.Outs(&s) {
		t.Error("a member goes on to hear after the guard has ended the visit")
	}
}

// TestTopic has the latest messages alone.
func TestTopic(t *testing.T) {
	type message struct {
		Text string `json:"text"`
	}
	said := rooms.Topic[message]{Name: "chat", Path: "/chat/{key}", Latest: 2, Send: true, Check: func(_ rooms.Member, m message) error {
		if m.Text == "rude" {
			return gorgon.Refuse("/text", "Be nice.")
		}
		return nil
	}}
	news := rooms.Topic[message]{Name: "news", Path: "/news"}
	site := open(t, gorgontest.Options{}, said, news)
	ann := site.Join("/chat/a")
	for _, text := range []string{"one", "two", "three"} {
		if p := ann.Send(message{text}); p != nil {
			t.Fatal(p)
		}
	}
	if p := ann.Send(message{"rude"}); p == nil || p.Status != 422 {
		t.Errorf("a rude one: %v", p)
	}
	latest, _, err := said.Look(site.Context(), "a")
	if err != nil || len(latest.Messages) != 2 || latest.Messages[0].Message.Text != "two" || latest.Messages[0].By != ann.You || latest.Messages[0].At.IsZero() {
		t.Errorf("latest: %+v, %v", latest, err)
	}
	bob := site.Join("/news")
	if p := bob.Send(message{"mine"}); p == nil || p.Status != 403 {
		t.Errorf("a topic of the app alone: %v", p)
	}
	if err := news.Publish(site.Context(), "", message{"ours"}); err != nil {
		t.Fatal(err)
	}
	var outs []rooms.Said[message]
	if !bob.Outs(&outs) || outs[0].Message.Text != "ours" || outs[0].By != (rooms.Member{}) {
		t.Errorf("bob hears %v", outs)
	}
}

// TestBuilds lets a later build have the rooms of an earlier one.
func TestBuilds(t *testing.T) {
	store := mem.NewRooms()
	before := open(t, gorgontest.Options{Rooms: store.Handle(), Build: "one"}, lists(nil))
	m := before.Join("/lists/a/room")
	if p := m.Send(Add{"milk"}); p != nil {
		t.Fatal(p)
	}
	after := open(t, gorgontest.Options{Rooms: store.Handle(), Build: "two"}, lists(nil))
	n := after.Join("/lists/a/room")
	var s List
	if !n.State(&s) || !reflect.DeepEqual(s.Items, []string{"milk"}) {
		t.Fatalf("the next build has %v", s.Items)
	}
	if p := n.Send(Add{"eggs"}); p != nil {
		t.Fatal(p)
	}
	if p := m.Send(Add{"salt"}); p == nil || p.Status != http.StatusServiceUnavailable {
		t.Errorf("the earlier build goes on to append: %v", p)
	}
}

// TestSocket talks over a WebSocket.
func TestSocket(t *testing.T) {
	site := open(t, gorgontest.Options{}, lists(nil))
	server := httptest.NewServer(site)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	url := strings.Replace(server.URL, "http", "ws", 1) + "/lists/a/room?client=client-client-client"
	if _, r, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://evil.example"}}}); err == nil || r == nil || r.StatusCode != http.StatusForbidden {
		t.Errorf("a page of another site connects: %v", err)
	}
	conn, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()                   //nolint:errcheck // the test is over
	heard := map[string][]json.RawMessage{} // and not read yet: replies and outcomes come in any order
	read := func(kind string) json.RawMessage {
		t.Helper()
		for len(heard[kind]) == 0 {
			_, data, err := conn.Read(ctx)
			if err != nil {
				t.Fatalf("waiting for %s: %v", kind, err)
			}
			var m map[string]json.RawMessage
			if err := json.Unmarshal(data, &m); err != nil {
				t.Fatal(err)
			}
			for kind, data := range m {
				heard[kind] = append(heard[kind], data)
			}
		}
		first := heard[kind][0]
		heard[kind] = heard[kind][1:]
		return first
	}
	write := func(text string) {
		t.Helper()
		if err := conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if got := string(read("state")); got != `{"items":[]}` {
		t.Errorf("state: %s", got)
	}
	write(`{"ops": [{"n": 1, "op": {"item": "milk"}}, {"n": 2, "op": {"item": "taken"}}]}`)
	if got := string(read("outs")); got != `[{"item":"milk","by":""}]` {
		t.Errorf("outs: %s", got)
	}
	if got := string(read("results")); !strings.Contains(got, `"n":1,"at":"`) || !strings.Contains(got, `"n":2,"problem":{`) || !strings.Contains(got, "It is taken.") {
		t.Errorf("results: %s", got)
	}
	for _, text := range []string{`{`, `{"ops": []}`, `[]`, `{"ops": [{"n": 0, "op": {}}]}`} {
		write(text)
		if got := string(read("problem")); !strings.Contains(got, `"status":400`) {
			t.Errorf("%s: %s", text, got)
		}
	}
	write(`{"ops": [{"n": 3, "op": {"item": "eggs"}}]}`)
	if got := string(read("outs")); !strings.Contains(got, "eggs") {
		t.Errorf("after nonsense: %s", got)
	}
}

// TestAppDoesMuch does more at once than is remembered of a client.
func TestAppDoesMuch(t *testing.T) {
	room := lists(nil)
	site := open(t, gorgontest.Options{}, room)
	const callers, each = 200, 5
	errs := make(chan error, callers)
	for range callers {
		go func() {
			var err error
			for range each {
				err = errors.Join(err, room.Do(site.Context(), "a", Add{"x"}))
			}
			errs <- err
		}()
	}
	for range callers {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	if s, _, err := room.Look(site.Context(), "a"); err != nil || len(s.Items) != callers*each {
		t.Errorf("%d of %d: %v", len(s.Items), callers*each, err)
	}
}

// TestLargeEntries refuses what no log takes, and goes on.
func TestLargeEntries(t *testing.T) {
	room := lists(func(r *rooms.Room[List, Add, Added]) {
		r.Enter = func(_ context.Context, r *http.Request, _ string) (rooms.Member, error) {
			return rooms.Member{ID: "a", Name: strings.Repeat("n", len(r.Header.Get("Long")))}, nil
		}
	})
	site := open(t, gorgontest.Options{}, room)
	m := site.Join("/lists/a/room")
	if p := m.Send(Add{"milk"}); p != nil {
		t.Fatal(p)
	}
	site.Header = http.Header{"Long": {strings.Repeat("x", 101)}}
	if p := m.Send(Add{"eggs"}); p == nil || p.Status != http.StatusInternalServerError {
		t.Errorf("a name of 101 bytes: %v", p)
	}
	site.Header = nil
	if err := room.Do(site.Context(), "a", Add{strings.Repeat("x", 70_000)}); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("an entry of 70,000 bytes: %v", err)
	}
	if p := m.Send(Add{"salt"}); p != nil {
		t.Errorf("after it: %v", p)
	}
}
