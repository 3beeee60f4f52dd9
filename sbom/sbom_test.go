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
