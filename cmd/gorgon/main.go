// Command gorgon begins projects, runs them while they are written, plans and
// deploys them.
//
//	gorgon new NAME            write a site, a blog or a shop that builds, tests and serves
//	gorgon dev [PACKAGE]       run an app while it is being written
//	gorgon plan [PACKAGE]      say where an app can run, what that takes and what it costs
//	gorgon deploy [PACKAGE]    package an app for production, with what its target needs
//	gorgon generate [PACKAGE]  write clients of an app's endpoints in other languages
//	gorgon doctor              check what a developer needs, each fault with its hint
//	gorgon version             say which Gorgon this is
//
// Building and serving are commands of each app's own program.
package main

import "github.com/gorgon-go/gorgon/tool"

func main() { tool.Main(tool.Config{}) }
