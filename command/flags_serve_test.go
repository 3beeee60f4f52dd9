//go:build unix

// The effects of the flags of serve, and of the variables of the environment.

package command_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"embed"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/config"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/wire"
)

//go:embed environment.go
var environmentSource embed.FS

func runWith(ctx context.Context, x *trial, log io.Writer, args []string) int {
	return command.Run(ctx, x.app, x.config(), args, log, log)
}

// A setting is a flag of serve, or the variable that stands for it.
type setting func(x *trial, value string, more ...string) *server

func byFlag(flag string) setting {
	return func(x *trial, value string, more ...string) *server {
		return x.serves(append(more, "--"+flag+"="+value)...)
	}
}

func byVariable(name string) setting {
	return func(x *trial, value string, more ...string) *server {
		x.Setenv(name, value)
		return x.serves(more...)
	}
}

// asVisitor is what a request through a proxy says of a visitor.
var asVisitor = []string{"X-Forwarded-For", "203.0.113.7", "X-Forwarded-Proto", "https", "X-Request-Id", "mine-1"}

// settings are the checks of what is both a flag and a variable.
func settings() map[string]func(x *trial, set setting) {
	return map[string]func(x *trial, set setting){
		"trusted-proxies": func(x *trial, set setting) {
			x.serves().wants("/who", 200, "127.0.0.1 http ", asVisitor...)
			s := set(x, "127.0.0.0/8", "--access-log")
			s.wants("/who", 200, "203.0.113.7 https mine-1", asVisitor...)
			if log := s.end(); !strings.Contains(log, `"client":"203.0.113.7"`) || !strings.Contains(log, `"id":"mine-1"`) {
				x.Errorf("the access log: %s", log)
			}
		},
		"access-log": func(x *trial, set setting) {
			without := x.serves()
			without.wants("/n/1", 200, "")
			with := set(x, "true")
			with.wants("/n/1", 200, "")
			if log := without.end(); strings.Contains(log, `"msg":"request"`) {
				x.Errorf("without: %s", log)
			}
			if log := with.end(); !strings.Contains(log, `"msg":"request","method":"GET","route":"/n/{id}"`) {
				x.Errorf("with: %s", log)
			}
		},
		"base": func(x *trial, set setting) {
			s := set(x, "/docs/")
			s.url = strings.TrimSuffix(s.url, "/docs")
			s.wants("/docs/n/1", 200, "/n/1")
			s.wants("/n/1", 404, "")
		},
		"store": func(x *trial, set setting) {
			s := set(x, "disk:s")
			s.wants("/items/a", 200, "")
			s.end()
			if kept(x, "s") != 1 {
				x.Error("nothing is kept in the store")
			}
		},
		"require-store": func(x *trial, set setting) {
			if err := os.WriteFile("file", nil, 0o644); err != nil {
				x.Fatal(err)
			}
			x.serves("--store", "disk:file").wants("/readyz", 200, "degraded") // without
			s := set(x, "true")
			s.end()
			args := []string{"serve", "--addr", "127.0.0.1:0", "--store", "disk:file"}
			if os.Getenv("GORGON_REQUIRE_STORE") == "" {
				args = append(args, "--require-store")
			}
			x.fails(1, "cannot be used", args...)
		},
		"drain": func(x *trial, set setting) {
			s := set(x, "5s")
			s.wants("/readyz", 200, "ready")
			s.stop()
			until(x.T, func() bool { status, _, _ := s.ask("/readyz"); return status == 503 }, s.log)
			s.wants("/n/1", 200, "/n/1")
		},
		"lane": func(x *trial, set setting) {
			x.Setenv("GORGON_LOG_LEVEL", "debug")
			for value, want := range map[string]string{"true": `"lane":true`, "false": `"lane":false`} {
				s := set(x, value)
				s.wants("/n/1", 200, "/n/1")
				if log := s.end(); !strings.Contains(log, want) {
					x.Errorf("%s: %s", value, log)
				}
			}
		},
		"keep-alive": func(x *trial, set setting) {
			s := set(x, "300ms")
			c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
			if err != nil {
				x.Fatal(err)
			}
			defer c.Close()
			in := bufio.NewReader(c)
			ask := func() error {
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				if _, err := io.WriteString(c, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
					return err
				}
				res, err := http.ReadResponse(in, nil)
				if err == nil {
					_, err = io.Copy(io.Discard, res.Body)
				}
				return err
			}
			if err := cmp.Or(ask(), ask()); err != nil {
				x.Errorf("two requests on one connection: %v", err)
			}
			if _, err := in.ReadByte(); err != io.EOF {
				x.Errorf("an idle connection ends with %v", err)
			}
			x.fails(2, "above zero", "serve", "--keep-alive", "0s")
		},
		"metrics": func(x *trial, set setting) {
			port, err := freePort()
			if err != nil {
				x.Fatal(err)
			}
			s := set(x, "127.0.0.1:"+port)
			s.url = "http://127.0.0.1:" + port
			s.wants("/metrics", 200, "gorgon_started 1")
		},
		"admin": func(x *trial, set setting) {
			port, err := freePort()
			if err != nil {
				x.Fatal(err)
			}
			s := set(x, ":"+port)
			s.url = "http://127.0.0.1:" + port
			s.wants("/", 200, `"app":"site"`)
			x.fails(2, "others could reach it", "serve", "--admin", "0.0.0.0:"+port)
		},
		"admin-write": func(x *trial, set setting) {
			port, err := freePort()
			if err != nil {
				x.Fatal(err)
			}
			s := set(x, "true", "--admin", "127.0.0.1:"+port)
			s.url = "http://127.0.0.1:" + port
			s.wants("/", 200, `"writes":true`)
			x.fails(2, "say where the pages are", "serve", "--admin-write")
		},
		"role": func(x *trial, set setting) {
			x.serves("--store", "none").wants("/n/1", 200, "")
			s := set(x, "worker", "--store", "none")
			s.wants("/livez", 200, "alive")
			s.wants("/n/1", 404, "")
		},
		"tls-cert": withCertificate, "tls-key": withCertificate,
		"redirect-from": func(x *trial, set setting) {
			issue(x.T, ".", 1)
			port, err := freePort()
			if err != nil {
				x.Fatal(err)
			}
			s := set(x, "127.0.0.1:"+port, "--tls-cert", "cert.pem", "--tls-key", "key.pem")
			_, secure, _ := strings.Cut(strings.TrimPrefix(s.url, "https://"), ":")
			s.url = "http://127.0.0.1:" + port
			status, header, _ := s.ask("/n/1", "Host", "shop.example")
			_ = status
			r, _ := http.NewRequest("GET", s.url+"/n/1", nil)
			r.Host = "shop.example"
			res, err := insecure.Do(r)
			if err != nil {
				x.Fatal(err)
			}
			_ = res.Body.Close()
			if to := res.Header.Get("Location"); res.StatusCode != 308 || to != "https://shop.example:"+secure+"/n/1" {
				x.Errorf("%d to %q (%v)", res.StatusCode, to, header)
			}
		},
		"acme-domains": withAuthority, "acme-dir": withAuthority, "acme-directory": withAuthority,
	}
}

