package tool

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/pack"
)

// What was added to a package outlives the next one, and what was changed in it is
// not lost without a word.
func TestPackagesKeepWhatWasAdded(t *testing.T) {
	out, whole := filepath.Join(t.TempDir(), "pkg"), t.TempDir()
	put := func(folder, name, text string, mode os.FileMode) {
		t.Helper()
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	manifest, err := json.Marshal(pack.Manifest{Format: pack.Format, Kind: pack.Kind, App: "shop", Program: "shop", Seed: "shop.seed"})
	if err != nil {
		t.Fatal(err)
	}
	put(out, pack.ManifestName, string(manifest), 0o644)
	put(out, "kubernetes/ingress.yaml", "a: 1\n", 0o644)
	put(out, "kubernetes/SHA256SUMS", "", 0o644)
	if err := pack.Sums(out); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	d := &deployment{t: &tool{log: &log}, out: out, to: "kubernetes"}
	if err := d.checkOut(); err != nil || len(d.added) > 0 {
		t.Fatalf("as it was written: %v, %v", d.added, err)
	}
	put(out, "kubernetes/secret.yaml", "key: hunter2\n", 0o600)
	if err := d.checkOut(); err != nil {
		t.Fatal(err)
	}
	put(whole, "kubernetes/ingress.yaml", "a: 2\n", 0o644)
	if err := pack.Sums(whole); err != nil {
		t.Fatal(err)
	}
	if err := d.keepAdded(whole); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(whole, "kubernetes/secret.yaml")
	info, err := os.Stat(kept)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the secret has mode %v, %v", info, err)
	}
	if said := log.String(); !strings.Contains(said, "secret.yaml") || strings.Contains(said, "hunter2") {
		t.Errorf("it says %q", said)
	}
	if changed, added, err := pack.Differs(whole); len(changed) > 0 || len(added) != 1 || added[0] != "kubernetes/secret.yaml" || err != nil {
		t.Errorf("the next deploy sees %v changed and %v added, %v", changed, added, err)
	}
	put(whole, "kubernetes/secret.yaml", "another", 0o600)
	if err := d.keepAdded(whole); err == nil || !strings.Contains(err.Error(), "move yours away") {
		t.Errorf("a file of the new package is replaced: %v", err)
	}
	put(out, "kubernetes/ingress.yaml", "a: 1\nmine: true\n", 0o644)
	if err := d.checkOut(); err == nil || !strings.Contains(err.Error(), "kubernetes/ingress.yaml") || !strings.Contains(err.Error(), "Hint") {
		t.Errorf("a change is lost: %v", err)
	}
}
