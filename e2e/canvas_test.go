//go:build unix

// The example canvas on three instances over one PostgreSQL, behind an nginx: two
// browsers paint, and the instance that owns the room is killed meanwhile.

package e2e_test

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"math"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/gorgon-go/gorgon/testbed"
)

// balancing is how nginx passes requests to three instances: those with the same
// cookie to the same one, and to another if it does not listen.
const balancing = `map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
upstream canvas {
	hash $cookie_via;
	server %s;
	server %s;
	server %s;
}
server {
	listen 80;
	location / {
		proxy_pass http://canvas;
		proxy_http_version 1.1;
		proxy_set_header Host $http_host;
		proxy_set_header Upgrade $http_upgrade;
		proxy_set_header Connection $connection_upgrade;
		proxy_buffering off;
		add_header X-Via $upstream_addr;
		proxy_connect_timeout 2s;
		proxy_read_timeout 5m;
	}
}
`

// recording notes what a page sends to its room, and what is acknowledged.
const recording = `window.sent = {}; window.acked = {};
const noted = text => { for (const o of JSON.parse(text).ops) sent[o.n] = o.op; };
const answered = f => { for (const r of f.results ?? []) if (!r.problem) acked[r.n] = sent[r.n]; };
const Socket = WebSocket, ask = fetch;
window.WebSocket = class extends Socket {
	constructor(...of) { super(...of); this.addEventListener("message", e => answered(JSON.parse(e.data))); }
	send(text) { noted(text); super.send(text); }
};
window.fetch = async (url, init) => {
	const ops = init?.method === "POST" && String(url).includes("/room");
	if (ops) noted(init.body);
	const r = await ask(url, init);
	if (ops && r.ok) answered(await r.clone().json());
	return r;
};
window.draws = async lines => {
	const canvas = document.querySelector("canvas");
	const send = (kind, [x, y]) => {
		const box = canvas.getBoundingClientRect(), size = box.width / 64;
		canvas.dispatchEvent(new PointerEvent(kind, {bubbles: true, pointerId: 7, button: 0, clientX: box.left + (x + .5) * size, clientY: box.top + (y + .5) * size}));
	};
	for (const {color, brush, points} of lines) {
		document.querySelector("[name=brush][value='" + brush + "']").click();
		document.querySelector("[name=color][value='" + color + "']").click();
		send("pointerdown", points[0]);
		for (const p of points) { send("pointermove", p); await new Promise(done => setTimeout(done, 12)); }
		send("pointerup", points.at(-1));
	}
	window.done = true;
};`

// A drawn is a line that a visitor draws.
type drawn struct {
	Color  int      `json:"color"`
	Brush  int      `json:"brush"`
	Points [][2]int `json:"points"`
}

// rainbow is in the upper half of the canvas, and meadow in the lower.
func rainbow() (lines []drawn) {
	for i, color := range []int{4, 5, 6, 8, 11, 12} {
		for r := 27 - 2*i; r > 25-2*i; r-- {
			line := drawn{Color: color, Brush: 2}
			for a := 0.0; a <= math.Pi; a += 2 / float64(r) {
				line.Points = append(line.Points, [2]int{int(math.Round(31.5 - float64(r)*math.Cos(a))), 38 - int(math.Round(float64(r)*math.Sin(a)))})
			}
			if r%2 == 0 {
				slices.Reverse(line.Points)
			}
			lines = append(lines, line)
		}
	}
	return lines
}

func meadow() (lines []drawn) {
	for y := 40; y < 64; y++ {
		line := drawn{Color: 8, Brush: 1}
		if y%4 == 1 || y < 42 {
			line.Color = 7
		}
		for x := 0; x < 63; x += 4 {
			line.Points = append(line.Points, [2]int{x, y})
		}
		line.Points = append(line.Points, [2]int{63, y})
		if y%2 == 1 {
			slices.Reverse(line.Points)
		}
		lines = append(lines, line)
	}
	for i := range 14 {
		at := [2]int{3 + (i*23)%58, 44 + (i*7)%18}
		lines = append(lines, drawn{[]int{4, 6, 13, 0}[i%4], 2, [][2]int{at, {at[0] + 1, at[1]}}})
	}
	return lines
}

// A canvasTab is a browser that paints.
type canvasTab struct {
	*testbed.Tab
	lines []drawn
}

