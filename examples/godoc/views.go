// From states to what a page shows: templ components and heads.

package main

import (
	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/examples/godoc/views"
)

func head[S any](meta func(S) views.Meta) func(S) gorgon.Head {
	return func(s S) gorgon.Head { return headOf(meta(s)) }
}

func headOf(m views.Meta) gorgon.Head {
	return gorgon.Head{Title: m.Title + " · Go docs", Description: m.Description}
}

func layout(d gorgon.Document) gorgon.Component {
	return views.Layout(views.LayoutState{Title: d.Title, Head: d.Head, Main: d.Main, At: d.Path})
}

func errorView(f gorgon.Failure) gorgon.Component {
	message := f.Message
	if message == "" && f.Status == 404 {
		message = "There is no such page, package or symbol on this machine."
	}
	if f.ID != "" {
		message += " (" + f.ID + ")"
	}
	return views.ErrorPage(f.Status, f.Title, message)
}

func moduleView(s moduleState) gorgon.Component {
	if s.Module != nil {
		return views.ModulePage(*s.Module)
	}
	return views.ModulePackagePage(s.Package)
}

func moduleHead(s moduleState) gorgon.Head {
	if s.Module != nil {
		return headOf(views.ModuleMeta(*s.Module))
	}
	return headOf(views.PackageMeta(s.Package))
}

func installedView(s installedState) gorgon.Component { return views.InstalledPage(s.Page) }

func installedHead(s installedState) gorgon.Head { return headOf(views.InstalledMeta(s.Page)) }

func packageTags(s views.PackageState) []string { return []string{"package-" + s.Package.ImportPath} }

func symbolTags(s views.SymbolState) []string { return []string{"package-" + s.Symbol.PackagePath} }

// nowhere is never shown: what it would be of leads elsewhere.
func nowhere(struct{}) gorgon.Component { return views.ErrorPage(404, "Not Found", "") }
