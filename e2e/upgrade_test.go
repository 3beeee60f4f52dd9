//go:build unix

// Another build takes the place of one that is in use, and goes back, and all that
// visitors have begun comes through.

package e2e_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/e2e/internal/ferry"
	"github.com/gorgon-go/gorgon/testbed"
)

// TestUpgrade replaces three instances by those of another build, one after the
// other, and by the first build again, beneath visitors, streams, rooms and jobs.
// UPGRADES is how often.
//
//	UPGRADES=20 go test ./e2e -run Upgrade -v
func TestUpgrade(t *testing.T) {
	t.Parallel()
	n := number(t, "UPGRADES", 2)
	t.Run("PostgreSQL", func(t *testing.T) {
		c := openCrossing(t, database.PostgreSQL)
		c.opens(200)
		c.browser()
		for i := range n {
			c.crosses(i, syscall.SIGTERM)
		}
		c.lands()
		c.report()
	})
	t.Run("SQLite", func(t *testing.T) {
		c := openCrossing(t, database.SQLite)
		c.opens(40)
		for i := range 2 {
			c.crosses(i, syscall.SIGTERM)
		}
		c.lands()
		c.report()
	})
	t.Run("planted: instances are killed", func(t *testing.T) {
		c := openCrossing(t, database.SQLite)
		c.opens(20)
		c.crosses(0, syscall.SIGKILL)
		c.lands()
		list := slices.DeleteFunc(c.faults(), func(fault string) bool { return strings.HasPrefix(fault, ended) })
		if len(list) == 0 {
			t.Error("no visitor has noticed")
		} else {
			t.Logf("found: %s", list[0])
		}
	})
}

// ended is the row of instances that were told to end.
const ended = "instances that ended"

// A crossing is three instances behind a balancer, and all that is under way.
type crossing struct {
	*testing.T
	builds  [2]*stand
	dialect string
	db      *sql.DB

	balancer balancer
	front    *httptest.Server
	servers  []*server
	ctx      context.Context // of all that is under way
	stop     context.CancelFunc
	load     context.Context // of those who ask
	calm     context.CancelFunc
	looking  sync.WaitGroup
	work     sync.WaitGroup
	viewers  *viewers
	lodge    *lodge
	began    time.Time

	letters struct {
		next  atomic.Int64
		mu    sync.Mutex
		acked map[int64]bool
	}
	form    openForm
	visitor *http.Client // who has signed in
	assets  map[string]bool
	kept    [2]int // stored pages: asked for, and sent without being made
	tab     *testbed.Tab

	mu    sync.Mutex
	found []string
	rows  map[string]*passage
	names []string
}

// A passage is what one kind of thing went through.
type passage struct {
	asked, failed int
	note          string
}

// An openForm is one that a visitor has open, and its key.
type openForm struct {
	words, key string
}

func openCrossing(t *testing.T, dialect string) *crossing {
	t.Helper()
	c := &crossing{T: t, dialect: dialect, rows: map[string]*passage{}, assets: map[string]bool{}}
	c.letters.acked = map[int64]bool{}
	c.ctx, c.stop = context.WithCancel(context.Background())
	c.load, c.calm = context.WithCancel(c.ctx)
	driver, url, store := "sqlite", "sqlite:"+filepath.Join(t.TempDir(), "ferry.db"), "sqlite:"+filepath.Join(t.TempDir(), "pages.db")
	if dialect == database.PostgreSQL {
		driver, url, store = "pgx", testbed.For(t, testbed.Postgres).URL, groundOf["redis"](t).place
	}
	one := newStand(t, release(t, ferryProgram))
	one.store = store
	one.env = append(one.env, "GORGON_SECRET=of these tests", database.Variable+"="+url, ferry.EnvDialect+"="+dialect)
	one.run("migrate", "--store", store)
	one.build()
	var err error
	c.db, err = sql.Open(driver, strings.TrimPrefix(url, "sqlite:"))
	c.must(err)
	t.Cleanup(func() { _ = c.db.Close() })
	if dialect == database.SQLite {
		c.db.SetMaxOpenConns(1)
		_, err = c.db.ExecContext(t.Context(), "PRAGMA busy_timeout = 20000")
		c.must(err)
	}
	c.builds = [2]*stand{one, one.as(release(t, ferryNext))}
	c.balancer.drain = 400 * time.Millisecond
	for range 3 {
		c.servers = append(c.servers, c.start(0))
	}
	c.looking.Go(func() { c.balancer.look(c.ctx) })
	c.front = httptest.NewServer(&c.balancer)
	t.Cleanup(func() {
		c.stop()
		c.work.Wait()
		c.looking.Wait()
		c.front.CloseClientConnections()
		c.front.Close()
	})
	until(t, "all are ready", func() bool { return c.balancer.count() == 3 })
	c.lodge, _ = openLodge(t, url)
	c.lodge.front = strings.TrimPrefix(c.front.URL, "http://")
	return c
}

