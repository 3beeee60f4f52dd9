// The script of the browser.

package passkey

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"html"
	"io"
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/viewctx"
)

//go:embed passkey.js
var script []byte

var (
	scriptSum  = sha256.Sum256(script)
	scriptPath = "/passkey-" + hex.EncodeToString(scriptSum[:6]) + ".js"
)

const scriptName = "passkey-script"

// Script is the script element of the layout. It is a module of the app itself,
// which the page's policy allows, and finds the endpoints by its own address.
func (p Passkeys) Script() gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		var named viewctx.Named
		found := false
		if find := viewctx.SiteOf(ctx).Find; find != nil {
			named, found = find(scriptName)
		}
		if !found {
			return &gorgon.Error{Op: "passkey", Err: errors.New("the app does not list the passkeys"), Hint: "add them to App.Parts"}
		}
		_, err := io.WriteString(w, `<script type="module" src="`+html.EscapeString(gorgon.URL(ctx, named.Path))+`"></script>`)
		return err
	})
}

// served serves the script.
type served struct{ p Passkeys }

// Validate reports what is wrong with the declaration.
func (s served) Validate() error { return s.p.validate() }

func (s served) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(script))
}