func (c canvasTab) acked() int { return testbed.Eval[int](c.Tab, "Object.keys(acked).length") }
func (c canvasTab) done() bool {
	return testbed.Eval[bool](c.Tab, `!!window.done && document.querySelector("[data-unsent]").dataset.unsent === "0"`)
}

// pixels are what the browser shows, as "#rrggbb".
func (c canvasTab) pixels() []string {
	return testbed.Eval[[]string](c.Tab, `(d => Array.from({length: 4096}, (_, i) => "#" + [...d.slice(4 * i, 4 * i + 3)].map(b => b.toString(16).padStart(2, "0")).join("")))(document.querySelector("canvas").getContext("2d").getImageData(0, 0, 64, 64).data)`)
}

// onto draws what was acknowledged on a picture.
func (c canvasTab) onto(picture []int) (strokes int) {
	list := testbed.Eval[[]struct {
		Color int
		At    []int
	}](c.Tab, `Object.keys(acked).map(Number).sort((a, b) => a - b).map(n => acked[n])`)
	for _, s := range list {
		for _, at := range s.At {
			picture[at] = s.Color
		}
	}
	return len(list)
}

func TestCanvasKilledOwner(t *testing.T) {
	defer testbed.CloseBrowser()
	postgres := testbed.For(t, testbed.Postgres)
	s := newStand(t, release(t, canvasProgram))
	s.env, s.store = []string{"DATABASE_URL=" + postgres.URL}, "mem:"
	s.run("migrate", "--dist", s.dist)
	s.build()
	servers := []*server{s.serve(), s.serve(), s.serve()}
	host := func(v *server) string { return testbed.Host(v.url) }
	front := testbed.For(t, func() (*testbed.Server, error) {
		return testbed.Nginx(fmt.Appendf(nil, balancing, host(servers[0]), host(servers[1]), host(servers[2])))
	})

	// A sky is there before the two begin.
	want := make([]int, 64*64)
	var ops []string
	for y := range 40 {
		var at []string
		for x := range 64 {
			want[y*64+x] = 10
			at = append(at, fmt.Sprint(y*64+x))
		}
		ops = append(ops, fmt.Sprintf(`{"n": %d, "op": {"color": 10, "at": [%s]}}`, y+1, strings.Join(at, ", ")))
	}
	resp, err := http.Post(front.URL+"/c/plaza/room", "application/json", strings.NewReader(`{"client": "sky-sky-sky-sky-sky", "ops": [`+strings.Join(ops, ", ")+"]}"))
	if err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != 200 || bytes.Contains(said, []byte("problem")) {
		t.Fatalf("the sky: %d %s", resp.StatusCode, said)
	}

	owner := ownerOf(t, postgres.URL, servers)
	others := slices.DeleteFunc(slices.Clone(servers), func(v *server) bool { return v == owner })
	open := func(lines []drawn, via *server) canvasTab {
		c := canvasTab{testbed.NewTab(t), lines}
		c.Before(fmt.Sprintf("document.cookie = 'via=%d'", cookieOf(t, front.URL, via)))
		c.Before(recording)
		c.Focus()
		c.Do(chromedp.EmulateViewport(352, 452))
		c.Open(front.URL + "/")
		c.Wait(`!document.querySelector("canvas").hidden && document.querySelector("[data-state=connected]")`)
		return c
	}
	ada, ben := open(rainbow(), owner), open(meadow(), others[0])
	ada.Wait(`document.querySelectorAll("[data-part=people] li").length === 2`)
	if now := ownerOf(t, postgres.URL, servers); now != owner {
		t.Fatal("the room has another owner")
	}
	film := &film{dir: os.Getenv(framesVariable), tabs: []canvasTab{ada, ben}}
	for _, c := range []canvasTab{ada, ben} {
		lines, err := json.Marshal(c.lines)
		if err != nil {
			t.Fatal(err)
		}
		c.Run("void draws(" + string(lines) + ")")
	}
	film.begin()
	until(t, "both have painted some", func() bool {
		film.frame()
		return ada.acked() > 25 && ben.acked() > 25
	})
	if ada.done() || ben.done() {
		t.Fatal("they have finished before the kill")
	}
	film.mark()
	owner.kill()
	before := []int{ada.acked(), ben.acked()}
	for end := time.Now().Add(3 * time.Minute); !ada.done() || !ben.done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("they have not painted all, or not all of it is acknowledged")
		}
		film.frame()
	}
	film.frame()
	t.Logf("acknowledged: %v when the owner was killed, %d and %d at the end", before, ada.onto(want), ben.onto(want))

	// Everything that was acknowledged is in both browsers and on all instances,
	// with one in the place of the one that was killed.
	shades := shadesOf(t, ada)
	for name, c := range map[string]canvasTab{"ada": ada, "ben": ben} {
		until(t, name+" sees all", func() bool {
			for i, rgb := range c.pixels() {
				if rgb != shades[want[i]] {
					return false
				}
			}
			return true
		})
	}
	for _, v := range append(others, s.serve()) {
		for i, rgb := range picturePixels(t, v.url) {
			if rgb != shades[want[i]] {
				t.Fatalf("the picture of %s: pixel %d, %d is %s and not %s", v.url, i%64, i/64, rgb, shades[want[i]])
			}
		}
		for i, color := range statePixels(t, v.url) {
			if int(color) != want[i] {
				t.Fatalf("the room of %s: pixel %d, %d is %d and not %d", v.url, i%64, i/64, color, want[i])
			}
		}
	}
	if now := ownerOf(t, postgres.URL, others); now == nil {
		t.Error("no instance that is alive owns the room")
	}
}

