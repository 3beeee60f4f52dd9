// The module for live parts: what it is made of, and its size.

package client_test

import (
	"bytes"
	"testing"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/gorgon-go/gorgon/client"
	"github.com/gorgon-go/gorgon/wire"
)

func TestLiveIsWhatItsSourceGives(t *testing.T) {
	result := api.Build(api.BuildOptions{
		EntryPoints:       []string{"live.ts"},
		Bundle:            true,
		Format:            api.FormatESModule,
		Target:            api.ES2022,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone,
	})
	isMade(t, result, "live.js", client.Live)
	if !bytes.Contains(client.Live, []byte(wire.Stream)) {
		t.Errorf("it does not ask at %s", wire.Stream)
	}
}

// Pages with live parts pay no more than this for them.
func TestLiveIsSmall(t *testing.T) {
	isSmall(t, client.Live, 2<<10)
}
