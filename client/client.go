// The embedded module.

// Package client is the browser runtime: one ES module that follows links and
// submits forms without leaving the document, loads islands and deferred
// fragments, and keeps visitors' input and scroll positions. A page that needs
// none of it ships no script.
//
// Its source is the TypeScript in this folder, bundled by go generate;
// docs/navigation.md describes what it does in a browser.
package client

import _ "embed"

//go:generate go test -run TestRuntimeIsWhatItsSourcesGive -update .

// Runtime is the minified module, to be served as text/javascript under its
// digest. It imports nothing.
//
//go:embed gorgon.js
var Runtime []byte
