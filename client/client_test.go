// The content of the module, and its size.

package client_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/evanw/esbuild/pkg/api"

	"github.com/gorgon-go/gorgon/client"
	"github.com/gorgon-go/gorgon/testbed"
	"github.com/gorgon-go/gorgon/wire"
)

var update = flag.Bool("update", false, "write gorgon.js again")

func TestMain(m *testing.M) {
	code := m.Run()
	testbed.CloseBrowser()
	os.Exit(code)
}

func TestRuntimeIsWhatItsSourcesGive(t *testing.T) {
	names := []byte(wire.TypeScript())
	if *update {
		if err := os.WriteFile("wire.ts", names, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if given, err := os.ReadFile("wire.ts"); err != nil || !bytes.Equal(given, names) {
		t.Errorf("wire.ts is not what package wire gives (%v): run go generate ./client", err)
	}
	result := api.Build(api.BuildOptions{
		EntryPoints:       []string{"gorgon.ts"},
		Bundle:            true,
		Format:            api.FormatESModule,
		Target:            api.ES2022,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MangleProps:       "^(begin|end|until|behind|lost|answer|apply|drop|payload|useful|empty|personal|renew|change)$", // of objects that no other script sees
		MinifySyntax:      true,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone,
	})
	isMade(t, result, "gorgon.js", client.Runtime)
}

// isMade compares a bundle with the file that was made of its sources, and makes
// that again with -update.
func isMade(t *testing.T, result api.BuildResult, name string, have []byte) {
	t.Helper()
	for _, m := range append(result.Errors, result.Warnings...) {
		t.Errorf("%s:%d: %s", m.Location.File, m.Location.Line, m.Text)
	}
	if t.Failed() {
		return
	}
	made := result.OutputFiles[0].Contents
	if *update {
		if err := os.WriteFile(name, made, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(made, have) {
		t.Errorf("%s is not what its sources give: run go generate ./client", name)
	}
}

// No page pays more than this for everything the runtime can do.
func TestRuntimeIsSmall(t *testing.T) {
	isSmall(t, client.Runtime, 8<<10)
}

// isSmall says that a script has at most a number of bytes as Brotli.
func isSmall(t *testing.T, script []byte, limit int) {
	t.Helper()
	var packed bytes.Buffer
	w := brotli.NewWriterLevel(&packed, brotli.BestCompression)
	if _, err := w.Write(script); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, %d as Brotli", len(script), packed.Len())
	if packed.Len() > limit {
		t.Errorf("the script has %d bytes as Brotli; %d are the limit", packed.Len(), limit)
	}
}

func TestSourcesAreStrict(t *testing.T) {
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	tsc := filepath.Join(cache, "gorgon-testbed", "npm", "node_modules", ".bin", "tsc")
	if _, err := os.Stat(tsc); err != nil {
		t.Skipf("tsc: %v", testbed.ErrMissing)
	}
	if out, err := exec.Command(tsc, "--project", "tsconfig.json").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
