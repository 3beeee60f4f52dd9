// Package auth knows who makes a request: it keeps cookie sessions and API
// tokens, and guards pages and endpoints by them.
//
//	var people = auth.New(auth.Options{Store: sessiondb.In(db)})
//
//	gorgon.Group{Prefix: "/account", Guards: []func(http.Handler) http.Handler{people.SignedIn}, Parts: …}
//
// Users are the app's: their table, their names and their passwords. A user is
// known here by an id alone. The endpoint that has checked a password calls
// [Auth.SignIn]; guards let through who has signed in; what they guard asks
// [Auth.Who].
//
// # Sessions
//
// A session is a record of package sessions under the hash of 32 random bytes,
// which the visitor's browser has in a cookie: "__Host-session" over TLS. Every
// sign-in makes a new one, and ends the one that the browser had. A session ends
// when it was not used for [Options.Idle], when it is as old as
// [Options.Lifetime], by [Auth.SignOut], [Auth.Revoke] and [Auth.RevokeAll].
// Nothing about a session is in the cookie.
//
// # Memory
//
// An instance has the sessions of its visitors in memory, so that a request
// costs no trip to the store. A revocation is a purge in the sense of package
// coherence: once it has returned, no instance takes the session for valid. An
// instance that cannot ask for purges looks into the store of sessions on every
// request. When a session was last used is written once a minute at most; a
// session that is gone then is noticed as well, so that instances that share no
// page store, which they should, hear of a revocation within a minute.
//
// What [Options.Find] reads of the app's database through package database is
// noted as that of a page's loader is: a commit that takes a role away from a
// user counts on every instance, also if another program made it.
//
// # What depends on who asks
//
// Answers behind a guard, and those for which Who was asked, are private and not
// stored. A loader of a stored page has no request, and no way to ask.
package auth
