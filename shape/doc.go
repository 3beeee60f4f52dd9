// Package shape reads a Go type once and derives four things from that one
// reading: strict decoding of JSON, binding of forms with the same checks,
// encoding as JSON, and JSON Schema (2020-12, as OpenAPI 3.1 uses it).
//
// The law: for every text that is well-formed JSON of at most 64 levels,
// [Type.Decode] accepts it exactly if the schema does, and what
// [Type.Append] makes of the decoded value is accepted by the schema. Types
// with a text form of their own and files are the exceptions. A test with an
// independent validator judges this.
//
// # Types
//
//	Go                             JSON                          schema
//	bool                           true, false                   boolean
//	int, int8 … int32              number without fraction,      integer with minimum
//	uint, uint8 … uint32           also written 1e2 or 3.0       and maximum
//	                               (int and uint: ±(2^53-1))
//	int64, uint64                  text, canonical decimal       string, pattern, format int64
//	float32, float64               number                        number with minimum and maximum
//	string                         text                          string
//	string type with Values() []T  one of the values             string, enum
//	time.Time                      RFC 3339, capital T and Z,    string, format date-time, pattern
//	                               up to 9 digits of a second,
//	                               no leap second
//	[]byte                         base64 with padding, strict   string, pattern
//	MarshalText and UnmarshalText  text                          string
//	slice, array                   list                          array
//	map with keys of kind string   object                        object, additionalProperties
//	struct                         object                        $ref to an object
//	File, []File                   none: forms alone             string of octets
//
// null is never accepted. Refused at [Of], each with a hint: interfaces,
// functions, channels, complex numbers, uintptr, maps with other keys, types
// whose JSON is their own, json.Number, json.RawMessage, time.Duration,
// pointers that are not the field of a struct, embedded pointers, two fields
// of one name, and the option string of the tag json.
//
// # Fields
//
// Names and options are those of encoding/json: the tag json with a name, "-",
// omitempty and omitzero; structs without a name are embedded; what is not
// exported is ignored. Names are exact, with their case. A member that is not
// known is a fault, unless [Options] says otherwise; one that is given twice
// is a [SyntaxError].
//
// A field is optional if it has omitempty or omitzero, or is a pointer. Every
// other one is required. Nil slices are encoded as [], nil maps as {}, and nil
// pointers are left out.
//
//	doc:"…"        the description
//	path:"id"      a parameter of the path, of no body
//	query:"q"      of the query; omitempty, omitzero or a pointer: optional
//	header:"X-Y"   of a header
//
// # Checks
//
// The tag check holds words with commas between them. An optional member is
// checked where it is present; in a value that was made in Go, see
// [Type.Check], one that omitempty or omitzero leaves out is absent.
//
//	min=3, max=120  a number: its value; text: its characters (Unicode code
//	                points); []byte and File: bytes; slices and maps: elements
//	pattern=RE      text that the regular expression finds something in; the
//	                last word, since it is the rest of the tag
//	email           an address as <input type=email> takes it, of 254 characters
//	url             an address with http or https, and a host that is a name
//	unique          a slice without equal elements: of text, whole numbers,
//	                bools or enums
//	each.min=3      the same for each element: each.max, each.pattern, each.email …
//
// # Faults
//
// Each [Fault] has a sentence in English, the code of the rule that was broken
// and, where there is one, its limit, so that a program can say it otherwise:
//
//	required, unknown, null          members and fields that are missing, not
//	                                 known, or null
//	text, integer, number, boolean,  a value of another type
//	list, object, time, base64, file
//	min, max                         the number is out of the limit
//	minLength, maxLength             too few or too many characters; for lists
//	                                 and maps minElements, maxElements and
//	                                 exactElements, for bytes and files
//	                                 minBytes and maxBytes
//	enum                             the limit lists the values
//	pattern, email, url, unique      the check of that name
//	syntax                           it is not JSON, or not a form that can be
//	                                 read
//
// # Forms
//
// See [Form] for names. A line ends with LF, whatever was sent. Numbers may
// have space around them, a sign and zeros in front. A bool is on, true, 1,
// off, false, 0 or "", and false if it is absent; an absent list or map is
// empty. An element of a list in which nothing was typed is left out, so that a
// form may have spare rows. An empty text for an optional field is an absent one. A time may also
// be what <input type=date> and datetime-local send, in UTC. A form has at most
// 1000 names of 64 steps.
package shape