func (c *crossing) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// start starts an instance of a build.
func (c *crossing) start(build int) *server {
	c.Helper()
	v := c.builds[build].serve("--drain", c.balancer.drain.String())
	c.balancer.add(v)
	return v
}

// counts notes how one thing of a kind went.
func (c *crossing) counts(kind string, fault string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.row(kind)
	if p.asked++; fault == "" {
		return
	}
	p.failed++
	c.found = append(c.found, kind+": "+fault)
}

// faults are all that was found.
func (c *crossing) faults() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.found...)
}

// get asks for a path, and says what is wrong with the answer.
func (c *crossing) get(path string, want ...string) (answer, string) {
	a, err := fetch(c.front.URL + path)
	if err != nil {
		return a, err.Error()
	}
	if a.status != http.StatusOK {
		return a, fmt.Sprintf("%s: %s", path, a)
	}
	for _, text := range want {
		if !strings.Contains(string(a.body), text) {
			return a, fmt.Sprintf("%s does not have %q: %s", path, text, a)
		}
	}
	return a, ""
}

// every does something so many times a second, whatever becomes of it.
func (c *crossing) every(perSecond int, do func(n int)) {
	c.work.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(perSecond))
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-c.load.Done():
				return
			case <-tick.C:
				c.work.Go(func() { do(n) })
			}
		}
	})
}

// opens begins all that is under way while builds change.
func (c *crossing) opens(streams int) {
	c.Helper()
	c.began = time.Now()
	rate := 1
	if c.dialect == database.SQLite {
		rate = 3 // one machine for three instances and one file: fewer
	}
	c.every(300/rate, func(n int) {
		path := []string{"/", "/form", fmt.Sprint("/timed/", n%7), fmt.Sprint("/rate/", strings.Repeat("x", 1+n%5)), "/numbers"}[n%5]
		_, fault := c.get(path)
		c.counts("requests for pages", fault)
	})
	c.every(20/rate, func(int) {
		n := c.letters.next.Add(1)
		a, err := post(c.front.URL+"/letters", fmt.Sprintf(`{"n":%d}`, n))
		if err != nil || a.status >= 300 {
			c.counts("jobs", fmt.Sprintf("one could not be added: %s, %v", a, err))
			return
		}
		c.letters.mu.Lock()
		c.letters.acked[n] = true
		c.letters.mu.Unlock()
	})
	c.every(10/rate, func(n int) {
		a, err := post(fmt.Sprint(c.front.URL, "/numbers/", 1+n%4), "{}")
		fault := ""
		if err != nil || a.status != http.StatusOK {
			fault = fmt.Sprintf("%s, %v", a, err)
		}
		c.counts("calls of endpoints", fault)
	})
	c.lodge.pace = time.Duration(rate) * 400 * time.Millisecond
	c.lodge.writes(10) // 50 a second
	c.lodge.members(10)

	via := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	c.Cleanup(via.CloseIdleConnections)
	list := make([]*watcher, streams)
	for i := range list {
		page := "/numbers"
		if i%4 == 0 {
			page = "/whole"
		}
		list[i] = &watcher{name: fmt.Sprint("client ", i), page: page, builds: true, via: via, to: func(int) string { return c.front.URL }}
	}
	c.viewers = gather(c.ctx, list, 16)
	until(c.T, "all streams are open", func() bool { return c.viewers.open() == streams })

	jar, err := cookiejar.New(nil)
	c.must(err)
	c.visitor = &http.Client{Jar: jar}
	res, err := c.visitor.Post(c.front.URL+"/sign-in", "application/json", strings.NewReader("{}"))
	c.must(err)
	c.must(res.Body.Close())
	for n := range 50 {
		if _, fault := c.get(fmt.Sprint("/kept/", n), fmt.Sprint("kept ", n)); fault != "" {
			c.Error(fault)
		}
	}
	c.opensForm()
	c.sees(0)
}

