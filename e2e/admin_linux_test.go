// The pages for operators of a real program.

package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/gorgon-go/gorgon/e2e/internal/depot"
	"github.com/gorgon-go/gorgon/operate"
	"github.com/gorgon-go/gorgon/testbed"
)

// operated is a program with its pages for operators.
type operated struct {
	*server
	admin string // without a slash at its end
}

var operating = regexp.MustCompile(`(?m)^pages for the operators of \S+ at (http://\S+)/$`)

func newDepot(t *testing.T) *stand {
	s := newStand(t, program{self(t).path, []string{programVariable + "=depot"}})
	s.env = []string{"DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "depot.db")}
	return s
}

func openOperated(t *testing.T, args ...string) *operated {
	t.Helper()
	return openAt(t, newDepot(t), args...)
}

func openAt(t *testing.T, s *stand, args ...string) *operated {
	t.Helper()
	v := s.serve(append([]string{"--admin", "127.0.0.1:0"}, args...)...)
	m := operating.FindStringSubmatch(v.said())
	if m == nil {
		t.Fatalf("it does not say where its pages are:\n%s", v.said())
	}
	return &operated{v, m[1]}
}

// send asks one of the pages.
func (o *operated) send(method, path, body string, header ...string) (status int, text string) {
	o.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, o.admin+path, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		o.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return res.StatusCode, string(data)
}

// snapshot is what the program says of itself.
func (o *operated) snapshot() (s operate.Snapshot) {
	o.t.Helper()
	status, text := o.send("GET", "/snapshot.json", "")
	if err := json.Unmarshal([]byte(text), &s); err != nil || status != 200 {
		o.t.Fatalf("%d, %v: %s", status, err, text)
	}
	return s
}

// visit asks for pages, adds jobs and joins a room, a little, until it is ended.
func (o *operated) visit() (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	ask := func(method, path, body string) {
		r, err := http.NewRequestWithContext(ctx, method, o.url+path, strings.NewReader(body))
		if err != nil {
			return
		}
		r.Header.Set("Content-Type", "application/json")
		if res, err := http.DefaultClient.Do(r); err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
	}
	all.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			ask("GET", "/", "")
			ask("GET", "/items/"+strconv.Itoa(i%20), "")
			if i%25 == 0 {
				ask("GET", "/items/bad", "")
				ask("POST", "/work", "")
				ask("POST", "/tapes/a/room", fmt.Sprintf(`{"client":"client-client-client","ops":[{"n":%d,"op":{"text":"x"}}]}`, i/25+1))
			}
			select {
			case <-time.After(20 * time.Millisecond): // a little load
			case <-ctx.Done():
			}
		}
	})
	return sync.OnceFunc(func() { cancel(); all.Wait() })
}

// Instances that share a store know each other, for as long as they run.
func TestAdminInstances(t *testing.T) {
	s := newDepot(t)
	one, two := openAt(t, s), openAt(t, s)
	peers := func(o *operated) (addresses []string) {
		for _, i := range o.snapshot().Peers {
			if i.Self != ("http://"+i.Address == o.admin) {
				t.Errorf("%s takes %+v for itself, or not", o.admin, i)
			}
			addresses = append(addresses, "http://"+i.Address)
		}
		slices.Sort(addresses)
		return addresses
	}
	both := []string{one.admin, two.admin}
	slices.Sort(both)
	until(t, "each instance lists both", func() bool { return slices.Equal(peers(one), both) && slices.Equal(peers(two), both) })
	if _, text := one.send("GET", "/instances", ""); !strings.Contains(text, strings.TrimPrefix(two.admin, "http://")) {
		t.Errorf("the page does not name %s:\n%s", two.admin, text)
	}
	two.stop()
	if got := peers(one); !slices.Equal(got, []string{one.admin}) {
		t.Errorf("one instance runs, and %q are listed", got)
	}
}

// operatorPages are the pages.
var operatorPages = []string{"/", "/health", "/instances", "/log", "/pages", "/why", "/fragments", "/endpoints", "/caches", "/jobs", "/rooms", "/files", "/sessions", "/database"}

