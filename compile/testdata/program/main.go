// A program that says which of its files and flags it was compiled from.
package main

import "os"

// words are what files under build tags and flags of the linker change.
var words = "plain"

func main() { _, _ = os.Stdout.WriteString(words + " " + more()) }
