// The same app as another program: linked with a version of its own.

package main

import "github.com/gorgon-go/gorgon/e2e/internal/site"

var version = "2"

func main() {
	site.Version = version
	site.Main()
}