// crosses has all instances replaced by those of the other build, one after the
// other.
func (c *crossing) crosses(n int, end syscall.Signal) {
	c.Helper()
	to := (n + 1) % 2
	version := fmt.Sprint(to + 1)
	if n == 0 {
		c.builds[to].run("migrate", "--store", c.builds[to].store)
		c.builds[to].build()
		c.counts("pending migrations", "")
	}
	deferred := c.deferred()
	for i, old := range c.servers {
		fresh := c.start(to)
		until(c.T, "the new instance is ready", func() bool { return c.balancer.count() == len(c.servers)+1 })
		c.servers[i] = fresh
		began := time.Now()
		c.lodge.mu.Lock()
		c.lodge.stopped = append(c.lodge.stopped, began)
		c.lodge.mu.Unlock()
		old.signal(end)
		select {
		case <-old.ended:
		case <-time.After(patience):
			c.Fatal("the old instance does not end")
		}
		fault := ""
		if code := old.cmd.ProcessState.ExitCode(); code != 0 {
			fault = fmt.Sprintf("an instance ended with %d after %v", code, time.Since(began))
		}
		c.counts(ended, fault)
		c.balancer.remove(old)
		until(c.T, "the balancer has noticed", func() bool { return c.balancer.count() == len(c.servers) })
	}
	c.sees(to)
	c.form.send(c)
	c.opensForm()
	c.asksDeferred(deferred, version)
	c.stored(version)
	res, err := c.visitor.Get(c.front.URL + "/me")
	c.must(err)
	fault := ""
	if text := c.body(res); !strings.Contains(text, "user "+ferry.User) {
		fault = "the visitor is signed in no longer: " + text
	}
	c.counts("sessions", fault)
	c.seen(version)
}

// sees looks at a page of the present build, and at the stylesheets of all builds
// that were there before: pages that are open in browsers link to them.
func (c *crossing) sees(build int) {
	c.Helper()
	version := fmt.Sprint(build + 1)
	a, fault := c.get("/", "version "+version)
	c.counts("pages of the build", fault)
	link := stylesheet.FindSubmatch(a.body)
	if link == nil {
		return
	}
	c.assets[string(link[1])] = true
	for path := range c.assets {
		_, fault := c.get(path, "version ")
		c.counts("assets of both builds", fault)
	}
}

// stored asks for pages that were stored by the other build.
func (c *crossing) stored(version string) {
	c.Helper()
	for n := range 50 {
		a, fault := c.get(fmt.Sprint("/kept/", n), fmt.Sprint("kept ", n), "version "+version)
		c.counts("stored pages", fault)
		if c.kept[0]++; strings.HasPrefix(a.cache(), "gorgon; hit") {
			c.kept[1]++
		}
	}
}

// deferred is the URL of a deferred fragment, as a page of the present build has it.
func (c *crossing) deferred() string {
	c.Helper()
	a, fault := c.get("/deferred")
	if fault != "" {
		c.Error(fault)
	}
	_, rest, _ := strings.Cut(string(a.body), `<gorgon-fragment src="`)
	url, _, _ := strings.Cut(rest, `"`)
	if url == "" {
		c.Errorf("no deferred fragment in %s", a)
	}
	return url
}

// asksDeferred asks the present build for a fragment of a page that is open since
// the build before: it says that there is none, and the browser gets the page.
func (c *crossing) asksDeferred(url, version string) {
	c.Helper()
	fault := ""
	if a, err := fetch(c.front.URL + url); err != nil || a.status != http.StatusNotFound {
		fault = fmt.Sprintf("one of the build before: %s, %v", a, err)
	}
	if fault == "" {
		_, fault = c.get(c.deferred(), "stamp x by "+version)
	}
	c.counts("deferred fragments", fault)
}

// opensForm has a visitor open a form.
func (c *crossing) opensForm() {
	c.form = openForm{words: fmt.Sprint("words ", rand.Int64()), key: fmt.Sprintf("key-%016x-%016x", rand.Uint64(), rand.Uint64())}
}

