// Package gorgon describes a whole site as one Go value, the [App].
//
// An [App] is a list of parts. A [Page] says which paths it answers, where its
// state comes from, and how that state is rendered:
//
//	gorgon.Page[Product]{
//		Path:            "/products/{id}",
//		Paths:           bestsellers, // made at build
//		Load:            loadProduct, // the same function loads the rest …
//		Incremental:     true,        // … on their first request
//		RevalidateAfter: time.Hour,   // and again, in the background
//		View:            productPage,
//	}
//
// The state of a page can be loaded at build, on the first request, at an
// interval, when a function of the app decides it, on every request, or both at
// build and on every request:
//
//	declared                         loaded                  stored in
//	View alone                       at build                the seed
//	Load (Paths for wildcards)       at build                the seed
//	 + Incremental                   on first request        the store
//	 + RevalidateAfter               when older than that    the seed, then the store
//	 + ShouldRevalidate              when it says so         the seed, then the store
//	LoadRequest                      on every request        nowhere
//	Load + LoadRequest + Merge       both, merged            the built half only
//
// The seed is the read-only file that a build writes. The store holds pages
// generated at run time, and may be empty, lost, shared, slow or read-only at
// any time. Neither is part of an App: an App holds no store and starts
// nothing, so it can be validated, printed, packaged and tested. Package
// [github.com/gorgon-go/gorgon/command] turns an App into a program.
//
// The other parts are the [Fragment], a part of pages with a state of its own;
// the [Handler], an http.Handler at a pattern; the [Service], work beside
// requests; the [BuildValue], computed once per build; and the [Group], several
// parts with a common prefix and guards.
//
// # Loaders
//
// A loader is an ordinary function of a [context.Context] and an [Input].
// Only LoadRequest also receives the *http.Request, so what is stored cannot
// depend on a cookie, a header or a query string. A loader returns a state, or
// [NotFound], [Gone], [Redirect] or another [Error]. Any other error is a
// failure: its cause goes to the log and never to the visitor.
//
// # Paths
//
// Patterns are those of [net/http.ServeMux], without method and host, and
// written decoded: "/käse/{name}". Their precedence is ServeMux's. One
// pattern differs: "/" and any other pattern that ends in a slash matches only
// that path, as "/{$}" does, since a page is one document; "/{rest...}" is
// everything below, and matches at least one segment.
//
// A request's path is decoded exactly once. Case matters. A path with a trailing
// slash redirects to the path without it, and the other way round, where only
// the other exists. Package [github.com/gorgon-go/gorgon/paths] says which paths
// are refused.
//
// # For the machines
//
// [Definition] and the methods of [App] are for the packages that check, build
// and serve an app, and for tests. What these put into the context of views is in
// package [github.com/gorgon-go/gorgon/viewctx].
package gorgon
