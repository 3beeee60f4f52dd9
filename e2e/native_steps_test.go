// The actions of a visitor in scenarios.

package e2e_test

import (
	"fmt"
	"net"
	"net/http"

	"github.com/chromedp/chromedp"

	"github.com/gorgon-go/gorgon/testbed"
)

// A step is one thing that a visitor does.
type step func(*visit)

// at says that a page is shown, by its heading.
func at(heading string) string {
	return fmt.Sprintf(`document.querySelector("h1")?.textContent === %q`, heading)
}

// wait waits until an expression of JavaScript is true.
func wait(expression string) step {
	return func(v *visit) {
		v.t.Helper()
		v.until(expression, func() bool { return v.is(expression) })
	}
}

// press presses the left button where an element is. The DevTools would seek it
// in the document that was there before the way back.
func (v *visit) press(selector string) {
	v.t.Helper()
	at := testbed.Eval[[2]float64](v.Tab, fmt.Sprintf(`(() => {
		const e = Document.prototype.querySelector.call(document, %q);
		e.scrollIntoView({block: "nearest", behavior: "instant"});
		const r = e.getBoundingClientRect();
		return [r.x + r.width / 2, r.y + r.height / 2];
	})()`, selector))
	v.Do(chromedp.MouseClickXY(at[0], at[1]))
}

// click presses the left button on an element, and waits for a page.
func click(selector, heading string) step {
	return func(v *visit) {
		v.t.Helper()
		v.press(selector)
		wait(at(heading))(v)
	}
}

// clickAway is a click that ends somewhere that an expression tells.
func clickAway(selector, so string) step {
	return func(v *visit) {
		v.t.Helper()
		v.press(selector)
		wait(so)(v)
	}
}

// asks is a click after which the server has been asked for something.
func asks(selector, request string) step {
	return func(v *visit) {
		v.t.Helper()
		v.press(selector)
		v.until(request, func() bool { return v.asked(request) })
	}
}

func eval(statements string) step {
	return func(v *visit) {
		v.t.Helper()
		v.Run(statements)
	}
}

// later runs statements that may end the document that they run in.
func later(statements, so string) step {
	return func(v *visit) {
		v.t.Helper()
		v.Run("void setTimeout(() => {" + statements + "})")
		wait(so)(v)
	}
}

func back(heading string) step    { return later("history.back()", at(heading)) }
func forward(heading string) step { return later("history.forward()", at(heading)) }

func reload(heading string) step {
	return func(v *visit) {
		v.t.Helper()
		v.Run(`window.old = true`)
		later("location.reload()", "!window.old && "+at(heading))(v)
	}
}

// open shows a page as one does who types its address.
func open(path string) step {
	return func(v *visit) {
		v.t.Helper()
		v.Open(v.url + path)
		v.Run(`window.first = true`)
	}
}

func scroll(y int) step {
	return func(v *visit) {
		v.t.Helper()
		wait(fmt.Sprintf("scrollTo({top: %[1]d, behavior: 'instant'}), Math.abs(scrollY - %[1]d) < 2", y))(v)
	}
}

// enter types into an element as a keyboard does.
func enter(selector, text string) step {
	return func(v *visit) {
		v.t.Helper()
		v.Run(fmt.Sprintf(`document.querySelector(%q).focus()`, selector))
		v.Do(chromedp.KeyEvent(text))
	}
}

// key presses a key, and waits for something.
func key(keys, so string) step {
	return func(v *visit) {
		v.t.Helper()
		v.Do(chromedp.KeyEvent(keys))
		wait(so)(v)
	}
}

// hover rests on a link until what it leads to has been asked for ahead.
func hover(selector string) step {
	return func(v *visit) {
		v.t.Helper()
		v.Hover(selector)
		if v.soft {
			v.until("a request ahead of the click", func() bool { v.mu.Lock(); defer v.mu.Unlock(); return v.ahead > 0 })
		}
	}
}

func offline(is bool) step { return func(v *visit) { v.offline.Store(is) } }

// modified is a click with a key held down.
func modified(selector, modifier string) step {
	return func(v *visit) {
		v.t.Helper()
		v.Run(fmt.Sprintf(`document.querySelector(%q).dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true, composed: true, %s: true}))`, selector, modifier))
	}
}

// fetches asks for something without leaving the page.
func fetches(path string) step {
	return func(v *visit) {
		v.t.Helper()
		testbed.Eval[chromedp.Void](v.Tab, fmt.Sprintf(`fetch(%q, {method: "GET"}).then(r => void r.text())`, path))
	}
}

// clickB follows the link of a page on which nothing of the document can be
// asked for by its name.
func clickB(v *visit) {
	v.t.Helper()
	v.Run(`void b.click()`)
	wait(at("B"))(v)
}

// asksPage is a click after which the server has been asked for a page.
func asksPage(selector, path string) step {
	return func(v *visit) {
		v.t.Helper()
		v.press(selector)
		v.until("GET "+path, func() bool { v.mu.Lock(); defer v.mu.Unlock(); return v.documents[path] > 0 })
	}
}

// forwardOrStay goes on to a page, unless it is shown.
func forwardOrStay(heading string) step {
	return later(`if (!(`+at(heading)+`)) history.forward()`, at(heading))
}

// portOf is the port that a request came to.
func portOf(r *http.Request) string {
	_, port, _ := net.SplitHostPort(r.Host)
	return port
}
