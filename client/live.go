// The module for live parts, apart from the runtime.

package client

import _ "embed"

//go:generate go test -run TestLiveIsWhatItsSourceGives -update .

// Live is the minified module that keeps the live parts of a page up to date, for
// the pages that have any. It imports nothing.
//
//go:embed live.js
var Live []byte
