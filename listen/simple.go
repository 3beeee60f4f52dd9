// Requests that are as plain as they can be: where they end, and what they ask for.

package listen

import (
	"bytes"
	"encoding/binary"
)

// A Simple is a GET or HEAD request for a path that needs no decoding, without a
// query, a body, or a header that could change what is answered beside those that
// are here. Its slices are valid until the [Lane] returns.
type Simple struct {
	Head bool // it is HEAD
	// Path is a path of letters, digits and "-._~/".
	Path []byte

	AcceptEncoding []byte // nil for none
	IfNoneMatch    []byte // nil for none
	Cookie         []byte // nil for none

	raw []byte // the whole request
	of  *lane
}

// A verdict is what the bytes that have come from a client are.
type verdict uint8

const (
	unclear verdict = iota // a request that has not come to its end
	odd                    // no request of which it is certain where it ends
	plain                  // a whole request, which ends where it seems to
	simple                 // a plain one that is as its Simple says
)

// A field is what a header means here.
type field uint8

const (
	fieldOther field = iota // the request is plain, and not simple
	fieldOdd
	fieldHost
	fieldConnection
	fieldAcceptEncoding
	fieldIfNoneMatch
	fieldIfModifiedSince
	fieldCookie
	fieldCacheControl
	firstIgnored // it does not matter for what is kept
)

// longestName is that of the longest name in fieldOf.
const longestName = 25

// fieldOf finds a header by its name in lower case. Each name has a number of
// its own, by which a second one is seen.
func fieldOf(name []byte) field {
	switch string(name) {
	case "content-length", "transfer-encoding", "upgrade", "expect", "trailer", "te", "keep-alive", "proxy-connection", "http2-settings":
		return fieldOdd
	case "host":
		return fieldHost
	case "connection":
		return fieldConnection
	case "accept-encoding":
		return fieldAcceptEncoding
	case "if-none-match":
		return fieldIfNoneMatch
	case "if-modified-since":
		return fieldIfModifiedSince
	case "cookie":
		return fieldCookie
	case "cache-control":
		return fieldCacheControl
	case "accept":
		return firstIgnored
	case "accept-language":
		return firstIgnored + 1
	case "user-agent":
		return firstIgnored + 2
	case "referer":
		return firstIgnored + 3
	case "upgrade-insecure-requests":
		return firstIgnored + 4
	case "sec-fetch-dest":
		return firstIgnored + 5
	case "sec-fetch-mode":
		return firstIgnored + 6
	case "sec-fetch-site":
		return firstIgnored + 7
	case "sec-fetch-user":
		return firstIgnored + 8
	case "sec-ch-ua":
		return firstIgnored + 9
	case "sec-ch-ua-mobile":
		return firstIgnored + 10
	case "sec-ch-ua-platform":
		return firstIgnored + 11
	case "priority":
		return firstIgnored + 12
	case "dnt":
		return firstIgnored + 13
	case "sec-gpc":
		return firstIgnored + 14
	case "x-forwarded-for":
		return firstIgnored + 15
	case "x-forwarded-proto":
		return firstIgnored + 16
	case "x-forwarded-host":
		return firstIgnored + 17
	case "x-forwarded-port":
		return firstIgnored + 18
	case "x-real-ip":
		return firstIgnored + 19
	case "x-request-id":
		return firstIgnored + 20
	case "forwarded":
		return firstIgnored + 21
	case "via":
		return firstIgnored + 22
	case "x-amzn-trace-id":
		return firstIgnored + 23
	}
	return fieldOther
}

// Classes of bytes.
const (
	inName byte = 1 << iota // of a token
	inPath
	inHost
	inHex
)

// class holds the classes of each byte, and lower the byte as it is in a name in
// lower case.
var class, lower = classes()

func classes() (class, lower [256]byte) {
	for c := range 256 {
		b := byte(c)
		lower[c] = b
		letter := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
		digit := b >= '0' && b <= '9'
		if b >= 'A' && b <= 'Z' {
			lower[c] = b + 'a' - 'A'
		}
		if letter || digit || bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), b) >= 0 {
			class[c] |= inName
		}
		if letter || digit || bytes.IndexByte([]byte("-._~/"), b) >= 0 {
			class[c] |= inPath
		}
		if letter || digit || bytes.IndexByte([]byte("-.:[]"), b) >= 0 {
			class[c] |= inHost
		}
		if digit || lower[c] >= 'a' && lower[c] <= 'f' {
			class[c] |= inHex
		}
	}
	return class, lower
}

