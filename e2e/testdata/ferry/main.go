// The ferry as a program: linked with a version of its own.

package main

import "github.com/gorgon-go/gorgon/e2e/internal/ferry"

var version = "1"

func main() {
	ferry.Version = version
	ferry.Main()
}
