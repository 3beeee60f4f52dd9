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
	"os/exec"
	"path/filepath"
	"slices"
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
// writes what a member's process does: file.room, and file.bare. ROOM_RIVAL=file is
// the program of bench/centrifuge, which is measured beside them.
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
// loop that sends it to as many connections, and with what bench/centrifuge does.
func fanOut(t *testing.T, n int) {
	messages := number(t, "ROOM_MESSAGES", 40)
	url := "sqlite:" + filepath.Join(t.TempDir(), "rooms.db")
	h := newLodge(t, url, "", "")
	p := h.any()
	cost := map[string][]time.Duration{}
	side := func(what, path string, p *roomProcess, send func(int)) {
		cost[what] = append(cost[what], perDelivery(t, p, what, path, n, messages, send))
	}
	text := `{"text":"` + strings.Repeat("x", 150) + `"}`
	rival := startRival(t)
	for round := range 3 {
		side("bare", "/bare", p, func(int) { h.post(p, "/bare", text) })
		path := fmt.Sprint("/tapes/", round, "/room")
		side("room", path, p, func(i int) {
			h.post(p, path, fmt.Sprintf(`{"client":"client-client-client","ops":[{"n":%d,"op":{"text":"%s"}}]}`, i+1, strings.Repeat("x", 130)))
		})
		if rival != nil {
			side("centrifuge", `/sse?cf_connect={"id":1,"connect":{}}`, rival, func(int) { h.post(rival, "/publish", text) })
		}
	}
	for _, list := range cost {
		slices.Sort(list)
	}
	for what, list := range cost {
		t.Logf("%d connections, %d messages: processor time of the server for one delivery, median of 3: %s %v, %.2f times that of a bare loop; load %s",
			n, messages, what, list[1], float64(list[1])/float64(cost["bare"][1]), machineLoad())
	}
}

// startRival starts the program ROOM_RIVAL; nil for none.
func startRival(t *testing.T) *roomProcess {
	t.Helper()
	file := os.Getenv("ROOM_RIVAL")
	if file == "" {
		return nil
	}
	cmd := exec.CommandContext(t.Context(), file)
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if err != nil || !ok {
		t.Fatalf("%s says %q: %v", file, line, err)
	}
	return &roomProcess{cmd: cmd, addr: addr}
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
	c := hearers{addr: p.addr, path: path, slots: make(chan struct{}, 64)}
	defer c.all.Wait()
	defer cancel()
	for range n {
		c.slots <- struct{}{}
		c.all.Go(func() { c.join(ctx) })
	}
	until(t, "all are connected", func() bool {
		if err := c.failed.Load(); err != nil {
			t.Fatalf("%d of %d are connected: %v", c.open.Load(), n, *err)
		}
		return c.open.Load() == int64(n)
	})
	time.Sleep(500 * time.Millisecond) // who takes part is sent once more
	end := profile(t, p, what)
	before := processor(t, p)
	for i := range messages {
		send(i)
		until(t, "all have it", func() bool { return c.got.Load() >= int64((i+1)*n) })
	}
	took := processor(t, p) - before
	end()
	return took / time.Duration(n*messages)
}

// hearers are connections that count the messages of a stream.
type hearers struct {
	addr, path string
	open, got  atomic.Int64
	failed     atomic.Pointer[error] // why one could not be opened
	slots      chan struct{}         // of those that are being opened
	all        sync.WaitGroup
}

// join opens a connection, and counts what comes. It is as small as it can be: there
// are thousands.
func (c *hearers) join(ctx context.Context) {
	opened := false
	var err error
	for try := 0; try < 5 && !opened && ctx.Err() == nil; try++ { // a server closes what says nothing for 5 s, as under load
		err = c.listen(ctx, func() {
			opened = true
			c.open.Add(1)
			<-c.slots
		})
	}
	if !opened {
		c.failed.Store(&err)
		<-c.slots
	}
}

func (c *hearers) listen(ctx context.Context, opened func()) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", c.path, c.addr); err != nil {
		return err
	}
	lines := bufio.NewReaderSize(conn, 4<<10)
	for first := ""; ; {
		line, err := lines.ReadString('\n')
		if first == "" {
			first = line
		}
		switch {
		case err != nil:
			return fmt.Errorf("%q, and then: %w", first, err)
		case opened != nil && (line == ":\n" || strings.HasPrefix(line, "event: state") || strings.Contains(line, `"connect":{`)):
			opened()
			opened = nil
		case strings.Contains(line, "xxxxx"):
			c.got.Add(1)
		}
	}
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
