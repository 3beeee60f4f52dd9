// Package wire holds the names that programs agree on: the paths below
// /_gorgon/, Gorgon's own headers and cookies, the fields of log records that
// other programs read, and the line by which a server says that it is ready.
//
// Several programs are written against each other: the server, the runtime in
// the browser, the tool that develops an app, the rehearsal that runs a
// package. What one of them writes and another reads is declared here once.
// Messages for people are not: they may be reworded, and no program reads them.
//
// The constants of the browser runtime are made of this package by
// [TypeScript]; see package client.
//
// # Paths
//
// All paths are decoded and without the base path of the app. Below [Root] lie
// the framework's own: [Assets] never change; a fragment lies at [Fragment] or,
// in a document of its own, at [View]; a navigation payload at [PagePrefix] or
// [FolderPrefix], the page's path and [PayloadSuffix].
//
// # A server that is ready
//
// A program that starts another one as a server sets [ReadyVariable] to
// [ReadyJSON] and reads lines of its standard error until [ParseReady] knows
// one. Without the variable the server writes a sentence for people.
//
// # Logs
//
// A record that a program acts on has the field [LogEvent], which says what
// happened, and the fields that belong to it: [EventPageFailed] has [LogPage]
// with the page's name, or [LogPages] where several records became one, and
// [EventJobsLate] has none.
// [ParseEvent] reads them.
package wire

// Paths of the framework.
const (
	Segment = "_gorgon"           // the first one of all paths of the framework
	Root    = "/" + Segment + "/" // where they begin

	Assets   = Root + "assets/"   // files whose path names their content
	Fragment = Root + "fragment/" // a fragment's name, seal and page follow
	View     = Root + "view/"     // the same, in a document of its own
	Cache    = Root + "cache/"    // a cache's name and the key of a value follow, in keys and purges; no URL leads there

	PagePrefix    = Root + "page"   // the payload of a page, by its path
	FolderPrefix  = Root + "folder" // of one whose path ends with a slash, without that
	PayloadSuffix = ".json"

	Stream = Root + "live" // what is new of a page's live parts: the page's path follows

	Locale = Root + "locale" // remembers the language that a visitor chose
	Purge  = Root + "purge"  // takes signed purges
	Tick   = Root + "tick"   // runs a batch of jobs
	Rooms  = Root + "rooms/" // where instances call each other
)

// Names among the assets of a site: of the browser runtime, and of the module for
// live parts.
const (
	Runtime     = Segment + "/runtime.js"
	LiveRuntime = Segment + "/live.js"
)

// What orchestrators ask, below no base path.
const (
	Live    = "/livez"    // the process answers
	Ready   = "/readyz"   // it can be sent visitors
	Started = "/startupz" // it has started
)

// Paths of development: of the tool, and of the app that the tool asks.
const (
	Dev         = Root + "dev/" // the inspector
	DevEvents   = Dev + "events"
	DevClient   = Dev + "client.js"
	DevRequests = Dev + "requests.json"
	DevSite     = Dev + "site.json"    // what the inspector shows
	DevState    = Dev + "state.json"   // a DevReport
	DevFailure  = Dev + "failure.json" // a DevFailed; ?id= of a request
	DevMail     = Dev + "mail/"        // mails that were kept in place of being sent, and below it each of them
	DevRenew    = Dev + "renew"        // POST: read the texts of templates again, and with ?assets=1 the files on disk; a DevReport
)

// Headers.
const (
	HeaderToken     = "Gorgon-Token"   // the epoch of a purge, which the answer must not be older than
	HeaderVersion   = "Gorgon-Version" // of an answer that is a live fragment: how the element around it names what the visitor has
	HeaderTimestamp = "Gorgon-Timestamp"
	HeaderNonce     = "Gorgon-Nonce"
	HeaderSignature = "Gorgon-Signature"
	HeaderRequestID = "Request-Id"   // of an answer: the name of a failed request in the log
	HeaderDev       = "Gorgon-Dev"   // set by the tool: a page of another site cannot send it
	HeaderBuild     = "Gorgon-Build" // of an answer to the tool
	HeaderForm      = "Gorgon-Form"  // of a form that the browser runtime submits: a redirect is answered with 204 and its Location

	HeaderIdentity  = "Gorgon-Identity" // of an answer that changes who the visitor is: a sign-in, a sign-out, a new session
	IdentityChanged = "changed"         // its value
)

// Headers of others that programs of ours agree on, too.
const (
	HeaderKey      = "Idempotency-Key"      // of a call: sent again, it is the same call
	HeaderReplayed = "Idempotency-Replayed" // of an answer: an earlier call with this key received it
)

// Cookies.
const (
	CookieToken  = "gorgon-token"
	CookieLocale = "gorgon_locale"
)

// What Cache-Status says of an answer.
const (
	CacheName      = "gorgon"          // which cache speaks
	CacheOver      = "ttl=-"           // its time is over: the number of seconds is below zero
	DetailStale    = "detail=stale"    // it is out of date, and a newer one is being made
	DetailDegraded = "detail=degraded" // the store cannot be used
)

// A DevReport is what the tool has to know of the app that it develops.
type DevReport struct {
	Build   string   `json:"build"`
	Folders []string `json:"folders"` // whose files are read from disk: they need no compiler
}

// A DevFailed is why a request failed, as the app's log has it.
type DevFailed struct {
	Path string `json:"path,omitempty"`
	Text string `json:"text"`
}
