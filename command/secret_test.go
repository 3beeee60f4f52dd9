// No part of a password is shown, whatever the form of a location.

package command_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
	"github.com/gorgon-go/gorgon/redis"
	"github.com/gorgon-go/gorgon/s3"
	"github.com/gorgon-go/gorgon/sqlite"
)

// A screen is what a program prints, from any number of goroutines.
type screen struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

var drivers = []pages.Driver{disk.Driver(), mem.Driver(), sqlite.Driver(), postgres.Driver(), redis.Driver(), s3.Driver()}

// runs runs a command line of a program with every driver, and returns all
// that it printed or logged. It ends after a while.
func runs(t testing.TB, app gorgon.App, within time.Duration, args ...string) (code int, said string) {
	ctx, stop := context.WithTimeout(t.Context(), within)
	defer stop()
	out := &screen{}
	standard := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(standard)
	code = command.Run(ctx, app, command.Config{Bundler: bundle.Bundler{}, Stores: drivers}, args, out, out)
	return code, out.String()
}

// tells finds a part of a secret of four letters or more.
func tells(said, secret string) string {
	said = strings.ToLower(said)
	for i := 0; i+4 <= len(secret); i++ {
		if part := strings.ToLower(secret[i : i+4]); strings.Contains(said, part) {
			return part
		}
	}
	return ""
}

// forms are the ways in which a location may hold a password; most are wrong.
func forms(password string) (list []string) {
	escaped := strings.ReplaceAll(url.QueryEscape(password), "+", "%20")
	for _, scheme := range []string{"postgres", "postgresql", "redis", "rediss", "valkey", "unix", "s3", "disk", "sqlite", "mem", "etcd"} {
		for _, form := range []string{
			"S://user:P@127.0.0.1:1/db", "S://user:E@127.0.0.1:1/0", "S://:P@127.0.0.1:1/0", "S://P@127.0.0.1:1/0", "S://E@127.0.0.1:1/0",
			"S://user:P@[::1]:1/db", "S://P:@127.0.0.1:1", "S://user:P@/run/some.sock", "S://user:E@/run/some.sock", "S:///db?host=/run&password=P",
			"S://127.0.0.1:1/0?pwd=P", "S://127.0.0.1:1/0?password=E", "S://127.0.0.1:1/0?P", "S://127.0.0.1:1/0#P", "S://127.0.0.1:1?sslpassword=P&sslmode=P",
			"S:user:P@127.0.0.1:1", "S:host=127.0.0.1 user=u password=P", "S:P", "S:/P@host", "S:user:P@host?x=y", "S:?password=P",
			"S://user:P", "S://user:P/db", "S://P", "S://user:P@", "S://user:P@host:port/db", "S://a@b:P@c@127.0.0.1:1/0",
			"S://bucket/p?endpoint=http://key:P@127.0.0.1:1", "S://key:P@bucket/p?endpoint=http://127.0.0.1:1", "S://bucket/p?secret_access_key=P&style=P",
			"S://127.0.0.1:1?addr=u:P@h:1", "S://127.0.0.1:1?addr=P:1", "S://127.0.0.1:1?host=u:P@h", "S://127.0.0.1:1?prefix=P*&client_name=P Q", "S://127.0.0.1:1?db=P",
			"S://127.0.0.1:1?schema=pg_P&poll=P", "S://127.0.0.1:1?pool_max_conns=P", "S://127.0.0.1:1?sslrootcert=/P", "S://user:%P@127.0.0.1:1/db",
			"S ://user:P@h", "//user:P@h", "user:P@h", "user:P@h:1/db", "Sx://user:P@h", "S:\x00//user:P@h", "S://user:\x01P@h/\x02", "S\n://P",
		} {
			list = append(list, strings.NewReplacer("S", scheme, "P", password, "E", escaped).Replace(form))
		}
	}
	return list
}

// isPlain says whether what stands for the password in a form is what the form
// says, the path of a file or the name of a host, which no program can doubt.
func isPlain(form, password string) bool {
	scheme, rest, _ := strings.Cut(form, ":")
	local := scheme == "disk" || scheme == "sqlite" || scheme == "mem"
	if local && !strings.HasPrefix(rest, "//") && pages.CheckPath(rest) == nil {
		return true
	}
	return rest == "//"+password || rest == "//user:"+password || rest == "//user:"+password+"/db" && strings.Contains(password, "@")
}

