// Package pack puts everything that a site needs to run into one folder, or
// one executable, and opens it again wherever it was taken.
package pack
