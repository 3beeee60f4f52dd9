// The stores that several servers can share, real ones.

package e2e_test

import (
	"os"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/testbed"
)

// A ground is where servers keep what they share.
type ground struct {
	name   string
	server *testbed.Server // nil where there is none to be taken away
	place  string          // as --store takes it
}

// remotes start the stores that are servers.
var remotes = map[string]func() (*testbed.Server, error){
	"postgres": testbed.Postgres,
	"redis":    func() (*testbed.Server, error) { return testbed.Redis() },
	"s3":       testbed.S3,
}

// groundOf makes a ground of each technology that several servers can share.
var groundOf = map[string]func(t *testing.T) ground{
	"sqlite": func(t *testing.T) ground {
		return ground{name: "sqlite", place: "sqlite:" + t.TempDir() + "/pages.db"}
	},
	"postgres": remote("postgres"), "redis": remote("redis"), "s3": remote("s3"),
}

func remote(name string) func(t *testing.T) ground {
	return func(t *testing.T) ground {
		server := testbed.For(t, remotes[name])
		return ground{name: name, server: server, place: server.URL}
	}
}

// grounds are those that can be had here, one of each technology.
func grounds(t *testing.T, test func(t *testing.T, g ground)) {
	t.Helper()
	for name, open := range groundOf {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// on is a stand whose servers share a ground.
func on(t *testing.T, g ground) *stand {
	t.Helper()
	return onWith(t, self(t), g)
}

// onWith is on for another program.
func onWith(t *testing.T, p program, g ground) *stand {
	t.Helper()
	s := newStand(t, p)
	s.store = g.place
	s.env = append(s.env, "AWS_ACCESS_KEY_ID="+testbed.S3Key, "AWS_SECRET_ACCESS_KEY="+testbed.S3Secret)
	s.build()
	s.run("migrate", "--store", s.store)
	return s
}

// several starts servers, all at once.
func (s *stand) several(n int) []*server {
	s.t.Helper()
	servers := make([]*server, n)
	var all sync.WaitGroup
	for i := range servers {
		all.Go(func() { servers[i] = s.serve() })
	}
	all.Wait()
	return servers
}

// duration is what an environment variable says, or a default.
func duration(t *testing.T, name string, otherwise time.Duration) time.Duration {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		return otherwise
	}
	d, err := time.ParseDuration(v)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return d
}
