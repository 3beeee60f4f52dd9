// What the tests of uploads have in common: a program, the link to it, and a
// client of the protocol of tus.io.

package e2e_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/testbed"
)

var (
	uploadsPhotos = sync.OnceValues(func() (string, error) { return goBuild("photos", "../examples/photos", "") })
	uploadsFiles  = sync.OnceValues(func() (string, error) { return goBuild("files", "./testdata/files", "") })
)

// An uploadsProgram is an app with a bucket, which is killed and started again
// at the same address.
type uploadsProgram struct {
	t    *testing.T
	path string
	dir  string
	addr string
	env  []string
	cmd  *exec.Cmd
}

func newUploadsProgram(t *testing.T, build func() (string, error), env ...string) *uploadsProgram {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	addr, err := testbed.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	p := &uploadsProgram{t: t, path: path, dir: t.TempDir(), addr: addr, env: append([]string{"GORGON_SECRET=of these tests alone, and long enough", "DATABASE_URL=", "MAIL_URL="}, env...)}
	t.Cleanup(func() {
		if p.cmd != nil {
			p.kill()
		}
	})
	p.start()
	return p
}

// start starts the program, and waits until it is ready.
func (p *uploadsProgram) start() {
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Error(err)
		return
	}
	defer log.Close()
	p.cmd = exec.Command(p.path, "serve", "--addr", p.addr)
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = p.dir, append(os.Environ(), p.env...), log, log
	if err := p.cmd.Start(); err != nil {
		p.t.Error(err)
		return
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if a, err := fetch("http://" + p.addr + "/readyz"); err == nil && a.status == http.StatusOK {
			return
		}
	}
	said, _ := os.ReadFile(log.Name())
	p.t.Errorf("the program is not ready:\n%s", said)
}

// kill ends the program as a power failure does.
func (p *uploadsProgram) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.cmd = nil
}

// An uploadsLink is between a browser and the program. It counts the bytes on
// their way to the program, which come slowly enough to be watched.
type uploadsLink struct {
	listener net.Listener
	to       string
	rate     int // bytes a second

	mu    sync.Mutex
	sent  int
	at    []uploadsCut
	conns map[net.Conn]bool
}

// An uploadsCut is what happens when so many bytes were sent: all connections
// are cut, and then it calls.
type uploadsCut struct {
	sent int
	call func()
}

func newUploadsLink(t *testing.T, to string, rate int) *uploadsLink {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k := &uploadsLink{listener: l, to: to, rate: rate, conns: map[net.Conn]bool{}}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { k.pass(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		k.cut()
		running.Wait()
	})
	return k
}

func (k *uploadsLink) url() string { return "http://" + k.listener.Addr().String() }

func (k *uploadsLink) cut() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for c := range k.conns {
		_ = c.Close()
	}
}

// plan says what happens to the bytes from now on.
func (k *uploadsLink) plan(cuts ...uploadsCut) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sent, k.at = 0, cuts
}

func (k *uploadsLink) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sent
}

func (k *uploadsLink) pass(c net.Conn) {
	defer c.Close()
	s, err := net.Dial("tcp", k.to)
	if err != nil {
		return
	}
	defer s.Close()
	k.mu.Lock()
	k.conns[c] = true
	k.mu.Unlock()
	defer func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.conns, c)
	}()
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(c, s)
		_ = c.Close()
		_, _ = io.Copy(io.Discard, s)
	}()
	defer func() { // the program reads what was sent, and then finds the end
		_ = s.(*net.TCPConn).CloseWrite()
		<-back
	}()
	buffer := make([]byte, 32<<10)
	for {
		n, err := c.Read(buffer)
		if n > 0 {
			if _, err := s.Write(buffer[:n]); err != nil {
				return
			}
			k.passed(n)
			time.Sleep(time.Duration(n) * time.Second / time.Duration(k.rate)) // the rate of the link
		}
		if err != nil {
			return
		}
	}
}

// passed counts bytes, and cuts where that was planned.
func (k *uploadsLink) passed(n int) {
	k.mu.Lock()
	k.sent += n
	var now *uploadsCut
	if len(k.at) > 0 && k.sent >= k.at[0].sent {
		now, k.at = &k.at[0], k.at[1:]
	}
	k.mu.Unlock()
	if now == nil {
		return
	}
	k.cut()
	if now.call != nil {
		now.call()
	}
}

// uploadsSend sends bytes to the bucket "all" by tus, goes on after each cut, and
// returns the key when the file is complete. It ends with the context.
func uploadsSend(ctx context.Context, base string, body io.ReaderAt, size int64) (key string, err error) {
	do := func(method, url string, body io.Reader, pairs ...string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(ctx, method, url, body)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Tus-Resumable", "1.0.0")
		for i := 0; i < len(pairs); i += 2 {
			r.Header.Set(pairs[i], pairs[i+1])
		}
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err == nil && resp.StatusCode >= 300 {
			_ = resp.Body.Close()
			err = fmt.Errorf("%s is answered with %d", method, resp.StatusCode)
		}
		return resp, err
	}
	at := ""
	for ctx.Err() == nil {
		if key, err = func() (string, error) {
			if at == "" {
				name := base64.StdEncoding.EncodeToString([]byte("file.bin"))
				resp, err := do("POST", base+"/files/all/resumable", nil, "Upload-Length", strconv.FormatInt(size, 10), "Upload-Metadata", "filename "+name)
				if err != nil {
					return "", err
				}
				_ = resp.Body.Close()
				at = resp.Header.Get("Location")
			}
			resp, err := do("HEAD", base+at, nil)
			if err != nil {
				return "", err
			}
			_ = resp.Body.Close()
			offset, err := strconv.ParseInt(resp.Header.Get("Upload-Offset"), 10, 64)
			if err != nil {
				return "", err
			}
			if offset < size {
				resp, err := do("PATCH", base+at, io.NewSectionReader(body, offset, size-offset), "Upload-Offset", strconv.FormatInt(offset, 10), "Content-Type", "application/offset+octet-stream")
				if err != nil {
					return "", err
				}
				_ = resp.Body.Close()
			}
			resp, err = do("POST", base+"/files/all/uploads/"+at[strings.LastIndexByte(at, '/')+1:]+"/complete", nil)
			if err != nil {
				return "", err
			}
			defer resp.Body.Close()
			var done struct{ Key string }
			err = json.NewDecoder(resp.Body).Decode(&done)
			return done.Key, err
		}(); err == nil && key != "" {
			return key, nil
		}
		time.Sleep(20 * time.Millisecond) // the server may be gone
	}
	return "", ctx.Err()
}
