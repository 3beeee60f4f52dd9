// Package e2e tests programs as their users have them: through the command
// line, HTTP and signals, and under faults that are real. Disks are full or
// read-only because they are mounted so, and processes are killed.
//
// The program is the test binary itself, run again as the app of package
// internal/site, whose generators are moved from outside by files.
package e2e
