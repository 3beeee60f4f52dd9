// Package gorgon holds the words of a Gorgon app: what the site is, said once.
//
// An [App] is a list of routes. A [Page] says which paths it answers, where
// its state comes from, and how that state looks:
//
//	gorgon.Page[Product]{
//		Path:            "/products/{id}",
//		BuildPaths:      bestsellers,  // made at build
//		BuildState:      loadProduct,  // the same function makes the rest …
//		Incremental:     true,         // … on their first request
//		RevalidateAfter: time.Hour,    // and again, behind the visitor's back
//		View:            productPage,
//	}
//
// The state of a page can be made at build, on the first request, every so
// often, when something says so, on every request, or at build and on every
// request both:
//
//	declared                                  made                     kept in
//	View alone                                at build                 the seed
//	BuildState (BuildPaths for parameters)    at build                 the seed
//	 + Incremental                            on first request         the store
//	 + RevalidateAfter                        when older than that     the seed, then the store
//	 + ShouldRevalidate                       when it says so          the seed, then the store
//	RequestState                              every request            nowhere
//	BuildState + RequestState + Amalgamate    both, merged             the built half only
//
// The seed is the read-only file that a build writes; the store is the place
// for what is made later, and may be empty, lost, shared, slow or read-only
// at any time. Neither is part of an App: an App holds no store and starts
// nothing, so it can be validated, printed, packaged and tested. Package
// [github.com/gorgon-go/gorgon/command] turns one into a program.
//
// # What a generator sees
//
// A generator is an ordinary function of a [context.Context] and an [Input].
// Only RequestState also gets the *http.Request, so what is kept can depend
// on no cookie, header or query string. A generator answers with a state, or
// with [NotFound], [Gone], [Redirect] or another [Error]; any other error is
// a failure, whose cause goes to the log and never to the visitor.
//
// # Paths
//
// Patterns are those of [net/http.ServeMux], without method and host, and
// written decoded: "/käse/{name}". Their precedence is ServeMux's. One
// pattern differs: "/" and any other pattern that ends in a slash means that
// one path, as "/{$}" does, since a page is one document; "/{rest...}" is
// everything below, and matches at least one segment.
//
// A request's path is decoded exactly once. Case counts. A path with a
// trailing slash is sent to the one without, and the other way round, where
// only the other exists. See [ParsePath] for what is refused.
package gorgon
