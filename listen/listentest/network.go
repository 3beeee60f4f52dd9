// The same conversations over TCP, where time says that nothing more comes.

package listentest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

// sooner is in what time a server has most often read what was sent.
const sooner = 200 * time.Microsecond

// network is a place on the network.
type network struct {
	addr     string
	patience time.Duration // after which nothing more comes
}

func (n network) waits() bool { return true }

func (n network) hold(c *conversation, o *outcome) {
	*o = outcome{}
	dialed, err := net.Dial("tcp", n.addr)
	if err != nil {
		o.failed = err
		return
	}
	conn := dialed.(*net.TCPConn)
	defer conn.Close()
	var all bytes.Buffer
	in := bufio.NewReader(io.TeeReader(conn, &all))
	ended := func(err error) bool {
		o.reset = o.reset || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
		return err != nil
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	for _, p := range c.pieces {
		if _, err := conn.Write(c.text[p.from:p.to]); ended(err) {
			break
		}
		if p.then == settle {
			<-time.After(sooner)
		}
		if p.then != answer {
			continue
		}
		method := http.MethodGet
		if p.head {
			method = http.MethodHead
		}
		_ = conn.SetReadDeadline(time.Now().Add(10 * n.patience)) // a handler may wait for more before it answers
		res, err := http.ReadResponse(in, &http.Request{Method: method})
		if ended(err) {
			break
		}
		if _, err := io.Copy(io.Discard, res.Body); ended(err) {
			break
		}
	}
	for wait := n.patience; ; wait = patience {
		_ = conn.SetReadDeadline(time.Now().Add(wait))
		_, err := io.Copy(io.Discard, in)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			ended(err)
			break
		}
		if o.asked {
			o.failed = errors.New("the server answers no end of the client's")
			break
		}
		o.asked = true
		_ = conn.CloseWrite()
	}
	o.bytes = all.Bytes()
	undated(o.bytes)
}
