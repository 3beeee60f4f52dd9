// The content of the module for uploads, and its size.

package client_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/evanw/esbuild/pkg/api"

	"github.com/gorgon-go/gorgon/client"
)

func TestUploadIsWhatItsSourceGives(t *testing.T) {
	result := api.Build(api.BuildOptions{
		EntryPoints:       []string{"upload.ts"},
		Bundle:            true,
		Format:            api.FormatESModule,
		Target:            api.ES2022,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone,
	})
	for _, m := range append(result.Errors, result.Warnings...) {
		t.Errorf("%s:%d: %s", m.Location.File, m.Location.Line, m.Text)
	}
	if t.Failed() {
		return
	}
	made := result.OutputFiles[0].Contents
	if *update {
		if err := os.WriteFile("upload.js", made, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(made, client.Upload) {
		t.Error("upload.js is not what its source gives: run go generate ./client")
	}
}

// Pages with uploads pay no more than this for them.
func TestUploadIsSmall(t *testing.T) {
	const limit = 3 << 10
	var packed bytes.Buffer
	w := brotli.NewWriterLevel(&packed, brotli.BestCompression)
	if _, err := w.Write(client.Upload); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, %d as Brotli", len(client.Upload), packed.Len())
	if packed.Len() > limit {
		t.Errorf("the module has %d bytes as Brotli; %d are the limit", packed.Len(), limit)
	}
}
