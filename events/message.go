package events

import "strconv"

// A Message is text that is sent to many clients. It is made ready once.
type Message struct {
	chunk []byte // as HTTP/1.1 sends it: its size, the text, and a line break
	text  []byte // within chunk
}

const lineBreak = "\r\n"

// NewMessage makes text ready to be sent.
func NewMessage(text []byte) *Message {
	chunk := appendChunk(make([]byte, 0, len(text)+20), text)
	return &Message{chunk, chunk[max(len(chunk)-len(lineBreak)-len(text), 0):max(len(chunk)-len(lineBreak), 0)]}
}

// appendChunk appends parts of a text as one chunk of HTTP/1.1. One without text
// would be the end of the body: it is left out.
func appendChunk[T string | []byte](b []byte, parts ...T) []byte {
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	if size == 0 {
		return b
	}
	b = append(strconv.AppendInt(b, int64(size), 16), lineBreak...)
	for _, part := range parts {
		b = append(b, part...)
	}
	return append(b, lineBreak...)
}

// lastChunk ends a body.
const lastChunk = "0\r\n\r\n"
