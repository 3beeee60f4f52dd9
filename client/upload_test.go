// The content of the module for uploads, and its size.

package client_test

import (
	"testing"

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
	isMade(t, result, "upload.js", client.Upload)
}

// Pages with uploads pay no more than this for them.
func TestUploadIsSmall(t *testing.T) {
	isSmall(t, client.Upload, 3<<10)
}