// withCertificate serves with a certificate in files.
func withCertificate(x *trial, set setting) {
	issue(x.T, ".", 1)
	if err := os.Rename("key.pem", "pair.pem"); err != nil {
		x.Fatal(err)
	}
	cert, err := os.ReadFile("cert.pem")
	if err != nil {
		x.Fatal(err)
	}
	key, err := os.ReadFile("pair.pem")
	if err != nil {
		x.Fatal(err)
	}
	if err := os.WriteFile("pair.pem", append(key, cert...), 0o600); err != nil { // is either
		x.Fatal(err)
	}
	other := "--tls-key"
	if x.key {
		other = "--tls-cert"
	}
	s := set(x, "pair.pem", other, "pair.pem")
	if !strings.HasPrefix(s.url, "https://") {
		x.Errorf("it serves at %s", s.url)
	}
	s.wants("/n/1", 200, "/n/1")
}

// withAuthority serves with certificates of an authority that is closed, and
// looks whether that was asked and where its account is kept.
func withAuthority(x *trial, set setting) {
	asked := make(chan string, 100)
	authority := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		http.Error(w, "closed", http.StatusForbidden) // what is worse is tried again for minutes
	}))
	defer authority.Close()
	given := map[string]string{"acme-domains": "shop.example.test", "acme-dir": "acme", "acme-directory": authority.URL + "/dir"}
	var more []string
	for flag, value := range given {
		if flag != x.flag {
			more = append(more, "--"+flag+"="+value)
		}
	}
	s := set(x, given[x.flag], append(more, "--redirect-from", "none")...)
	_ = handshake(strings.TrimPrefix(s.url, "https://"), "shop.example.test")
	if path := <-asked; path != "/dir" {
		x.Errorf("the authority was asked for %s", path)
	}
	x.exists(filepath.Join("acme", "acme_account+key"))
	if err := handshake(strings.TrimPrefix(s.url, "https://"), "other.example.test"); err == nil {
		x.Error("there is a certificate of another domain")
	}
	for len(asked) > 0 {
		<-asked
	}
}