// only says whether all bytes are of a class.
func only(b []byte, of byte) bool {
	for _, c := range b {
		if class[c]&of == 0 {
			return false
		}
	}
	return true
}

// printable says whether all bytes are of ASCII, and none is a control
// character.
func printable(b []byte) bool {
	const ones = 0x0101010101010101
	for len(b) >= 8 {
		x := binary.LittleEndian.Uint64(b)
		del := x ^ 0x7f*ones
		if (x|(x-0x20*ones)|(del-ones))&(0x80*ones) != 0 {
			return false // a borrow only comes from a byte that is one of them
		}
		b = b[8:]
	}
	for _, c := range b {
		if c < ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// line cuts off the first line, which must end with CR and LF. It is false where
// the line has not come to its end, and bare where it ends otherwise.
func line(b []byte) (text, rest []byte, whole, bare bool) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return nil, b, false, false
	}
	if i == 0 || b[i-1] != '\r' {
		return nil, b, true, true
	}
	return b[:i-1], b[i+1:], true, false
}

// read reads the request at the beginning of b, and says how long it is. A line
// that is odd is so as soon as it is there.
func (q *Simple) read(b []byte) (length int, v verdict) {
	*q = Simple{}
	text, rest, whole, bare := line(b)
	switch {
	case !whole:
		return 0, unclear
	case bare:
		return 0, odd
	}
	v = q.readLine(text)
	if v == odd {
		return 0, odd
	}
	var seen uint64
	for {
		text, rest, whole, bare = line(rest)
		switch {
		case !whole:
			return 0, unclear
		case bare:
			return 0, odd
		case len(text) == 0:
			if seen&(1<<fieldHost) == 0 {
				return 0, odd
			}
			if seen&(1<<fieldIfModifiedSince) != 0 && q.IfNoneMatch == nil {
				v = plain
			}
			q.raw = b[:len(b)-len(rest)]
			return len(q.raw), v
		}
		f, value, ok := header(text)
		if !ok || f == fieldOdd {
			return 0, odd
		}
		if f == fieldOther {
			v = plain
			continue
		}
		if seen&(1<<f) != 0 {
			return 0, odd
		}
		seen |= 1 << f
		switch f {
		case fieldHost:
			if len(value) == 0 || !only(value, inHost) {
				return 0, odd
			}
		case fieldConnection:
			if !bytes.EqualFold(value, []byte("keep-alive")) {
				return 0, odd
			}
		case fieldAcceptEncoding:
			q.AcceptEncoding = value
		case fieldIfNoneMatch:
			q.IfNoneMatch = value
		case fieldCookie:
			q.Cookie = value
		case fieldCacheControl:
			if string(value) != "max-age=0" {
				v = plain
			}
		}
	}
}

// readLine reads the line of a request.
func (q *Simple) readLine(text []byte) verdict {
	target, ok := bytes.CutSuffix(text, []byte(" HTTP/1.1"))
	if !ok {
		return odd
	}
	if rest, get := bytes.CutPrefix(target, []byte("GET ")); get {
		target = rest
	} else if target, q.Head = bytes.CutPrefix(target, []byte("HEAD ")); !q.Head {
		return odd
	}
	if len(target) == 0 || target[0] != '/' || !printable(target) || bytes.IndexByte(target, ' ') >= 0 {
		return odd
	}
	if q.Path = target; only(target, inPath) {
		return simple
	}
	for rest := target; ; rest = rest[1:] {
		i := bytes.IndexByte(rest, '%')
		if i < 0 {
			return plain
		}
		if rest = rest[i:]; len(rest) < 3 || class[rest[1]]&class[rest[2]]&inHex == 0 {
			return odd // net/http refuses it before it has the header
		}
	}
}

// header reads a line of the header. It is false where it is odd.
func header(text []byte) (f field, value []byte, ok bool) {
	colon := bytes.IndexByte(text, ':')
	if colon <= 0 {
		return 0, nil, false
	}
	name, value := text[:colon], text[colon+1:]
	var low [longestName]byte
	for i, c := range name {
		if class[c]&inName == 0 {
			return 0, nil, false
		}
		if i < len(low) {
			low[i] = lower[c]
		}
	}
	if !printable(value) {
		return 0, nil, false
	}
	if len(name) <= len(low) {
		f = fieldOf(low[:len(name)])
	}
	return f, bytes.Trim(value, " "), true
}
