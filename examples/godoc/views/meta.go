// Meta: the title and description of each page.

package views

import "strings"

// Meta is what a page says about itself in the head of the document.
type Meta struct {
	Title       string
	Description string
}

// HomeMeta describes the home page.
func HomeMeta(s HomeState) Meta {
	return Meta{"Standard library", "Documentation of " + s.GoVersion + " as installed on this machine."}
}

// PackageMeta describes a package page.
func PackageMeta(s PackageState) Meta {
	return Meta{s.Package.ImportPath, s.Package.Synopsis}
}

// SymbolMeta describes a symbol page.
func SymbolMeta(s SymbolState) Meta {
	return Meta{s.Symbol.PackageName + "." + s.Symbol.Name, s.Symbol.Synopsis}
}

// SourceMeta describes a source page.
func SourceMeta(s SourceState) Meta {
	return Meta{s.Source.File + " · " + s.Source.ImportPath, "Source of " + s.Source.ImportPath + "/" + s.Source.File + "."}
}

// ModuleMeta describes a module page.
func ModuleMeta(s ModuleState) Meta {
	return Meta{s.Module.String(), "The packages of module " + s.Module.Path + " at " + s.Module.Version + "."}
}

// InstalledMeta describes the page of what is installed.
func InstalledMeta(s InstalledState) Meta {
	return Meta{"Installed", s.GoVersion + " and the modules of this machine."}
}

// SearchMeta describes a search page.
func SearchMeta(s SearchState) Meta {
	if strings.TrimSpace(s.Query) == "" {
		return Meta{"Search", "Search packages and symbols."}
	}
	return Meta{s.Query + " · Search", "Packages and symbols that match " + s.Query + "."}
}

// ReadingMeta describes the reading page.
func ReadingMeta(ReadingState) Meta {
	return Meta{"Reading", "Packages worth reading, and those you read."}
}
