// The embedded module.

// Package client is the browser runtime: one ES module that follows links
// without leaving the document, loads islands and deferred fragments, and
// keeps what visitors typed and where they were. A page that needs none of it
// ships no script.
//
// Its source is TypeScript beside this file, bundled by go generate; what it
// does in a browser is told in docs/navigation.md.
package client

import _ "embed"

//go:generate go test -run TestRuntimeIsWhatItsSourcesGive -update .

// Runtime is the minified module, to be served as text/javascript under its
// digest. It imports nothing.
//
//go:embed gorgon.js
var Runtime []byte
