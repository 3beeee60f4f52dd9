// What the tests of the package's outside need from its inside.

package serve

// Identifier makes the name of a request.
var Identifier = identifier

// SignPurgeAt is SignPurge at a time and with a nonce.
var SignPurgeAt = signPurge