// send sends the form, twice, as one who has clicked twice does.
func (f *openForm) send(c *crossing) {
	c.Helper()
	for range 2 {
		r, err := http.NewRequestWithContext(c.ctx, http.MethodPost, c.front.URL+"/entries", strings.NewReader("words="+strings.ReplaceAll(f.words, " ", "+")))
		c.must(err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Idempotency-Key", f.key)
		res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(r)
		c.must(err)
		fault := ""
		if text := c.body(res); res.StatusCode != http.StatusSeeOther {
			fault = fmt.Sprint(res.Status, ": ", text)
		}
		c.counts("forms that were open", fault)
	}
	if n := c.count("select count(*) from entries where words = $1", f.words); n != 1 {
		c.counts("forms that were open", fmt.Sprintf("%d entries for one form", n))
	}
}

// count is a number in the database.
func (c *crossing) count(query string, args ...any) (n int) {
	c.Helper()
	c.must(c.db.QueryRowContext(c.Context(), query, args...).Scan(&n))
	return n
}

// lands lets all end that is under way, and judges it.
func (c *crossing) lands() {
	c.Helper()
	room := c.lodge.judge() // writers end
	c.calm()
	c.work.Wait()
	for range room.acked {
		c.counts("operations in a room", "")
	}
	for _, fault := range room.faults {
		c.counts("operations in a room", fault)
	}
	c.note("operations in a room", "%d lost, %d twice, %d sent again; %d states sent to 10 members; the longest time without an acknowledgement while an instance ended %s",
		room.lost, room.twice, room.tries, room.resets, spread(room.handed))
	c.judgeLetters()
	c.judgeStreams()
	c.note("stored pages", "%d of %d were sent as the other build had stored them, at once", c.kept[1], c.kept[0])
	c.note("series, each second", "%d runs in %d s", c.count("select count(*) from ticks"), int(time.Since(c.began).Seconds()))
}

// judgeLetters looks for each job whose adding was acknowledged.
func (c *crossing) judgeLetters() {
	c.Helper()
	ran := func() map[int64]int {
		rows, err := c.db.QueryContext(c.Context(), "select n, count(*) from letters group by n")
		c.must(err)
		defer rows.Close()
		all := map[int64]int{}
		for rows.Next() {
			var n int64
			var count int
			c.must(rows.Scan(&n, &count))
			all[n] = count
		}
		c.must(rows.Err())
		return all
	}
	var all map[int64]int
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		missing := 0
		all = ran()
		for n := range c.letters.acked {
			if all[n] == 0 {
				missing++
			}
		}
		if missing == 0 || time.Now().After(end) {
			break
		}
	}
	again := 0
	for n := range c.letters.acked {
		fault := ""
		if all[n] == 0 {
			fault = fmt.Sprintf("job %d was added, and did not run", n)
		} else if all[n] > 1 {
			again++
		}
		c.counts("jobs", fault)
	}
	c.note("jobs", "%d ran twice; by builds %d and %d", again, c.count("select count(*) from letters where build = '1'"), c.count("select count(*) from letters where build = '2'"))
}

// numbers are those in the database.
func (c *crossing) numbers() map[int64]int64 {
	c.Helper()
	rows, err := c.db.QueryContext(c.Context(), "select id, number from numbers")
	c.must(err)
	defer rows.Close()
	all := map[int64]int64{}
	for rows.Next() {
		var id, number int64
		c.must(rows.Scan(&id, &number))
		all[id] = number
	}
	c.must(rows.Err())
	return all
}

// judgeStreams waits until all pages that are open show what is in the database.
func (c *crossing) judgeStreams() {
	c.Helper()
	numbers := c.numbers()
	began := time.Now()
	for c.viewers.behind(numbers) != "" && time.Since(began) < 2*patience {
		time.Sleep(10 * time.Millisecond)
	}
	fault := c.viewers.behind(numbers)
	c.viewers.leave()
	c.counts("open streams", fault)
	for _, fault := range c.viewers.broken() {
		c.counts("open streams", fault)
	}
	news, opens, renewed := 0, 0, 0
	for _, w := range c.viewers.watchers {
		news, opens, renewed = news+w.news, opens+w.opens, renewed+w.renewed
		c.counts("open streams", "")
	}
	c.note("open streams", "%d pieces of new HTML; opened %d times; pages became those of the other build %d times", news, opens, renewed)
}

// browser opens a page in a browser, whose visitor types.
func (c *crossing) browser() {
	c.tab = testbed.NewTab(c.T)
	c.tab.Open(c.front.URL + "/numbers")
	c.tab.Focus()
	c.tab.Run(`window.first = document.querySelector("#typed"); first.focus(); first.value = "mine"`)
}

// seen waits until the browser shows the page of the present build, with what the
// visitor has typed.
func (c *crossing) seen(version string) {
	if c.tab != nil {
		c.tab.Wait(`document.querySelector("#version").textContent === "version ` + version + `" && first === document.activeElement && first.isConnected && first.value === "mine"`)
		c.counts("a page in Chromium, with a text half written", "")
	}
}

// report prints the table.
func (c *crossing) report() {
	c.Helper()
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tasked\tfailed\t")
	for _, name := range c.names {
		p := c.rows[name]
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", name, p.asked, p.failed, p.note)
	}
	c.must(w.Flush())
	c.Logf("%s, %d requests sent by a balancer that looked too late; load %s\n%s", c.dialect, c.balancer.late.Load(), machineLoad(), b.String())
	list := c.faults()
	for _, fault := range list[:min(5, len(list))] {
		c.Error(fault)
	}
}

// note says what a row of the table says besides numbers.
func (c *crossing) note(kind, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.row(kind).note = fmt.Sprintf(format, args...)
}

// row is that of a kind; the caller holds mu.
func (c *crossing) row(kind string) *passage {
	if c.rows[kind] == nil {
		c.rows[kind], c.names = &passage{}, append(c.names, kind)
	}
	return c.rows[kind]
}

// body reads an answer.
func (c *crossing) body(res *http.Response) string {
	c.Helper()
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	c.must(err)
	return string(text)
}
