// The genuine skopeo against a registry on this machine.

//go:build unix

package workflow_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/random"
)

// TestWorkflowsPush: an image of two architectures is pushed by its digest, without a
// tag, with the bytes that it has in the layout; a second time nothing is uploaded.
func TestWorkflowsPush(t *testing.T) {
	skopeo := program(t, "skopeo")
	var uploads atomic.Int64
	kept := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut || r.Method == http.MethodPost {
			uploads.Add(1)
		}
		kept.ServeHTTP(w, r)
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")

	for _, target := range targets {
		b := open(t, rendered(t, stack(t, target, "shop")), map[string]*world{"production": served(target)})
		check(t, os.Remove(filepath.Join(b.folder, "bin", "skopeo")))
		check(t, os.Symlink(skopeo, filepath.Join(b.folder, "bin", "skopeo")))
		conf := filepath.Join(b.folder, "home/.config/containers/registries.conf")
		check(t, os.MkdirAll(filepath.Dir(conf), 0o755))
		check(t, os.WriteFile(conf, []byte(fmt.Sprintf("[[registry]]\nlocation = %q\ninsecure = true\n", host)), 0o644))
		index, err := random.Index(1024, 2, 2)
		check(t, err)
		digest, err := index.Digest()
		check(t, err)
		at, err := layout.Write(filepath.Join(b.folder, "repository", "layout"), empty.Index)
		check(t, err)
		check(t, at.AppendIndex(index))

		env := variables(target)
		env["REPOSITORY"] = host + "/" + target + "/app"
		for range 2 {
			before := uploads.Load()
			b.said.Reset()
			code := b.shell("digest=$(infra/"+target+"/release.sh push layout); echo \"DIGEST $digest\"", ".", "production", env)
			if said := b.said.String(); code != 0 || !strings.Contains(said, "DIGEST "+digest.String()+"\n") {
				t.Fatalf("%s: exit %d, want the digest %s:\n%s", target, code, digest, said)
			}
			if again := strings.Contains(b.said.String(), "is there already"); again != (uploads.Load() == before) {
				t.Errorf("%s: %d uploads, and it says:\n%s", target, uploads.Load()-before, b.said.String())
			}
		}
		answer, err := http.Get(server.URL + "/v2/" + target + "/app/manifests/" + digest.String())
		check(t, err)
		check(t, answer.Body.Close())
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s: the registry answers %s", target, answer.Status)
		}
		// A layout of two images has no one digest.
		check(t, at.AppendIndex(index))
		other, err := random.Index(1024, 1, 1)
		check(t, err)
		check(t, at.AppendIndex(other))
		b.said.Reset()
		if code := b.shell("infra/"+target+"/release.sh push layout", ".", "production", env); code == 0 {
			t.Errorf("%s: a layout of two images is pushed:\n%s", target, b.said.String())
		}
	}
	if uploads.Load() == 0 {
		t.Error("nothing was uploaded")
	}
}