func checksOfServe() map[string]func(*trial) {
	all := map[string]func(*trial){
		"serve --addr": func(x *trial) {
			port, err := freePort()
			if err != nil {
				x.Fatal(err)
			}
			s := x.serves("--addr", "127.0.0.1:"+port)
			s.url = "http://127.0.0.1:" + port
			s.wants("/n/1", 200, "/n/1")
		},
		"serve --dist": func(x *trial) { x.serves("--dist", "elsewhere").end(); x.exists("elsewhere/site.seed") },
		"serve --memory": func(x *trial) {
			loads := func(memory string) int64 {
				x.items.Store(0)
				s := x.serves("--store", "none", "--memory", memory)
				for range 3 {
					for i := range 8 { // 420 KB each, or more
						s.wants(fmt.Sprint("/items/big", i), 200, "large")
					}
				}
				s.end()
				return x.items.Load()
			}
			if small, large := loads("1"), loads("256"); large != 8 || small <= 8 {
				x.Errorf("%d loads with 1 MiB of memory, %d with 256", small, large)
			}
		},
		"serve --loaders": func(x *trial) {
			for loaders, status := range map[string]int{"1": 503, "2": 200} {
				x.items.Store(0)
				free := make(chan struct{})
				x.item = func(context.Context) { <-free }
				s := x.serves("--store", "none", "--loaders", loaders, "--max-wait", "10ms")
				first, second := make(chan int, 1), make(chan int, 1)
				go func() { status, _, _ := s.ask("/items/a"); first <- status }()
				until(x.T, func() bool { return x.items.Load() == 1 }, s.log)
				go func() { status, _, _ := s.ask("/items/b"); second <- status }()
				until(x.T, func() bool { return x.items.Load() == 2 || len(second) == 1 }, s.log)
				close(free)
				if got := <-second; got != status {
					x.Errorf("--loaders %s: the second page is %d, want %d", loaders, got, status)
				}
				if got := <-first; got != 200 {
					x.Errorf("--loaders %s: the first page is %d", loaders, got)
				}
				s.end()
			}
			x.fails(2, "--loaders", "serve", "--loaders", "0")
		},
		"serve --max-wait": func(x *trial) {
			for wait, status := range map[string]int{"1ms": 503, "30s": 200} {
				x.items.Store(0)
				x.item = func(context.Context) { <-time.After(400 * time.Millisecond) } // as long as the others
				s := x.serves("--store", "none", "--loaders", "1", "--max-wait", wait)
				s.wants("/items/known", 200, "")
				first := make(chan int, 1)
				go func() { status, _, _ := s.ask("/items/a"); first <- status }()
				until(x.T, func() bool { return x.items.Load() == 2 }, s.log)
				if got, _, _ := s.ask("/items/b"); got != status {
					x.Errorf("--max-wait %s: the page is %d, want %d", wait, got, status)
				}
				<-first
				s.end()
			}
			x.fails(2, "--max-wait", "serve", "--max-wait", "0s")
		},
		// A server sweeps every 10 seconds.
		"serve --store-size": func(x *trial) {
			s := x.serves("--store", "disk:s", "--store-size", "1")
			for i := range 6 {
				s.wants(fmt.Sprint("/items/big", i), 200, "large")
			}
			until(x.T, func() bool { return kept(x, "s") < 6 }, s.log)
		},
		"serve --store-per-route": func(x *trial) {
			s := x.serves("--store", "disk:s", "--store-per-route", "2")
			for i := range 5 {
				s.wants(fmt.Sprint("/items/", i), 200, "")
			}
			until(x.T, func() bool { return kept(x, "s") == 2 }, s.log)
		},
	}
	for flag, check := range settings() {
		all["serve --"+flag] = func(x *trial) { x.flag, x.key = flag, flag == "tls-key"; check(x, byFlag(flag)) }
	}
	return all
}

