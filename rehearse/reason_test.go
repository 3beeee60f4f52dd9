package rehearse

import (
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/wire"
)

func TestReason(t *testing.T) {
	for _, c := range []struct{ path, said, want string }{
		{wire.Ready, "not ready: the database cannot be used\n", "migrate it first"},
		{wire.Ready, "not ready: draining\n", ": not ready: draining"},
		{"/account", "<p>of one visitor", ""}, // a page's text stays where it is
	} {
		got := reason(target{path: c.path}, []byte(c.said))
		if !strings.HasSuffix(strings.TrimSuffix(got, ")"), c.want) || (c.want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", c.path, got, c.want)
		}
	}
}
