package admin_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/admin"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/operate"
	"github.com/gorgon-go/gorgon/pages"
)

// hostile is what visitors write where it could become markup.
const hostile = `<script>alert("x")</script>'"><img src=x onerror=alert(1)>`

// A stage is a program that has something of everything, and notes what is changed.
type stage struct {
	operate.Program

	mu   sync.Mutex
	did  []string
	jobs []metrics.Job
}

func (s *stage) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did = append(s.did, fmt.Sprintf(format, args...))
}

// changes are what was done since the last call.
func (s *stage) changes() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	did := strings.Join(s.did, ", ")
	s.did = nil
	return did
}

// request counts one.
func (s *stage) request(q metrics.Request) {
	_, end := s.Recorder.Request(httptest.NewRequest("GET", "/", nil))
	end(q)
}

func newStage(writes bool) *stage {
	now := time.Now()
	clock := now
	s := &stage{jobs: []metrics.Job{
		{ID: 17, Kind: "receipt", State: "dead", Attempt: 12, Deaths: 1, Added: now.Add(-2 * time.Hour), Due: now.Add(-time.Hour), Errors: "1: the mail server refused it\n12: " + hostile, Known: true},
		{ID: 18, Kind: "thumbnail", State: "running", Attempt: 1, Added: now.Add(-time.Minute), Due: now.Add(-time.Minute), Begun: now.Add(-20 * time.Second), Worker: "web-1:4711", Key: "photo-9", Args: `{"photo":9}`, Known: true},
		{ID: 19, Kind: "receipt", State: "waiting", Added: now, Due: now.Add(10 * time.Minute), Known: true},
	}}
	s.Program = operate.Program{
		About: operate.About{App: "shop", Build: "4f1c9a77", Version: "v1.4.2", Go: "go1.26", Role: "serve", Host: "web-1", Process: 4711, Started: now.Add(-26 * time.Hour),
			Store: "redis://cache.internal:6379/0", Database: "postgres://shop@db.internal/shop"},
		State: func() metrics.State {
			return metrics.State{Started: true, MemoryBytes: 48 << 20, MemoryEntries: 1240, Running: 2, StoreRefused: 3, LiveParts: 3, Followers: 41, LiveMade: 120, LiveSent: 900,
				Rooms: 2, RoomsOwned: 1, RoomMembers: 7, RoomOps: 1234, Sessions: 310, Lookups: 4400, Revoked: 3, Changes: 2, Oldest: 400 * time.Millisecond,
				Kinds: []metrics.Kind{{Name: "receipt", Waiting: 1, Dead: 1, Done: 912, Failed: 13, Died: 1}, {Name: "thumbnail", Due: 3, Oldest: 95 * time.Second, Running: 1, Done: 55}}}
		},
		Checks: func(context.Context) []operate.Check {
			return []operate.Check{{Name: "started", OK: true, Needed: true}, {Name: "store", OK: true}, {Name: "database", OK: true, Needed: true}, {Name: "mail", Reason: "the server refuses the password"}}
		},
		Recorder: operate.NewRecorder(func() time.Time { return clock }), Lines: new(operate.Lines), History: new(operate.History), Writes: writes,
		Parts: []operate.Part{
			{Kind: "page", Name: "/", Note: "built, revalidated after 1m0s"}, {Kind: "page", Name: "/products/{id}", Note: "built, incremental"}, {Kind: "page", Name: "/search", Note: "per request"},
			{Kind: "fragment", Name: "stock", Note: "built, live"}, {Kind: "cache", Name: "rates", Note: "loaded when asked"},
			{Kind: "endpoint", Name: "POST /api/orders", Note: "endpoint"}, {Kind: "handler", Name: "GET /feed.xml", Note: "handler"}, {Kind: "bucket", Name: "POST /photos", Note: "bucket"},
			{Kind: "job", Name: "receipt", Note: "job"}, {Kind: "job", Name: "cleanup", Note: "job, every day at 03:00"},
		},
		Why: func(_ context.Context, what string) (cache.Report, error) {
			if strings.HasPrefix(what, "/gone") {
				return cache.Report{}, errors.New("no page matches " + what)
			}
			return cache.Report{
				Key: pages.Key{Route: "/products/{id}", Path: what}, Strategy: []string{"built", "incremental"}, Build: "4f1c9a77", Serves: "memory", Phase: "fresh",
				Because: "it was made after the last purge", Next: "is answered with this copy",
				Copies: []cache.Copy{{Place: "memory", Build: "4f1c9a77", Status: 200, Bytes: 18234, ETag: `"a1"`, MadeAt: now.Add(-time.Hour), ModifiedAt: now.Add(-2 * time.Hour), Tags: []string{"product-7", hostile}}},
				Purges: map[string]pages.Mark{"tag:product-7": {Sequence: 12, At: now.Add(-2 * time.Hour)}},
			}, nil
		},
		Jobs: counter{s},
		Rooms: func(context.Context) ([]operate.Room, error) {
			return []operate.Room{{Name: "/c/plaza", Owned: true, At: 812, Members: 5}, {Name: "/c/" + hostile, At: 422, Members: 2}}, nil
		},
		Folders: func(context.Context) ([]operate.Folder, error) {
			return []operate.Folder{{Name: "photos", Files: 812, Bytes: 2_400_000_000}, {Name: "receipts", Files: 42, Bytes: 9_300_000}}, nil
		},
	}
	if writes {
		s.Purge = func(_ context.Context, kind, name string, expire bool) error {
			s.note("purge %s %s %t", kind, name, expire)
			return nil
		}
	}
	lines := slog.New(s.Lines.Beside(slog.NewTextHandler(io.Discard, nil)))
	lines.Info("started", "addr", ":8080")
	lines.Warn("a request was refused", "path", hostile)
	lines.Error("a page failed: "+hostile, "page", "/products/{id}", "err", "the database is away")
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 60 {
		clock = now.Add(time.Duration(i-59) * time.Minute)
		for k := range 18 + int(9*math.Sin(float64(i)/9)) + random.IntN(6) {
			q := metrics.Request{Method: "GET", Route: []string{"/", "/products/{id}", "/search", "POST /api/orders", "file"}[k%5], Status: 200, Cache: []string{"hit", "hit", "hit", "made", "none"}[random.IntN(5)],
				Bytes: int64(2000 + random.IntN(30_000)), Took: time.Duration((0.3 + random.ExpFloat64()) * float64(4*time.Millisecond))}
			if i > 20 && i < 28 && k%9 == 0 {
				q.Status = 500
			}
			s.request(q)
			if k%3 == 0 {
				_, made := s.Recorder.Making(context.Background(), context.Background(), "/products/{id}")
				made(metrics.Making{Route: "/products/{id}", Outcome: metrics.Made, Took: time.Duration((0.5 + random.ExpFloat64()) * float64(20*time.Millisecond))})
			}
		}
	}
	clock = now
	_, made := s.Recorder.Making(context.Background(), context.Background(), "/products/{id}")
	made(metrics.Making{Route: "/products/{id}", Outcome: metrics.Failed, Err: errors.New(hostile), Took: 80 * time.Millisecond})
	made(metrics.Making{Route: "/_gorgon/fragment/stock/{props...}", Outcome: metrics.Made, Took: 12 * time.Millisecond})
	return s
}

