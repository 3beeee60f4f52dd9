// Rehearsals: a package under what each place imposes.

package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRehearse(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	for _, c := range []struct {
		args []string
		says []string
	}{
		{nil, []string{"rehearsed package", "a root that cannot be written to"}},
		{[]string{"--to", "static", "--accept", "process", "--accept", "incremental", "--accept", "refresh"}, []string{"rehearsed static", "files alone"}},
		{[]string{"--to", "systemd"}, []string{"rehearsed systemd", "store disk:"}},
		{[]string{"--to", "oci"}, []string{"rehearsed oci"}},
		{[]string{"--to", "kubernetes", "--replicas", "2", "--store", "postgres://shop@db/shop"}, []string{"rehearsed kubernetes", "2 instances", "a disk store in place of postgres"}},
		{[]string{"--to", "fly", "--store", "disk:/data/store"}, []string{"rehearsed fly", "purged everything"}},
		{[]string{"--to", "cloudrun", "--store", "postgres://shop@db/shop"}, []string{"rehearsed cloudrun", "2 instances", "instances stopped between requests", "purged everything; letting the instances stand still"}},
		{[]string{"--to", "lambda"}, []string{"rehearsed lambda", "instances stopped between requests"}},
	} {
		code, out := p.run(append([]string{"deploy", "--rehearse", "--compress", "none"}, c.args...)...)
		if code != 0 {
			t.Errorf("%v: exit code %d\n%s", c.args, code, out)
			continue
		}
		for _, text := range c.says {
			if !strings.Contains(out, text) {
				t.Errorf("%v does not say %q:\n%s", c.args, text, out)
			}
		}
	}

	// What fails there is named, and nothing is written.
	if err := os.RemoveAll(filepath.Join(p.dir, "pkg")); err != nil {
		t.Fatal(err)
	}
	code, out := p.run("deploy", "--rehearse", "--compress", "none", "--rehearse-env", "SHOP_WRITES=1")
	if code != 1 || !strings.Contains(out, "/now: answered with 500") {
		t.Errorf("a program that writes beside itself: exit code %d\n%s", code, out)
	}
	if _, err := os.Stat(filepath.Join(p.dir, "pkg")); err == nil {
		t.Error("what failed its rehearsal was written")
	}
}
