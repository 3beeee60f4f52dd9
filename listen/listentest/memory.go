// Conversations in memory, with TLS and without it.

package listentest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"os"
	"slices"
	"time"
)

// memory is a place in memory.
type memory struct {
	at     *Listener
	secure *tls.Config // of the client; nil for no TLS
}

// waits says that a server which has ended a connection over TLS closes it half a second
// later.
func (m memory) waits() bool { return m.secure != nil }

// hold waits for the server wherever it has to, and never for a time.
func (m memory) hold(c *conversation, o *outcome) {
	*o = outcome{bytes: o.bytes[:0], came: o.came[:0], cipher: o.cipher[:0], watch: o.watch}
	w := NewWire(o.bytes)
	if m.secure != nil {
		w = NewWire(o.cipher)
	}
	if !m.at.Give(w.Server()) {
		o.failed = errors.New("the server has gone")
		return
	}
	if o.watch == nil {
		o.watch = newWatch()
	}
	o.watch.wire.Store(w)
	o.watch.timer.Reset(patience)
	defer o.watch.timer.Stop()
	ended, ok := false, true
	settled := func() {
		var came int
		came, ended, ok = w.Settle()
		o.came = append(o.came, came)
	}
	send, stop := w.Send, w.CloseWrite
	if m.secure != nil {
		config, end := m.secure, &clientEnd{Wire: w, patient: true}
		if c.older {
			config = config.Clone()
			config.MaxVersion = tls.VersionTLS12
		}
		client := tls.Client(end, config)
		if err := client.Handshake(); err != nil {
			o.failed = err
			return
		}
		end.patient = false
		send = func(b []byte) { _, _ = client.Write(b) } // which only an end of the server makes fail
		stop = func() {
			_ = client.CloseWrite() // likewise
			w.CloseWrite()
		}
		inMemory := settled
		settled = func() {
			inMemory()
			for {
				o.bytes = slices.Grow(o.bytes, 4096)
				n, err := client.Read(o.bytes[len(o.bytes):cap(o.bytes)])
				o.bytes = o.bytes[:len(o.bytes)+n]
				if err != nil {
					if !errors.Is(err, os.ErrDeadlineExceeded) {
						o.end = fmt.Sprint(err)
					}
					break
				}
			}
			o.came[len(o.came)-1] = len(o.bytes)
		}
	}
	for _, p := range c.pieces {
		send(c.text[p.from:p.to])
		switch p.then {
		case pause:
			w.Taken()
		case settle, answer:
			settled()
		}
		if ended || !ok {
			break
		}
	}
	if !ended && ok {
		settled()
	}
	if !ended && ok {
		o.asked = true
		stop()
		settled()
	}
	switch {
	case !ok:
		o.failed = errors.New("the server neither answers nor waits")
		o.bytes, o.cipher = nil, nil // of the server still
		return
	case m.secure != nil:
		o.cipher = w.Out()
	default:
		o.bytes = w.Out()
	}
	undated(o.bytes)
}

// issue makes a certificate.
func issue() (c tls.Certificate, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return c, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), DNSNames: []string{"a.example"}}
	public, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	return tls.Certificate{Certificate: [][]byte{public}, PrivateKey: private}, err
}