// Each form of each scheme is tried with a quarter of the special letters, each of
// which meets every form and every scheme; with PASSWORDS=all, with all of them.
func TestNoPartOfAPasswordIsShown(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		t.Setenv(name, "")
	}
	app := site("still")
	if code, said := runs(t, app, time.Minute, "build"); code != 0 {
		t.Fatal(said)
	}
	shown := 0
	for s, special := range []string{"", "#", "/", "?", "@", ":", "%2F", "%", "&", "=", " ", "\\", "'", "\"", "[", "\t"} {
		password := "zq7kvXw" + special + "9jYhPfq"
		for f, form := range forms(password) {
			if os.Getenv("PASSWORDS") != "all" && (s+f)%4 != 0 || isPlain(form, password) {
				continue
			}
			shown++
			// To open a store, and to say where it is, is the same for all commands.
			_, said := runs(t, app, 300*time.Millisecond, "migrate", "--store", form)
			if part := tells(said, password); part != "" {
				t.Errorf("migrate --store %q shows %q: %s", form, part, said)
			}
		}
	}
	t.Logf("%d locations", shown)
}

// The commands that go on without their store, and what they log.
func TestNoPartOfAPasswordIsLogged(t *testing.T) {
	t.Chdir(t.TempDir())
	app := site("still")
	if code, said := runs(t, app, time.Minute, "build"); code != 0 {
		t.Fatal(said)
	}
	const password = "zq7kv#Xw9j"
	for _, form := range []string{
		"postgres://user:zq7kv%23Xw9j@127.0.0.1:1/db", "postgres://127.0.0.1:1/db?password=zq7kv%23Xw9j", "postgres://zq7kv%23Xw9j@127.0.0.1:1/db",
		"postgres://user:zq7kv#Xw9j@127.0.0.1:1/db", "redis://:zq7kv%23Xw9j@127.0.0.1:1/0", "redis://zq7kv%23Xw9j@127.0.0.1:1/0", "redis:user:zq7kv#Xw9j@127.0.0.1:1",
		"s3://bucket/x?endpoint=http://127.0.0.1:1", "disk:user:zq7kv#Xw9j@host", "disk://user:zq7kv#Xw9j@host",
	} {
		for _, args := range [][]string{
			{"serve", "--addr", "127.0.0.1:0"}, {"serve", "--addr", "127.0.0.1:0", "--require-store"}, {"maintain"}, {"purge", "--all"}, {"why", "/"},
		} {
			t.Setenv("GORGON_LOG_LEVEL", "debug")
			t.Setenv("AWS_ACCESS_KEY_ID", "zq7kv#")
			t.Setenv("AWS_SECRET_ACCESS_KEY", password)
			_, said := runs(t, app, time.Second, append(args, "--store", form)...)
			if part := tells(said, password); part != "" {
				t.Errorf("%v --store %q shows %q: %s", args, form, part, said)
			}
		}
	}
}

