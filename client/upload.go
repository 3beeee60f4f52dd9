// The module for uploads, apart from the runtime.

package client

import _ "embed"

//go:generate go test -run TestUploadIsWhatItsSourceGives -update .

// Upload is the minified module that sends files into a bucket of package
// bucket, for the pages that upload something. It imports nothing.
//
//go:embed upload.js
var Upload []byte
