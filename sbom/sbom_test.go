package sbom_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	spdxjson "github.com/spdx/tools-golang/json"

	"github.com/gorgon-go/gorgon/sbom"
)

// The document of a program names the modules that are linked into it, and can
// be read back.
func TestOf(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	if out, err := exec.Command("go", "build", "-o", program, "./testdata/program").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	about := sbom.About{Name: "shop", Version: "4f1c", MadeAt: time.Unix(1_700_000_000, 0)}
	bill, err := sbom.Of(program, about)
	if err != nil {
		t.Fatal(err)
	}
	again, err := sbom.Of(program, about)
	if err != nil || !bytes.Equal(bill, again) {
		t.Errorf("the second document differs from the first: %v", err)
	}
	doc, err := spdxjson.Read(bytes.NewReader(bill))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range doc.Packages {
		names = append(names, p.PackageName)
	}
	for _, want := range []string{"shop", "stdlib", "github.com/cespare/xxhash/v2"} {
		if !strings.Contains("\n"+strings.Join(names, "\n")+"\n", "\n"+want+"\n") {
			t.Errorf("%s is not among %v", want, names)
		}
	}
	if doc.CreationInfo.Created != "2023-11-14T22:13:20Z" {
		t.Errorf("created %s", doc.CreationInfo.Created)
	}
}

func TestNotGo(t *testing.T) {
	name := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := sbom.Of(name, sbom.About{Name: "x"}); err == nil || !strings.Contains(err.Error(), "Go toolchain") {
		t.Errorf("of a script: %v", err)
	}
}

// A module from a folder is named by the commit of its repository, if it has
// one, and never by a path of this machine.
func TestModulesFromFoldersAreNamedByTheirCommits(t *testing.T) {
	dir := t.TempDir()
	lib := filepath.Join(dir, "lib")
	for name, text := range map[string]string{
		"app/go.mod":  "module example.com/app\n\ngo 1.26.0\n\nrequire example.com/lib v0.0.0\n\nreplace example.com/lib => " + lib + "\n",
		"app/main.go": "package main\n\nimport _ \"example.com/lib\"\n\nfunc main() {}\n",
		"lib/go.mod":  "module example.com/lib\n\ngo 1.26.0\n",
		"lib/lib.go":  "package lib\n",
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-buildvcs=false", "-o", "program", ".")
	build.Dir = filepath.Join(dir, "app")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, row := range []struct {
		folders       []sbom.Folder
		version, says string
	}{
		{nil, "", "a folder"},
		{[]sbom.Folder{{Module: "example.com/lib"}}, "", "in no commit"},
		{[]sbom.Folder{{Module: "example.com/lib", Commit: "4f1c"}}, "4f1c", "commit 4f1c of its repository"},
		{[]sbom.Folder{{Module: "example.com/lib", Commit: "4f1c", Modified: true}}, "4f1c", "differed from commit 4f1c"},
	} {
		bill, err := sbom.Of(filepath.Join(dir, "app", "program"), sbom.About{Name: "app", Folders: row.folders})
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(bill, []byte(dir)) {
			t.Errorf("%v: the document names a path of this machine", row.folders)
		}
		doc, err := spdxjson.Read(bytes.NewReader(bill))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, p := range doc.Packages {
			if p.PackageName == "example.com/lib" {
				found = true
				if p.PackageVersion != row.version || !strings.Contains(p.PackageSourceInfo, row.says) {
					t.Errorf("%v: version %q, %q", row.folders, p.PackageVersion, p.PackageSourceInfo)
				}
			}
		}
		if !found {
			t.Errorf("%v: the module is not listed", row.folders)
		}
	}
}