func checksOfEnvironment() map[string]func(*trial) {
	all := map[string]func(*trial){}
	for flag, check := range settings() {
		name := "GORGON_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
		if flag == "base" {
			name = "GORGON_BASE_PATH"
		}
		all[name] = func(x *trial) { x.flag, x.key = flag, flag == "tls-key"; check(x, byVariable(name)) }
	}
	for name, check := range map[string]func(*trial){
		"GORGON_HOST": func(x *trial) {
			port, err := freePort()
			if err != nil {
				x.Fatal(err)
			}
			x.Setenv("PORT", port) // which stands in for GORGON_PORT
			x.Setenv("GORGON_HOST", "127.0.0.2")
			s := x.serves()
			if s.url != "http://127.0.0.2:"+port {
				x.Errorf("it serves at %s", s.url)
			}
			x.says("ready", "health")
		},
		"GORGON_PORT": func(x *trial) {
			port, err := freePort()
			if err != nil {
				x.Fatal(err)
			}
			x.Setenv("PORT", "1")
			x.Setenv("GORGON_PORT", port)
			if s := x.serves(); s.url != "http://127.0.0.1:"+port {
				x.Errorf("it serves at %s", s.url)
			}
			x.says("ready", "health")
		},
		"GORGON_LOG": func(x *trial) {
			for form, part := range map[string]string{"json": `"msg":"request"`, "text": "msg=request"} {
				x.Setenv("GORGON_LOG", form)
				s := x.serves("--access-log")
				s.wants("/n/1", 200, "")
				if log := s.end(); !strings.Contains(log, part) {
					x.Errorf("%s: %s", form, log)
				}
			}
		},
		"GORGON_READY": func(x *trial) {
			x.Setenv("GORGON_READY", "json")
			x.Setenv("GORGON_LOG_LEVEL", "error") // which it does not depend on
			s := x.serves("--base", "/docs", "--store", "none")
			if want := (wire.Listening{App: "site", URL: s.url + "/", Store: "none"}); !strings.Contains(s.log.String(), want.Line()) || !strings.HasSuffix(s.url, "/docs") {
				x.Errorf("%+v is not said: %s", want, s.log)
			}
			s.wants("/n/1", 200, "")
		},
		"GORGON_LOG_LEVEL": func(x *trial) {
			for level, has := range map[string]bool{"debug": true, "info": false} {
				x.Setenv("GORGON_LOG_LEVEL", level)
				s := x.serves("--access-log")
				s.wants("/livez", 200, "")
				if log := s.end(); strings.Contains(log, `"level":"DEBUG"`) != has {
					x.Errorf("%s: %s", level, log)
				}
			}
		},
		"GORGON_HEALTH_KEY": func(x *trial) {
			x.Setenv("GORGON_HEALTH_KEY", "hush")
			s := x.serves()
			s.wants("/readyz", 200, "{", "Authorization", "Bearer hush")
			if _, _, body := s.ask("/readyz", "Authorization", "Bearer wrong"); strings.Contains(body, "{") {
				x.Errorf("reasons for everybody: %s", body)
			}
		},
		"GORGON_PURGE_KEY": func(x *trial) {
			x.Setenv("GORGON_PURGE_KEY", "purge key")
			s := x.serves()
			post := func(key, app string) int {
				body := []byte(`{"verb":"stale","all":true}`)
				r, err := http.NewRequest("POST", s.url+"/_gorgon/purge", bytes.NewReader(body))
				if err != nil {
					x.Fatal(err)
				}
				serve.SignPurge(r.Header, []byte(key), app, body)
				res, err := insecure.Do(r)
				if err != nil {
					x.Fatal(err)
				}
				_ = res.Body.Close()
				return res.StatusCode
			}
			if right, wrong, other := post("purge key", "site"), post("another", "site"), post("purge key", "shop"); right != 200 || wrong != 403 || other != 403 {
				x.Errorf("%d with the key, %d with another, %d for another app", right, wrong, other)
			}
		},
		"GORGON_OLD_SECRET": func(x *trial) {
			x.Setenv("GORGON_SECRET", "one")
			x.does("build")
			x.Setenv("GORGON_SECRET", "two")
			x.Setenv("GORGON_OLD_SECRET", "none of both")
			x.fails(1, "GORGON_SECRET is not the secret", "why", "/")
			x.Setenv("GORGON_OLD_SECRET", "one")
			s := x.serves()
			s.wants("/mine", 200, "/_gorgon/")
			s.end()
		},
		"GORGON_SECRET": func(x *trial) {
			x.Setenv("GORGON_SECRET", "one")
			x.does("build")
			s := x.serves()
			s.wants("/mine", 200, "/_gorgon/")
			s.end()
			x.Setenv("GORGON_SECRET", "two")
			x.fails(1, "GORGON_SECRET is not the secret", "why", "/")
		},
		"GORGON_STANDALONE": func(x *trial) {
			x.Setenv("GORGON_STANDALONE", "true")
			x.fails(1, "is not part of a package", "routes")
			x.Setenv("GORGON_STANDALONE", "maybe")
			x.fails(2, `GORGON_STANDALONE "maybe": write true or false`, "routes")
			x.Setenv("GORGON_STANDALONE", "false")
			x.does("routes")
		},
		"GORGON_DEV": func(x *trial) { // what is being written is never taken for what was built
			x.does("build")
			x.Setenv("GORGON_DEV", "1")
			s := x.serves()
			x.exists("dist/site@dev.seed")
			s.end()
		},
		"GORGON_DEV_ENV": func(x *trial) { // what comes from .env is said to
			x.conf = config.Define[tea]("TEA_")
			x.Setenv("TEA_KEY", "hunter2")
			x.Setenv("TEA_CUPS", "2")
			x.Setenv("GORGON_DEV_ENV", "OTHER,TEA_CUPS")
			if said := strings.Fields(x.does("config", "--print")); !slices.Equal(said[:6], []string{"TEA_KEY", "••••", "environment", "TEA_CUPS", "2", ".env"}) {
				x.Errorf("%q", said)
			}
		},
		"GORGON_DEV_FILES": func(x *trial) { // what gorgon.Files reads from disk is listed there
			report := filepath.Join(x.TempDir(), "files")
			x.Setenv("GORGON_DEV_FILES", report)
			_, onDisk := gorgon.Files(environmentSource).(embed.FS)
			if list, err := os.ReadFile(report); err != nil || onDisk || !strings.HasSuffix(strings.TrimSpace(string(list)), "environment.go") {
				x.Errorf("it lists %q, %v", list, err)
			}
		},
		"GORGON_DEV_RUN": func(x *trial) { // what another run made is of another build
			x.Setenv("GORGON_DEV", "1")
			build := func(run string) string {
				x.Setenv("GORGON_DEV_RUN", run)
				_, out, _ := x.run("build", "--json")
				_, id, _ := strings.Cut(out, `"build": "`)
				id, _, _ = strings.Cut(id, `"`)
				return id
			}
			if one, again, other := build("1"), build("1"), build("2"); one == "" || one != again || one == other {
				x.Errorf("builds %q, %q and %q", one, again, other)
			}
		},
		"GORGON_LAMBDA": func(x *trial) {
			for form, streams := range map[string]bool{"": true, "buffer": false} {
				mode := x.event(form)
				if strings.Contains(mode, "streaming") != streams {
					x.Errorf("GORGON_LAMBDA=%s: the answer's mode is %q", form, mode)
				}
			}
		},
	} {
		all[name] = check
	}
	return all
}