// The pages of a program under a little load: each answers, with and without
// scripts, is readable for all, and has figures that change while it is open.
func TestAdminPages(t *testing.T) {
	source := axe(t)
	defer testbed.CloseBrowser()
	o := openOperated(t, "--admin-write")
	end := o.visit()
	defer end()
	until(t, "a job has failed for good, another is done, and a room is there", func() bool {
		s := o.snapshot()
		kinds := map[string]operate.KindFigures{}
		for _, k := range s.Kinds {
			kinds[k.Name] = k
		}
		return kinds["letter"].Dead > 0 && len(s.Rooms) == 1 && s.Rooms[0].At > 0 && s.Ready && len(s.Faults) == 0
	})
	_, list := o.send("GET", "/jobs?show=dead", "")
	m := regexp.MustCompile(`/jobs/(\d+)`).FindStringSubmatch(list)
	if m == nil {
		t.Fatalf("no dead job is listed:\n%s", list)
	}
	_, finished := o.send("GET", "/jobs?show=finished", "")
	done := regexp.MustCompile(`/jobs/(\d+)`).FindStringSubmatch(finished)
	if done == nil {
		t.Fatalf("no job is listed that is done:\n%s", finished)
	}
	if _, text := o.send("GET", "/jobs/"+done[1], ""); !strings.Contains(text, "4711") {
		t.Error("what a kind shows is not shown")
	}
	paths := append([]string{"/jobs/" + m[1], "/why?what=/items/3", "/confirm?act=retry&id=" + m[1]}, operatorPages...)
	for _, path := range append(paths, "/snapshot.json") {
		status, text := o.send("GET", path, "")
		if status != 200 || strings.Contains(text, "<script>document") || strings.Contains(text, depot.Secret) {
			t.Errorf("%s: %d", path, status)
		}
	}
	plain, tab := testbed.NewTab(t), testbed.NewTab(t)
	plain.WithoutScript()
	plain.Do(chromedp.EmulateViewport(360, 740))
	for _, path := range paths {
		plain.Open(o.admin + path)
		tab.Open(o.admin + path)
		if n := testbed.Eval[int](tab, `document.querySelector("main").innerText.length`); n < 60 {
			t.Errorf("%s says only %d characters", path, n)
		}
		tab.Run(source)
		if found := testbed.Eval[string](tab, `axe.run({resultTypes: ["violations"]}).then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html)).join("\n"))`); found != "" {
			t.Errorf("%s: %s", path, found)
		}
	}
	tab.Open(o.admin + "/")
	tab.Run(`window.hint = [...document.querySelectorAll(".tiles .hint")].find(e => e.textContent.includes("last hour")); window.before = hint.textContent`)
	tab.Wait(`window.hint.isConnected && window.hint.textContent !== window.before`)
	for _, line := range tab.Console() {
		t.Error(line)
	}

	// A dead job runs again by the forms, without scripts.
	deaths := func() int {
		_, text := o.send("GET", "/jobs/"+m[1], "")
		return strings.Count(text, "the mail server refused it")
	}
	before := deaths()
	plain.Open(o.admin + "/confirm?act=retry&id=" + m[1])
	plain.Click("form.act button")
	until(t, "the job has run again", func() bool { return deaths() > before })

	// A purge by the forms concerns what visitors see.
	plain.Open(o.admin + "/confirm?act=purge&kind=path&name=/items/3")
	plain.Click("form.act button")
	until(t, "the purge is known", func() bool {
		_, text := o.send("GET", "/why?what=/items/3", "")
		return strings.Contains(text, "path:/items/3")
	})
	end()
	o.cost(tab)
	if title := testbed.Eval[string](tab, "document.title"); strings.Contains(title, "owned") {
		t.Error("a script of an error ran")
	}
}

