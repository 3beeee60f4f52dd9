// The canvas in browsers: two that paint, one that loses its connection, and one
// without scripts.

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/gorgon-go/gorgon/testbed"
)

func TestMain(m *testing.M) {
	code := m.Run()
	testbed.CloseBrowser()
	os.Exit(code)
}

// A painter is a browser that shows a canvas.
type painter struct{ *testbed.Tab }

// enter opens a canvas, and waits until it can be painted on.
func enter(t *testing.T, url string, before ...string) painter {
	t.Helper()
	p := painter{testbed.NewTab(t)}
	for _, b := range before {
		p.Before(b)
	}
	p.Open(url)
	p.Wait(`!document.querySelector("canvas").hidden`)
	p.says("Connected")
	return p
}

func (p painter) says(text string) {
	p.Wait(`document.querySelector("[data-part=status]").textContent.startsWith("` + text + `")`)
}

// sees waits until pixels have a color; x and y in turn.
func (p painter) sees(color int, at ...int) {
	for i := 0; i < len(at); i += 2 {
		p.Wait(fmt.Sprintf(`(d => "#" + [...d].slice(0, 3).map(b => b.toString(16).padStart(2, "0")).join(""))(document.querySelector("canvas").getContext("2d").getImageData(%d, %d, 1, 1).data) === %q`, at[i], at[i+1], palette[color].RGB))
	}
}

// takes a color.
func (p painter) takes(color int) {
	p.Run(fmt.Sprintf(`document.querySelector("[name=color][value='%d']").click()`, color))
}

// draws a line with the mouse.
func (p painter) draws(x1, y1, x2, y2 int) {
	box := testbed.Eval[[3]float64](p.Tab, `(b => [b.left, b.top, b.width / 64])(document.querySelector("canvas").getBoundingClientRect())`)
	at := func(x, y int) (float64, float64) {
		return box[0] + (float64(x)+.5)*box[2], box[1] + (float64(y)+.5)*box[2]
	}
	for _, step := range []struct {
		kind input.DispatchMouseEventType
		x, y int
	}{{input.DispatchMouseEventTypeMousePressed, x1, y1}, {input.DispatchMouseEventTypeMouseMoved, x2, y2}, {input.DispatchMouseEventTypeMouseReleased, x2, y2}} {
		x, y := at(step.x, step.y)
		p.Do(chromedp.MouseEvent(step.kind, x, y, chromedp.ButtonLeft))
	}
}

func TestTogether(t *testing.T) {
	url := serve(t)
	link, err := testbed.NewProxy(testbed.Host(url))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(link.Close)
	ada := enter(t, "http://"+link.Addr+"/")
	ben := enter(t, url+"/")
	for _, p := range []painter{ada, ben} {
		p.Wait(`document.querySelectorAll("[data-part=people] li").length === 2 && document.querySelector("[data-part=count]").textContent === "2"`)
	}
	ada.takes(4)
	ada.draws(2, 3, 12, 3)
	for _, p := range []painter{ada, ben} {
		p.sees(4, 2, 3, 7, 3, 12, 3)
		p.sees(0, 13, 3, 7, 4)
	}
	ben.Wait(`document.querySelector(".flags span") && document.querySelector(".paints")`)

	// Ada's connection is cut. She goes on painting, and so does Ben.
	spoil := func(f testbed.Fault) {
		if err := link.Spoil(f); err != nil {
			t.Fatal(err)
		}
	}
	spoil(testbed.Fault{Gone: true})
	ada.says("Reconnecting in")
	ada.takes(8)
	ada.draws(12, 6, 2, 6)
	ada.draws(12, 8, 2, 8)
	ada.sees(8, 2, 6, 12, 8)
	ada.Wait(`document.querySelector("[data-part=status]").textContent.match(/· [1-9]\d* unsent/)`)
	ben.takes(11)
	ben.draws(20, 20, 20, 30)
	ben.draws(7, 1, 7, 7) // over what Ada paints
	ben.sees(11, 20, 25, 7, 6)
	ben.sees(0, 2, 6)
	spoil(testbed.Fault{})
	ada.says("Connected")
	ada.Wait(`document.querySelector("[data-unsent]").dataset.unsent === "0"`)
	for _, p := range []painter{ada, ben} {
		p.sees(8, 2, 6, 12, 8, 7, 6) // Ada's came last
		p.sees(11, 20, 20, 20, 30, 7, 1, 7, 4)
	}

	// The history begins with an empty canvas, and ends with this one.
	strokes := testbed.Eval[int](ada.Tab, `Number(document.querySelector("[data-part=past]").max)`)
	move := func(p painter, to int) {
		p.Run(fmt.Sprintf(`(s => { s.value = "%d"; s.dispatchEvent(new Event("input", {bubbles: true})) })(document.querySelector("[data-part=past]"))`, to))
	}
	late := enter(t, url+"/") // it reads the history from the state
	for _, p := range []painter{ada, late} {
		p.Wait(fmt.Sprintf(`document.querySelector("[data-part=past]").max === "%d"`, strokes))
		move(p, 0)
		p.sees(0, 2, 3, 20, 25)
		move(p, 1)
		p.sees(4, 2, 3)
		p.sees(0, 20, 25)
	}
	for n := range strokes { // what Ada was told, and what is in the state, are the same
		var shown []string
		for _, p := range []painter{ada, late} {
			move(p, n)
			shown = append(shown, testbed.Eval[string](p.Tab, `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(document.querySelector("canvas").toDataURL()))))`))
		}
		if shown[0] != shown[1] {
			t.Errorf("after %d strokes, one that came later sees another picture", n)
		}
	}
	ben.takes(6)
	ben.draws(50, 50, 52, 50)
	ben.sees(6, 51, 50)
	late.Wait(fmt.Sprintf(`document.querySelector("[data-part=past]").max === "%d"`, strokes+1))
	late.sees(0, 51, 50) // it shows the past
	late.Click("[data-part=now]")
	late.sees(6, 51, 50)
	late.Click("[data-part=play]")
	late.Wait(`document.querySelector("[data-part=now]").hidden`)
	late.sees(6, 51, 50)

	for _, p := range []painter{ada, ben, late} {
		for _, line := range p.Console() {
			if !strings.Contains(line, "WebSocket connection") {
				t.Error("the page said:", line)
			}
		}
	}
}