// A location in the wrong place of a command line is not shown either.
func TestNoArgumentShowsAPassword(t *testing.T) {
	t.Chdir(t.TempDir())
	const password = "zq7kvXw9jYhPfq"
	location := "postgres://user:" + password + "@127.0.0.1:1/db"
	for _, args := range [][]string{
		{location}, {"serve", location}, {"-store=" + location}, {"serve", "-s", location}, {"serve", "--stor=" + location}, {"serve", "--" + location}, {"serve", "--=" + location},
		{"why", location}, {"why", "user:" + password + "@h"}, {"purge", "--path", location}, {"purge", "--tag", location, "--store", "none"}, {"purge", "--route", location}, {"purge", "--fragment", location},
		{"serve", "--addr", location}, {"serve", "--metrics", location}, {"serve", "--role", location}, {"serve", "--drain", location}, {"serve", "--keep-alive", location}, {"serve", "--trusted-proxies", location},
		{"serve", "--redirect-from", location, "--tls-cert", "a", "--tls-key", "b"}, {"serve", "--memory", location}, {"serve", "--access-log=" + location}, {"serve", "--lane=" + location}, {"build", "--compress", location}, {"build", "--jobs", location},
		{"build", "--timeout", location}, {"serve", "--base", location}, {"health", "--addr", location}, {"maintain", "--store-size", location}, {"openapi", "--below", location},
	} {
		code, said := runs(t, site("still"), time.Second, args...)
		if part := tells(said, password); part != "" {
			t.Errorf("%q shows %q: %s", args, part, said)
		}
		if code == 0 {
			t.Errorf("%q was done: %s", args, said)
		}
	}
	for _, name := range []string{"GORGON_STORE", "GORGON_BASE_PATH", "GORGON_DRAIN", "GORGON_KEEP_ALIVE", "GORGON_LANE", "GORGON_LOG", "GORGON_LOG_LEVEL", "GORGON_ROLE", "GORGON_METRICS", "GORGON_ADMIN", "GORGON_ADMIN_WRITE", "GORGON_PORT", "GORGON_HOST",
		"GORGON_TRUSTED_PROXIES", "GORGON_REDIRECT_FROM", "SOURCE_DATE_EPOCH"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, location)
			if _, said := runs(t, site("still"), time.Second, "serve"); tells(said, password) != "" {
				t.Errorf("%s shows it: %s", name, said)
			}
			for _, args := range [][]string{{"--help"}, {"serve", "--help"}, {"health", "--help"}, {"config", "--print"}, {"config", "--print", "--json"}} {
				if _, said := runs(t, site("still"), time.Second, args...); tells(said, password) != "" {
					t.Errorf("%v shows %s", args, name)
				}
			}
		})
	}
}

// What signs, seals and asks is in no output either.
func TestNoKeyIsShown(t *testing.T) {
	t.Chdir(t.TempDir())
	const secret = "zq7kvXw9jYhPfq"
	for _, name := range []string{"GORGON_SECRET", "GORGON_OLD_SECRET", "GORGON_PURGE_KEY", "GORGON_HEALTH_KEY"} {
		t.Setenv(name, secret+strings.ToLower(name))
	}
	t.Setenv("GORGON_LOG_LEVEL", "debug")
	for _, args := range [][]string{{"build"}, {"serve", "--addr", "127.0.0.1:0"}, {"why", "/"}, {"routes"}, {"parts"}, {"config", "--print"}, {"maintain"}, {"--help"}, {"serve", "--help"}} {
		if _, said := runs(t, site(""), 2*time.Second, args...); tells(said, secret) != "" {
			t.Errorf("%v shows it: %s", args, said)
		}
	}
	t.Setenv("GORGON_SECRET", "another")
	if _, said := runs(t, site(""), 2*time.Second, "why", "/"); tells(said, secret) != "" {
		t.Errorf("another secret: %s", said)
	}
}

// FuzzLocation looks for the password in what is shown of a location that has
// it in any place before an @.
func FuzzLocation(f *testing.F) {
	for _, form := range []string{"postgres://u:P@127.0.0.1:1/db", "redis://P@127.0.0.1:1", "s3://b:P@x/y?endpoint=x", "disk:P@x", "sqlite://P@?=", "redis:u:P@h", "P@h"} {
		f.Add(form, "#")
	}
	f.Fuzz(func(t *testing.T, form, special string) {
		const one, other = "zq7kvXw9j", "YhPfq3Rt8"
		before, after, found := strings.Cut(form, "P@")
		if !found || strings.ContainsAny(after, "@/") || strings.ContainsAny(before, "@/") && !strings.Contains(before, "://") {
			return // what follows is another password
		}
		location := before + one + special + other + "@" + after
		said := pages.ShowLocation(location)
		for _, d := range drivers {
			if scheme, path, _ := strings.Cut(location, ":"); d.Schemes[0] != scheme || d.Remote || pages.CheckPath(path) != nil {
				said += d.Show(location)
			}
		}
		if _, err := pages.ParseURL(location); err != nil {
			said += err.Error()
		}
		if tells(said, one) != "" || tells(said, other) != "" {
			t.Errorf("%q is shown as %q", location, said)
		}
	})
}
