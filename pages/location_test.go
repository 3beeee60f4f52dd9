// Locations: parsed strictly, and shown without anything that may be secret.

package pages_test

import (
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/pages"
)

func TestLocationIsShownWithoutSecrets(t *testing.T) {
	remote, local := pages.Driver{Remote: true}, pages.Driver{}
	for _, c := range []struct {
		driver      pages.Driver
		location    string
		shown, says string // says: of ParseURL
	}{
		{remote, "postgres://user:secret@db.example:5432/shop?sslmode=disable&password=secret", "postgres://***@db.example:5432/shop?…", ""},
		{remote, "postgres://user:se%2Fcret@a:1,b:2/shop", "postgres://***@a:1,b:2/shop", ""},
		{remote, "redis://secret@[::1]:6379/0", "redis://***@[::1]:6379/0", ""},
		{remote, "redis://user:se@cret@host", "redis://***@host", ""},
		{remote, "redis://[fe80::1]", "redis://[fe80::1]", ""},
		{remote, "postgres:///shop?host=/run", "postgres:///shop?…", ""},
		{remote, "s3://bucket/a/b/?endpoint=https://h", "s3://bucket/a/b/?…", ""},
		{remote, "unix://user:secret@/run/redis.sock", "unix://***@/run/redis.sock", ""},
		{remote, "postgres://host/db=secret", "postgres://host", ""},
		{remote, "postgres://user:se/cret@host/db", "postgres:…", "an @ after its host"},
		{remote, "postgres://user:1234/cret@host/db", "postgres:…", "an @ after its host"},
		{remote, "postgres://user:1234?cret@host/db", "postgres:…", "an @ after its host"},
		{remote, "postgres://user:1234#cret", "postgres:…", "#"},
		{remote, "postgres://user:secret", "postgres:…", "port"},
		{remote, "postgres://user:99999/db", "postgres:…", "port"},
		{remote, "postgres://user:secret@ho st/db", "postgres:…", "host"},
		{remote, "postgres://user:secret@[::1]x/db", "postgres:…", "host"},
		{remote, "postgres://us\x00er:secret@host/db", "postgres:…", "host"},
		{remote, "postgres:host=h password=secret", "postgres:…", "not a URL"},
		{remote, "redis:u:secret@h", "redis:…", "not a URL"},
		{remote, "secret@h:1", "?", "not a URL"},
		{remote, "secret", "?", "not a URL"},
		{remote, "", "?", "not a URL"},
		{local, "disk:/var/lib/shop", "disk:/var/lib/shop", "not a URL"},
		{local, "disk:relative/ä b", "disk:relative/ä b", "not a URL"},
		{local, "disk:./odd@name", "disk:./odd@name", "not a URL"},
		{local, "disk:u:secret@h", "disk:…", "not a URL"},
		{local, "disk:~/secret", "disk:…", "not a URL"},
		{local, "mem:", "mem:", "not a URL"},
		{remote, "disk:/var/lib/shop", "disk:…", "not a URL"},
	} {
		if got := c.driver.Show(c.location); got != c.shown {
			t.Errorf("%q is shown as %q, want %q", c.location, got, c.shown)
		}
		_, err := pages.ParseURL(c.location)
		if (err == nil) != (c.says == "") || err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "cret")) {
			t.Errorf("%q gives %v, want %q", c.location, err, c.says)
		}
	}
}
