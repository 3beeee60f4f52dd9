// Crosscheck type-checks the module's packages and their tests for other
// operating systems:
//
//	crosscheck <folder> <os>...
//
// It does what compiling for them would find out, without generating code, and
// ignores what functions of other modules contain: a fraction of the work.
package main

import (
	"fmt"
	"os"

	"golang.org/x/tools/go/packages"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: crosscheck <folder> <os>...")
		os.Exit(2)
	}
	faults := 0
	for _, system := range os.Args[2:] {
		found, err := check(os.Args[1], system)
		if err != nil {
			fmt.Fprintf(os.Stderr, "crosscheck %s: %v\n", system, err)
			os.Exit(2)
		}
		faults += found
	}
	if faults > 0 {
		os.Exit(1)
	}
}

// check prints what is wrong with the packages of a folder on an operating
// system, and returns how much that is.
func check(folder, system string) (faults int, err error) {
	all, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedDeps |
			packages.NeedTypes | packages.NeedTypesSizes | packages.NeedSyntax | packages.NeedTypesInfo | packages.NeedModule,
		Dir:   folder,
		Env:   append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0"),
		Tests: true,
	}, "./...")
	if err != nil {
		return 0, err
	}
	if len(all) == 0 {
		return 0, fmt.Errorf("no packages in %s", folder)
	}
	packages.Visit(all, nil, func(p *packages.Package) {
		for _, e := range p.Errors {
			fmt.Fprintf(os.Stderr, "%s: %v\n", system, e)
			faults++
		}
	})
	return faults, nil
}