// A counter has the stage's jobs.
type counter struct{ s *stage }

func (d counter) Kinds(context.Context) ([]metrics.Kind, error) { return d.s.State().Kinds, nil }

func (d counter) List(_ context.Context, f metrics.JobFilter) (list []metrics.Job, err error) {
	for _, j := range d.s.jobs {
		if (f.ID == 0 || f.ID == j.ID) && (f.Kind == "" || f.Kind == j.Kind) && (f.State == "" || f.State == j.State) {
			list = append(list, j)
		}
	}
	return list, nil
}

func (d counter) act(what string, id int64) (bool, error) {
	d.s.note("%s %d", what, id)
	return id < 20, nil
}

func (d counter) Cancel(_ context.Context, id int64) (bool, error) { return d.act("cancel", id) }
func (d counter) Revive(_ context.Context, id int64) (bool, error) { return d.act("retry", id) }
func (d counter) RunNow(_ context.Context, id int64) (bool, error) { return d.act("now", id) }
func (d counter) Remove(_ context.Context, id int64) (bool, error) { return d.act("remove", id) }

// open returns the pages of a stage.
func open(t *testing.T, s *stage, c admin.Config) http.Handler {
	t.Helper()
	h, err := admin.New(c).Open(t.Context(), &s.Program)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// all are the paths of the pages.
func all() []string {
	return []string{"/", "/health", "/instances", "/log", "/pages", "/why", "/fragments", "/endpoints", "/caches", "/jobs", "/rooms", "/files", "/sessions", "/database"}
}

// get asks for a page of an address of this machine.
func get(h http.Handler, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", target, nil)
	r.Host = "127.0.0.1:9465"
	h.ServeHTTP(w, r)
	return w
}
