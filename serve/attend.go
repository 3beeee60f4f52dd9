// Responses that stay open until the work behind them is over.

package serve

import "net/http"

// open is the body without its length, so that its end is told apart from its
// last byte. A 304 has no body, and so cannot be kept open: the whole page is
// sent in its place.
func (b *body) open() *body {
	c := *b
	c.length = nil
	return &c
}

// attend waits for the work behind a response, of which all was written. The
// visitor has it by then; the platform, which sees it end only after that,
// leaves the process running.
func attend(w http.ResponseWriter, work <-chan struct{}) {
	_ = http.NewResponseController(w).Flush() // who went away does not wait
	<-work
}
