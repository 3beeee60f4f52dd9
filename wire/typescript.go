// The constants of the browser runtime.

package wire

import (
	"fmt"
	"strings"
)

// TypeScript is the source of the module that declares for the browser runtime
// what it needs of this package.
func TypeScript() string {
	var b strings.Builder
	b.WriteString("// Code generated from package wire by go generate. DO NOT EDIT.\n\nexport const enum Wire {\n")
	for _, c := range [...]struct{ name, value string }{
		{"Root", Root}, {"Assets", Assets}, {"Fragment", Fragment},
		{"Page", PagePrefix}, {"Folder", FolderPrefix}, {"Suffix", PayloadSuffix},
		{"Over", CacheOver}, {"Stale", DetailStale}, {"Form", HeaderForm}, {"Identity", HeaderIdentity}, {"Key", HeaderKey},
	} {
		fmt.Fprintf(&b, "  %s = %q,\n", c.name, c.value)
	}
	b.WriteString("}\n")
	return b.String()
}