// cost says what the processor does for pages that are open; ADMIN_WINDOW is for how
// long each is looked at. The race detector makes it several times as much.
func (o *operated) cost(tab *testbed.Tab) {
	window := duration(o.t, "ADMIN_WINDOW", time.Second)
	spent := func() time.Duration {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", o.cmd.Process.Pid))
		if err != nil {
			o.t.Fatal(err)
		}
		fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+2:]))
		user, _ := strconv.Atoi(fields[11])
		system, _ := strconv.Atoi(fields[12])
		return time.Duration(user+system) * 10 * time.Millisecond
	}
	load, _ := os.ReadFile("/proc/loadavg")
	for _, path := range []string{"", "/", "/pages", "/jobs", "/log", ""} {
		tab.Open("about:blank")
		what := "no page open"
		if path != "" {
			tab.Forget()
			tab.Open(o.admin + path)
			what = path + " open"
			until(o.t, "its figures are followed", func() bool {
				return slices.ContainsFunc(tab.Requests(), func(r testbed.Request) bool { return r.Method == "POST" && strings.Contains(r.URL, "/_gorgon/live") })
			})
		}
		before := spent()
		time.Sleep(window) // what is measured
		took := spent() - before
		o.t.Logf("%s: %v of a processor in %v, %.2f %% (load %s)", what, took, window, 100*took.Seconds()/window.Seconds(), strings.Fields(string(load))[0])
	}
}

// What strangers and pages of the web try does nothing, and tells nothing.
func TestAdminAttacks(t *testing.T) {
	without := newDepot(t).serve()
	o := openOperated(t, "--admin-write")
	for _, v := range []*server{without, o.server} {
		for _, path := range []string{"/snapshot.json", "/health", "/jobs", "/admin", "/admin/", "/do"} {
			res, err := http.Get(v.url + path)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusNotFound {
				t.Errorf("visitors get %s: %d", path, res.StatusCode)
			}
		}
	}
	if strings.Contains(without.said(), "pages for the operators") {
		t.Error("pages are there that were not asked for")
	}
	for _, addr := range []string{"0.0.0.0:0", "[::]:0", "192.0.2.7:9465", "example.com:9465"} {
		out, err := newDepot(t).command(t.Context(), "serve", "--admin", addr).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "others could reach it") {
			t.Errorf("--admin %s: %v\n%s", addr, err, out)
		}
	}
	host := strings.TrimPrefix(o.admin, "http://")
	purge := url.Values{"act": {"purge"}, "kind": {"all"}}.Encode()
	for _, row := range []struct {
		name, method, path, body string
		status                   int
		header                   []string
	}{
		{"a name that leads here", "GET", "/", "", 421, []string{"Host", "evil.example"}},
		{"a name that leads here, for figures", "GET", "/snapshot.json", "", 421, []string{"Host", "evil.example:9465"}},
		{"a name that leads here, to change something", "POST", "/do", purge, 421, []string{"Host", "evil.example", "Origin", "http://evil.example", "Sec-Fetch-Site", "same-origin"}},
		{"a form of another site", "POST", "/do", purge, 403, []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}},
		{"a form of another port of this machine", "POST", "/do", purge, 403, []string{"Origin", o.url, "Sec-Fetch-Site", "same-site"}},
		{"a form that does not say of where", "POST", "/do", purge, 403, []string{"User-Agent", "Mozilla/5.0"}},
		{"a stream of another site", "POST", "/_gorgon/live/", "{}", 403, []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}},
		{"an image that changes something", "GET", "/do?" + purge, "", 405, nil},
		{"a link that changes something", "GET", "/confirm?" + purge, "", 200, nil},
		{"a method of its own", "PURGE", "/", "", 405, nil},
		{"the environment", "GET", "/debug/vars", "", 404, nil},
		{"a profile", "GET", "/debug/pprof/profile", "", 404, nil},
		{"SQL", "POST", "/sql", "q=select", 405, []string{"Sec-Fetch-Site", "same-origin"}},
		{"another action", "POST", "/do", "act=shutdown", 400, []string{"Sec-Fetch-Site", "same-origin"}},
		{"the form itself", "POST", "/do", purge, 303, []string{"Origin", "http://" + host, "Sec-Fetch-Site", "same-origin"}},
	} {
		if status, text := o.send(row.method, row.path, row.body, row.header...); status != row.status || status == 421 && strings.Contains(text, "depot") {
			t.Errorf("%s: %d\n%s", row.name, status, text)
		}
	}
	shows := openOperated(t)
	if status, text := shows.send("POST", "/do", purge, "Sec-Fetch-Site", "same-origin"); status != http.StatusForbidden || !strings.Contains(text, "--admin-write") {
		t.Errorf("pages that only show: %d\n%s", status, text)
	}
}
