// Package pack writes everything that a site needs to run into one folder, or
// one executable, and finds it again wherever it was copied.
package pack
