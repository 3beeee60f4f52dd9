// Locations: what they may contain, and that their passwords are never shown.

package postgres_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
)

func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func TestBadLocations(t *testing.T) {
	for _, c := range []struct{ location, says string }{
		{"", "URL"},
		{"gorgon", "URL"},
		{"postgres:", "URL"},
		{"mysql://host/db", "URL"},
		{"host=localhost user=me password=hunter2", "URL"},
		{"postgres://me:hunter2@host:port/db", "port"},
		{"postgres://me:hunter2@host/db?sslmode=perhaps", "sslmode"},
		{"postgres://me:hunter2@host/db?pool_max_conns=many", "pool_max_conns"},
		{"postgres://me:hunter2@host/db?schema=", "schema"},
		{"postgres://me:hunter2@host/db?schema=pg_mine", "schema"},
		{"postgres://me:hunter2@host/db?schema=a&schema=b", "schema"},
		{"postgres://me:hunter2@host/db?schema=%zz", "schema"},
		{"postgres://me:hunter2@host/db?schema=a%00b", "schema"},
		{"postgres://me:hunter2@host/db?schema=%ff", "schema"},
		{"postgres://me:hunter2@host/db?schema=" + strings.Repeat("a", 64), "schema"},
		{"postgres://me:hunter2@host/db?poll=often", "poll"},
		{"postgres://me:hunter2@host/db?poll=-1s", "poll"},
		{"postgres://me:hunter2@host/db?%zz=1", "parameter"},
		{"postgres://me:hunter2@host/db?default_query_exec_mode=magic", "default_query_exec_mode"},
		{"postgres://me:hun/ter2@host/db", ""},
		{"postgres://me:hun%zzter2@host/db", ""},
		{"postgres://me:hun ter2@host/%zz", ""},
		{"postgres://me@host:hunter2/db?password=hunter2", ""},
		{"postgres://me@[host/db?password=hunter2", ""},
		{"postgres://me:1234/hunter2@host/db", "malformed"},
		{"postgres://me:1234?hunter2@host/db", "malformed"},
		{"postgres://me:1234#hunter2", "malformed"},
		{"postgres://host?host=u:hunter2@h", "malformed"},
		{"postgres://host?host=u%3Ahunter2%40h", "host"},
		{"postgres://host?hunter2", ""},
		{"postgres://host?sslrootcert=/hunter2", "sslrootcert"},
	} {
		s, err := postgres.Driver().Open(t.Context(), c.location)
		if s != nil {
			_ = s.Close()
		}
		if err == nil {
			if c.says != "" {
				t.Errorf("%s was opened", c.location)
			}
			continue
		}
		if s != nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "open postgres: ") {
			t.Errorf("%s gave %v", c.location, err)
		}
		tellsNoPassword(t, err)
	}
}

// tellsNoPassword looks for the password in an error and in all errors it
// wraps.
func tellsNoPassword(t *testing.T, err error) {
	t.Helper()
	for _, form := range []string{"%v", "%+v", "%q"} {
		if text := fmt.Sprintf(form, err); strings.Contains(text, "hunter2") || strings.Contains(text, "ter2") {
			t.Errorf("the password is shown: %s", text)
		}
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		t.Errorf("the error carries the configuration: %v", err)
	}
	if _, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
		t.Errorf("the error carries the location: %v", err)
	}
}

func TestGoodLocations(t *testing.T) {
	for _, location := range []string{
		"postgres://me:hunter2@127.0.0.1:1/db", "postgresql://me:hunter2@127.0.0.1:1/db?schema=a&poll=1s&sslmode=disable",
		"postgres://me:hunter2@127.0.0.1:1,127.0.0.1:2/db?target_session_attrs=read-write", "postgres://",
		"postgres://me@127.0.0.1:1/db?password=hunter2&pool_max_conns=3",
	} {
		s, err := postgres.Driver().Open(t.Context(), location)
		if err != nil {
			t.Errorf("%s: %v", location, err)
			continue
		}
		if location != "postgres://" { // so that the connection goes to this machine
			_, err = s.Get(t.Context(), key("/a"))
			if err == nil || errors.Is(err, pages.ErrNotFound) || !strings.Contains(err.Error(), "127.0.0.1:1/db") {
				t.Errorf("%s: get gave %v", location, err)
			}
			tellsNoPassword(t, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// The server's messages about a user or a parameter quote neither.
func TestServerQuotesNoPassword(t *testing.T) {
	server := shareServer(t)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ user, query, says string }{
		{"hunter2", "", "user or the password"},
		{"hunter2:x", "", "user or the password"},
		{at.User.String(), "&hunter2=1", "parameter"},
		{at.User.String(), "&statement_timeout=hunter2", "parameter"},
		{at.User.String(), "&pwd=hunter2", "parameter"},
	} {
		location := "postgres://" + c.user + "@" + at.Host + at.Path + "?sslmode=disable" + c.query
		s, err := postgres.Open(t.Context(), location, postgres.Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Epochs(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", location, err)
		}
		tellsNoPassword(t, err)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