// event runs the program as a Lambda function for one event, and returns in
// which mode it is answered.
func (x *trial) event(form string) (mode string) {
	x.Setenv("GORGON_LAMBDA", form)
	answered, given := make(chan string, 1), make(chan struct{}, 1)
	given <- struct{}{}
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/next") {
			select {
			case <-given:
				w.Header().Set("Lambda-Runtime-Aws-Request-Id", "id-1")
				w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
				_, _ = io.WriteString(w, `{"version":"2.0","rawPath":"/n/1","rawQueryString":"","headers":{"host":"x.example"},"requestContext":{"domainName":"x.example","http":{"method":"GET","path":"/n/1","protocol":"HTTP/1.1","sourceIp":"127.0.0.1"}}}`)
			case <-r.Context().Done():
			}
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		answered <- r.Header.Get("Lambda-Runtime-Function-Response-Mode")
		w.WriteHeader(http.StatusAccepted)
	}))
	defer api.Close()
	x.Setenv("AWS_LAMBDA_RUNTIME_API", strings.TrimPrefix(api.URL, "http://"))
	ctx, stop := context.WithTimeout(x.Context(), time.Minute)
	log, ended := &screen{}, make(chan int, 1)
	go func() { ended <- runWith(ctx, x, log, []string{"serve", "--store", "none"}) }()
	select {
	case mode = <-answered:
	case <-ended:
		x.Fatalf("it ended: %s", log)
	}
	stop()
	<-ended
	return mode
}