// cookieOf is the cookie with which the front passes requests to a server.
func cookieOf(t *testing.T, front string, v *server) int {
	t.Helper()
	for n := range 100 {
		req, err := http.NewRequestWithContext(t.Context(), "GET", front+"/readyz", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.AddCookie(&http.Cookie{Name: "via", Value: fmt.Sprint(n)})
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.Header.Get("X-Via") == testbed.Host(v.url) {
			return n
		}
	}
	t.Fatalf("no cookie leads to %s", v.url)
	return 0
}

// ownerOf is the server that owns the room.
func ownerOf(t *testing.T, url string, servers []*server) *server {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var address []byte
	err = db.QueryRowContext(t.Context(), `SELECT i.address FROM gorgon_data.rooms AS r JOIN gorgon_data.rooms_instances AS i ON i.number = r.owner WHERE r.room = 'canvas/plaza'`).Scan(&address)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range servers {
		if strings.HasSuffix(v.url, "//"+string(address)) {
			return v
		}
	}
	t.Fatalf("the owner is at %s, which is none of the servers", address)
	return nil
}

// shadesOf are the colors of the page.
func shadesOf(t *testing.T, c canvasTab) []string {
	t.Helper()
	list := testbed.Eval[[]string](c.Tab, `JSON.parse(document.querySelector("gorgon-island > script").textContent).palette.map(c => c.rgb)`)
	if len(list) != 16 {
		t.Fatalf("the palette has %d colors", len(list))
	}
	return list
}

// picturePixels reads the PNG of a server.
func picturePixels(t *testing.T, url string) []string {
	t.Helper()
	resp, err := http.Get(url + "/c/plaza/picture.png")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	m, err := png.Decode(resp.Body)
	if err != nil {
		t.Fatal(resp.StatusCode, err)
	}
	size := m.Bounds().Dx() / 64
	list := make([]string, 64*64)
	for i := range list {
		r, g, b, _ := m.At(i%64*size, i/64*size).RGBA()
		list[i] = fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
	}
	return list
}

// statePixels reads the state that a server tells its members.
func statePixels(t *testing.T, url string) []byte {
	t.Helper()
	resp, err := http.Get(url + "/c/plaza/room")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var text []byte
	for part := make([]byte, 64<<10); ; {
		n, err := resp.Body.Read(part)
		text = append(text, part[:n]...)
		if _, rest, ok := bytes.Cut(text, []byte("event: state\n")); ok && bytes.Contains(rest, []byte("\n\n")) {
			_, rest, _ = bytes.Cut(rest, []byte("data: "))
			line, _, _ := bytes.Cut(rest, []byte("\n"))
			var state struct{ Pixels string }
			if err := json.Unmarshal(line, &state); err != nil {
				t.Fatal(err)
			}
			pixels, err := base64.StdEncoding.DecodeString(state.Pixels)
			if err != nil || len(pixels) != 64*64 {
				t.Fatalf("%d pixels: %v", len(pixels), err)
			}
			return pixels
		}
		if err != nil {
			t.Fatalf("%s says no state: %v", url, err)
		}
	}
}
