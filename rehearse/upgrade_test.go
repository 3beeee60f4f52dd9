//go:build unix

// The change of builds, without programs: what its rows say.

package rehearse

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
)

// What the new build does not have is said, by kind, and what it has in addition is not.
func TestCompare(t *testing.T) {
	parts := func(names ...string) (list []plan.Part) {
		for _, name := range names {
			list = append(list, plan.Part{Name: name})
		}
		return list
	}
	of := func(list []plan.Part) *side {
		return &side{sandbox: &sandbox{rehearsal: &rehearsal{manifest: pack.Manifest{Parts: list}}}}
	}
	u := &upgrade{}
	u.builds = [2]*side{
		of(parts("page /", "page /old", "job send", "job paint", "endpoint POST /cart", "room canvas", "database", "cache rates")),
		of(parts("page /", "page /new", "job send", "database")),
	}
	u.compare()
	got := map[string]string{}
	for _, p := range u.rows.list() {
		got[p.What], _, _ = strings.Cut(p.Note, ":")
	}
	want := map[string]string{
		"pages that the new build does not have": "/old", "jobs that the new build does not have": "paint",
		"endpoints that the new build does not have": "POST /cart", "rooms that the new build does not have": "canvas",
	}
	if len(got) != len(want) {
		t.Errorf("%v", got)
	}
	for what, names := range want {
		if got[what] != names {
			t.Errorf("%s: %q, want %q", what, got[what], names)
		}
	}
}

// Instances take turns, one that was removed is asked nothing, and without any the
// answer says so.
func TestFront(t *testing.T) {
	h := &sandbox{rehearsal: &rehearsal{Config: Config{Outcome: plan.Outcome{Target: plan.Target{Offers: plan.Offers{Process: true}}}}}}
	var f front
	var all []*instance
	for _, name := range []string{"one", "two"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(name)) }))
		defer server.Close()
		at, err := url.Parse(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		one := &instance{proxy: httputil.NewSingleHostReverseProxy(at), command: &exec.Cmd{}}
		all = append(all, one)
		f.add(h, one)
	}
	ask := func() string {
		w := httptest.NewRecorder()
		f.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		return w.Body.String()
	}
	if got := ask() + ask() + ask(); got != "twoonetwo" && got != "onetwoone" {
		t.Error(got)
	}
	f.remove(all[0])
	if got := ask() + ask(); got != "twotwo" {
		t.Error(got)
	}
	f.remove(all[1])
	w := httptest.NewRecorder()
	if f.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil)); w.Code != http.StatusBadGateway {
		t.Error(w.Code)
	}
}
