// Figures of rooms.

package e2e_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/database/pgdb/pgdbtest"
	"github.com/gorgon-go/gorgon/database/roomdb"
	"github.com/gorgon-go/gorgon/e2e/internal/roomer"
	"github.com/gorgon-go/gorgon/host"
	"github.com/gorgon-go/gorgon/viewctx"
)

// TestRoomFigures measures what a room takes and gives:
//
//	ROOM_WINDOW=5s ROOM_MEMBERS=5000 ROOM_MESSAGES=100 go test ./e2e -run RoomFigures -v
//
// Without the variables it is short, and the figures mean nothing. ROOM_PROFILE=file
// writes what a member's process does: file.room, and file.bare.
func TestRoomFigures(t *testing.T) {
	window := duration(t, "ROOM_WINDOW", 300*time.Millisecond)
	t.Run("SQLite", func(t *testing.T) {
		writers(t, database.Open(litedb.Dialect, database.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "rooms.db") + "?sync=full"}), window)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		writers(t, database.Open(pgdb.Dialect, database.Options{URL: pgdbtest.Open(t, database.Options{}).Options().URL}), window)
	})
	t.Run("members", func(t *testing.T) { fanOut(t, number(t, "ROOM_MEMBERS", 50)) })
}

// writers compares 100 writers of one room with the commits of one connection.
func writers(t *testing.T, db *database.DB, window time.Duration) {
	db.Use(slog.New(slog.DiscardHandler), false)
	store := roomdb.In(db)
	t.Cleanup(func() { _ = db.Close() })
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := db.Migrate(t.Context())
	must(err)
	_, err = db.SQL().ExecContext(t.Context(), "CREATE TABLE bench_row (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)")
	must(err)
	_, err = db.SQL().ExecContext(t.Context(), "INSERT INTO bench_row VALUES (1, 0)")
	must(err)
	commits := 0
	for end := time.Now().Add(window); time.Now().Before(end); commits++ {
		must(db.Tx(t.Context(), nil, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), "UPDATE bench_row SET n = n + 1")
			return err
		}))
	}
	h := host.New(host.Options{Store: store, Log: slog.New(slog.DiscardHandler)})
	defer h.Close()
	room := roomer.Room()
	app := gorgon.App{Name: "roomer", Parts: []gorgon.Part{room}}.Erased()
	h.Use(nil, app, "one")
	h.SetAddress("127.0.0.1:1")
	h.Start(t.Context())
	ctx := viewctx.WithSite(t.Context(), app.SiteIn(viewctx.Site{}, ""))
	must(room.Do(ctx, "a", roomer.Say{Text: "first"}))
	var all sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	for range 100 {
		all.Go(func() {
			var mine []time.Duration
			for end := time.Now().Add(window); time.Now().Before(end); {
				begun := time.Now()
				if err := room.Do(ctx, "a", roomer.Say{Text: strings.Repeat("x", 60)}); err != nil {
					t.Error(err)
					return
				}
				mine = append(mine, time.Since(begun))
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
		})
	}
	all.Wait()
	per := func(n int) float64 { return float64(n) / window.Seconds() }
	t.Logf("one connection: %.0f commits/s; a room with 100 writers: %.0f operations/s, %.1f times as many; acknowledged after %s",
		per(commits), per(len(took)), float64(len(took))/float64(commits), spread(took))
}

// fanOut compares what a process does for each message to a room's members with a
// loop that sends it to as many connections.
func fanOut(t *testing.T, n int) {
	messages := number(t, "ROOM_MESSAGES", 40)
	url := "sqlite:" + filepath.Join(t.TempDir(), "rooms.db")
	h := newLodge(t, url, "", "")
	p := h.any()
	cost := map[string][]time.Duration{}
	for round := range 3 {
		for _, what := range []string{"bare", "room"} {
			path, send := "/bare", func(i int) { h.post(p, "/bare", `{"text":"`+strings.Repeat("x", 150)+`"}`) }
			if what == "room" {
				path = fmt.Sprint("/tapes/", round, "/room")
				send = func(i int) {
					h.post(p, path, fmt.Sprintf(`{"client":"client-client-client","ops":[{"n":%d,"op":{"text":"%s"}}]}`, i+1, strings.Repeat("x", 130)))
				}
			}
			cost[what] = append(cost[what], perDelivery(t, p, what, path, n, messages, send))
		}
	}
	median := func(list []time.Duration) time.Duration {
		return min(max(list[0], list[1]), max(min(list[0], list[1]), list[2]))
	}
	bare, room := median(cost["bare"]), median(cost["room"])
	t.Logf("%d connections, %d messages: processor time of the server for one delivery, medians of 3: %v in a room, %v in a bare loop: %.2f times; load %s", n, messages, room, bare, float64(room)/float64(bare), machineLoad())
}

func (h *lodge) post(p *roomProcess, path, body string) {
	h.Helper()
	r, err := http.Post("http://"+p.addr+path, "application/json", strings.NewReader(body))
	h.must(err)
	_ = r.Body.Close()
	if r.StatusCode != http.StatusOK {
		h.Fatalf("%s: %d", path, r.StatusCode)
	}
}

// perDelivery is the processor time that a process needs for each delivery.
func perDelivery(t *testing.T, p *roomProcess, what, path string, n, messages int, send func(int)) time.Duration {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var open, got atomic.Int64
	var all sync.WaitGroup
	slots := make(chan struct{}, 64)
	for range n {
		slots <- struct{}{}
		all.Go(func() { listenTo(ctx, p.addr, path, &open, &got, slots) })
	}
	defer all.Wait()
	defer cancel()
	until(t, "all are connected", func() bool { return open.Load() == int64(n) })
	time.Sleep(500 * time.Millisecond) // who takes part is sent once more
	end := profile(t, p, what)
	before := processor(t, p)
	for i := range messages {
		send(i)
		until(t, "all have it", func() bool { return got.Load() >= int64((i+1)*n) })
	}
	took := processor(t, p) - before
	end()
	return took / time.Duration(n*messages)
}

// profile writes what a process uses its processor time for until it is ended to
// the file ROOM_PROFILE with a name at its end. The figures are higher then.
func profile(t *testing.T, p *roomProcess, name string) (end func()) {
	t.Helper()
	file := os.Getenv("ROOM_PROFILE")
	if file == "" {
		return func() {}
	}
	ask := func(path string) []byte {
		r, err := http.Post("http://"+p.addr+path, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Body.Close() }()
		data, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %v", path, r.StatusCode, err)
		}
		return data
	}
	ask("/profile/begin")
	return func() {
		if err := os.WriteFile(file+"."+name, ask("/profile/end"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// listenTo counts messages of a stream. It is as small as it can be: there are
// thousands.
func listenTo(ctx context.Context, addr, path string, open, got *atomic.Int64, slots chan struct{}) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		<-slots
		return
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	_, _ = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, addr)
	lines := bufio.NewReaderSize(conn, 512)
	first, kind := true, ""
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		switch {
		case first && (line == ":\n" || strings.HasPrefix(line, "event: state")):
			first = false
			open.Add(1)
			<-slots
		case strings.HasPrefix(line, "event: "):
			kind = line
		case strings.HasPrefix(line, "data: ") && kind == "" && !first:
			if !strings.HasPrefix(line, `data: {"count"`) {
				got.Add(1)
			}
		case line == "\n":
			kind = ""
		}
	}
}

// processor is the processor time that a process has had.
func processor(t *testing.T, p *roomProcess) time.Duration {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+2:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}