// What the room refuses is undone.
func TestRefusedIsUndone(t *testing.T) {
	p := enter(t, serve(t)+"/c/other", `const send = WebSocket.prototype.send; WebSocket.prototype.send = function (text) { send.call(this, text.replace('"color":4', '"color":99')) }`)
	p.takes(4)
	p.draws(5, 5, 9, 5)
	p.Wait(`document.querySelector("[data-state=refused]")`)
	p.sees(0, 5, 5, 9, 5)
	p.takes(5)
	p.draws(5, 5, 9, 5)
	p.sees(5, 5, 5, 9, 5)
	p.says("Connected")
}

// Where WebSockets do not pass, server-sent events and requests do.
func TestWithoutWebSocket(t *testing.T) {
	url := serve(t)
	ada := enter(t, url+"/", `window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.({code: 1006}), 1) } send() {} close() {} }`)
	ben := enter(t, url+"/")
	ada.takes(9)
	ada.draws(1, 1, 6, 6)
	ben.sees(9, 1, 1, 3, 3, 6, 6)
	ben.takes(4)
	ben.draws(10, 1, 10, 4)
	ada.sees(4, 10, 1, 10, 4)
	ada.Wait(`document.querySelector("[data-unsent]").dataset.unsent === "0"`)
}

func TestKeyboard(t *testing.T) {
	p := enter(t, serve(t)+"/")
	p.takes(12)
	p.Run(`document.querySelector("canvas").focus({focusVisible: true})`)
	press := func(keys ...string) {
		for _, key := range keys {
			p.Run(`document.querySelector("canvas").dispatchEvent(new KeyboardEvent("keydown", {key: "` + key + `", bubbles: true, cancelable: true}))`)
		}
	}
	press("ArrowLeft", "ArrowUp", "ArrowUp", " ")
	p.sees(12, 31, 30)
	p.Wait(`document.querySelector("[data-part=spoken]").textContent === "Column 32, row 31: Violet"`)
	press("ArrowRight")
	p.sees(12, 32, 30) // Space is still down
	p.Run(`document.querySelector("canvas").dispatchEvent(new KeyboardEvent("keyup", {key: " "}))`)
	p.takes(3)
	press("P", "ArrowDown", "Enter")
	p.sees(12, 32, 31)
	p.Wait(`document.querySelector("[data-part=color]").textContent === "Violet"`)
}

func TestWithoutScript(t *testing.T) {
	url := serve(t)
	paint(t, url+"/c/plaza/room", 1, Stroke{Color: 4, At: []int{0}})
	tab := testbed.NewTab(t)
	tab.WithoutScript()
	tab.Open(url + "/")
	tab.Wait(`(i => i.complete && i.naturalWidth > 0 && i.getBoundingClientRect().width >= 64)(document.querySelector("[data-part=still]"))`)
	for what, expression := range map[string]string{
		"tools are shown":     `document.querySelector(".panel").getBoundingClientRect().width > 0`,
		"the note is missing": `!document.querySelector("noscript")?.textContent.includes("JavaScript") && !document.querySelector(".note")`,
	} {
		if testbed.Eval[bool](tab, expression) {
			t.Error(what)
		}
	}
}

// On a small screen nothing is cut off, and axe finds nothing.
func TestPhone(t *testing.T) {
	url := serve(t)
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	axe, err := os.ReadFile(filepath.Join(cache, "gorgon-testbed", "npm", "node_modules", "axe-core", "axe.min.js"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	p := enter(t, url+"/")
	p.Prefer("prefers-reduced-motion", "reduce")
	for _, width := range []int{360, 1000} {
		p.Do(chromedp.EmulateViewport(int64(width), 740))
		p.Wait(fmt.Sprintf("innerWidth === %d", width))
		if over := testbed.Eval[int](p.Tab, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
			t.Errorf("at %d, the page is %d pixels too wide", width, over)
		}
		if size := testbed.Eval[float64](p.Tab, `document.querySelector("canvas").getBoundingClientRect().width`); size < 300 || size/64 != float64(int(size/64)) {
			t.Errorf("at %d, the canvas has %v pixels", width, size)
		}
		if len(axe) == 0 {
			continue
		}
		p.Run(string(axe))
		found := testbed.Eval[[]string](p.Tab, `axe.run().then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.html)))`)
		if len(found) > 0 {
			t.Errorf("at %d, axe finds %s", width, strings.Join(found, "\n"))
		}
	}
	if testbed.Eval[bool](p.Tab, `document.getAnimations().length > 0`) {
		t.Error("something moves")
	}
}
