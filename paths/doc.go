// Package paths holds what is known of the paths of an app: which ones are
// served, how patterns match them, how locales stand in them, how URLs write
// them, and which of them something else than a page answers.
//
// A path is decoded and names exactly one thing: "/tags/C#". A reference is what
// a link says: "/search?q=1#results", in which "?" begins the query and "%23" is
// an encoded "#". [Check] refuses a path that two readers could take for two
// different things; [Parse] and [OfURL] decode once and then check. [Escape] is
// the way back into a URL.
//
// Patterns are those of net/http.ServeMux without method and host, and a
// [Router] has ServeMux's precedence. The package knows nothing of apps and
// imports the standard library alone.
package paths
