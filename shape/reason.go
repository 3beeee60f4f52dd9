// The reasons for which values are refused.

package shape

import (
	"strconv"
	"strings"
)

// A reason is why a value is refused, without the place of the value.
type reason struct{ code, detail, limit string }

var none reason

// at is the fault of the value at a pointer.
func (r reason) at(pointer string) Fault {
	return Fault{Pointer: pointer, Detail: r.detail, Code: r.code, Limit: r.limit}
}

// The codes are listed in the package's documentation.
var (
	isRequired  = reason{code: "required", detail: "is required"}
	isUnknown   = reason{code: "unknown", detail: "is not known"}
	isNull      = reason{code: "null", detail: "must not be null"}
	notText     = reason{code: "text", detail: "must be text"}
	notWhole    = reason{code: "integer", detail: "must be a whole number"}
	notNumber   = reason{code: "number", detail: "must be a number"}
	notBool     = reason{code: "boolean", detail: "must be true or false"}
	notList     = reason{code: "list", detail: "must be a list"}
	notObject   = reason{code: "object", detail: "must be an object"}
	notTime     = reason{code: "time", detail: "must be a date and time such as 2006-01-02T15:04:05Z"}
	notBase64   = reason{code: "base64", detail: "must be base64"}
	notInt64    = reason{code: "integer", detail: "must be text that is a whole number"}
	notUTF8     = reason{code: "syntax", detail: "is not valid UTF-8"}
	notValid    = reason{code: "pattern", detail: "is not valid"}
	notUnique   = reason{code: "unique", detail: "must not have the same element twice"}
	notJSON     = reason{code: "file", detail: "is a file: send a form with parts"}
	tooDeep     = reason{code: "syntax", detail: "has more than 64 levels"}
	isTwice     = reason{code: "syntax", detail: "is given more than once"}
	hasMembers  = reason{code: "text", detail: "has members: give each by its own name"}
	notPattern  = reason{code: "pattern", detail: "does not have the right form"}
	notEmail    = reason{code: "email", detail: "must be an email address"}
	notURL      = reason{code: "url", detail: "must be an address that begins with https:// or http://"}
	manyNames   = reason{code: "syntax", detail: "has more than 1000 names"}
	notFileJSON = reason{code: "file", detail: "is a file"}
	notFile     = reason{code: "file", detail: "must be a file"}
	trailing    = reason{code: "syntax", detail: "has data after the value"}
	notJSONText = reason{code: "syntax", detail: "is not valid"}
	endsEarly   = reason{code: "syntax", detail: "ends too early"}
	isEmptyText = reason{code: "syntax", detail: "is empty"}
	notInYears  = reason{code: "time", detail: "must be in the years 0 to 9999"}
)

func (n *Node) below() reason {
	return reason{code: "min", detail: "must be at least " + n.Low, limit: n.Low}
}

func (n *Node) above() reason {
	return reason{code: "max", detail: "must be at most " + n.High, limit: n.High}
}

func (n *Node) notOneOf() reason {
	return reason{code: "enum", detail: "must be one of " + strings.Join(n.Values, ", "), limit: strings.Join(n.Values, ", ")}
}

// length checks a number of characters, bytes or elements.
func (n *Node) length(l int) reason {
	unit := "Length"
	words := "characters"
	switch n.Kind {
	case List, Map:
		unit, words = "Elements", "elements"
	case Bytes, Upload:
		unit, words = "Bytes", "bytes"
	}
	switch {
	case n.fixed && l != n.MinLen:
		return reason{code: "exact" + unit, detail: "must have exactly " + counted(n.MinLen, words), limit: strconv.Itoa(n.MinLen)}
	case l < n.MinLen:
		return reason{code: "min" + unit, detail: "must have at least " + counted(n.MinLen, words), limit: strconv.Itoa(n.MinLen)}
	case n.MaxLen >= 0 && l > n.MaxLen:
		return reason{code: "max" + unit, detail: "must have at most " + counted(n.MaxLen, words), limit: strconv.Itoa(n.MaxLen)}
	}
	return none
}

func counted(n int, unit string) string {
	if n == 1 {
		unit = strings.TrimSuffix(unit, "s")
	}
	return strconv.Itoa(n) + " " + unit
}
