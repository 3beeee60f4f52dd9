// A program that says which of its files and flags it was compiled from.
package main

import "fmt"

// words are what files under build tags and flags of the linker change.
var words = "plain"

func main() { fmt.Print(words, " ", more()) }
