// Rehearsals: a package under the limits of each target.

package e2e_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/deploy/oci"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/rehearse"
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
		{[]string{"--to", "systemd"}, []string{"rehearsed systemd", "the files of this machine", "store disk:"}},
		{[]string{"--to", "oci"}, []string{"rehearsed oci"}},
		{[]string{"--to", "kubernetes", "--replicas", "2", "--store", "postgres://shop@db/shop"}, []string{"rehearsed kubernetes", "2 instances", "a disk store in place of postgres"}},
		{[]string{"--to", "fly", "--store", "disk:/data/store"}, []string{"rehearsed fly", "purged everything"}},
		{[]string{"--to", "cloudrun", "--store", "postgres://shop@db/shop"}, []string{"rehearsed cloudrun", "2 instances", "instances stopped between requests", "purged everything; suspending the instances"}},
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

// What a program finds on this machine and not in its image fails in the
// rehearsal, and what the image has does not.
func TestRehearsalHasTheFilesOfTheImage(t *testing.T) {
	t.Parallel()
	needRoot(t)
	p := newProject(t)
	folder := p.deploy("--to", "oci", "--compress", "none")
	for _, row := range []struct {
		variables []string
		fails     bool
	}{
		{[]string{"SHOP_READS=/etc/passwd:/etc/ssl/certs/ca-certificates.crt:/proc/self/status", "SHOP_ZONE=Europe/Berlin"}, false},
		{[]string{"SHOP_READS=/etc/os-release"}, true},
		{[]string{"SHOP_READS=/usr/share/zoneinfo/Europe/Berlin"}, true},
		{[]string{"SHOP_READS=" + filepath.Join(p.dir, "main.go")}, true},
		{[]string{"SHOP_RUNS=/bin/sh"}, true},
		{[]string{"SHOP_WRITES=1"}, true},
	} {
		root := filepath.Join(t.TempDir(), "root")
		program, err := oci.Unpack(t.Context(), filepath.Join(folder, "oci"), runtime.GOOS, runtime.GOARCH, root)
		if err != nil {
			t.Fatal(err)
		}
		report, err := rehearse.Run(t.Context(), rehearse.Config{
			Folder: folder, Root: root, Program: program, Environment: row.variables,
			Outcome: plan.Outcome{Target: oci.Target().Target, Setting: plan.Setting{Store: "disk"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if report.Fine() == row.fails || row.fails && !strings.Contains(report.Faults[0], "/now: answered with 500") {
			t.Errorf("%s: faults %v", row.variables, report.Faults)
		}
		if !slices.Contains(report.Imposed, "the files of the image alone") || report.StoreUsed != "disk:/data/store" {
			t.Errorf("%s: imposed %v, store %s", row.variables, report.Imposed, report.StoreUsed)
		}
	}
}

// Each target has a place of its own, which deploys for others keep while it is
// of the same build.
func TestTargetsKeepTheirPlaces(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	is := func(name string) bool {
		_, err := os.Stat(filepath.Join(p.dir, "pkg", name))
		return err == nil
	}
	p.deploy("--to", "systemd", "--compress", "none")
	code, out := p.run("deploy", "--to", "oci", "--compress", "none")
	if code != 0 || !is("systemd/install.sh") || !is("oci/layout") || !is("shop") || !strings.Contains(out, "kept pkg/systemd") {
		t.Fatalf("after two targets: exit code %d\n%s", code, out)
	}
	for _, phase := range []string{"compiling the app and asking what it is", "compiling for", "building the pages", "packing", "it took"} {
		if !strings.Contains(out, phase) {
			t.Errorf("deploy does not say %q:\n%s", phase, out)
		}
	}
	p.write("main.go", strings.Replace(read(t, filepath.Join(p.dir, "main.go")), `version = "one"`, `version = "two"`, 1))
	p.commit()
	code, out = p.run("deploy", "--compress", "none")
	if code != 0 || is("systemd") || is("oci") || !strings.Contains(out, "removed pkg/systemd") || !strings.Contains(out, "removed pkg/oci") {
		t.Errorf("after another build: exit code %d\n%s", code, out)
	}
}
