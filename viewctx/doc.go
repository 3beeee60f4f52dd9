// Package viewctx holds what a renderer puts into the context of the views that
// it renders, and what package gorgon's components read there: the [Site] an app
// is served as, the [Slots] that fill fragments in, and [Uses], in which views
// note what the document around them needs (the browser runtime, modules, the
// digests of inline scripts). The Site also has the [Caches], which all code of
// the app finds there.
//
// Views use the functions and components of package gorgon and never this
// package. Renderers, servers and tests of components do:
//
//	ctx = viewctx.WithSite(ctx, &viewctx.Site{Base: "/docs"})
package viewctx
