// Decoding JSON, with every check on the way.

package shape

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// Options change how [Type.Decode] reads.
type Options struct {
	IgnoreUnknown bool // members that the type does not have are ignored
}

type decoder struct {
	dec     jsontext.Decoder
	buf     bytes.Buffer
	scratch []byte
	ignore  bool
	faults  []Fault
}

// maxScratch is what a decoder keeps for its next use.
const maxScratch = 1 << 16

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// Decode reads JSON into what into points to, a value of the type, and leaves
// its parameters alone. It returns all faults at once, at most 100, or a
// *[SyntaxError]; after either, the value must not be used.
func (t *Type) Decode(data []byte, into any, o Options) ([]Fault, error) {
	v := t.target(into)
	t.clear(v)
	d := decoders.Get().(*decoder)
	d.buf = *bytes.NewBuffer(data)
	d.dec.Reset(&d.buf)
	d.ignore = o.IgnoreUnknown
	err := d.whole(t.node, v)
	faults := d.faults
	d.faults, d.buf = nil, bytes.Buffer{}
	if cap(d.scratch) > maxScratch {
		d.scratch = nil
	}
	d.dec.Reset(&d.buf)
	decoders.Put(d)
	if err != nil {
		return nil, err
	}
	return faults, nil
}

func (d *decoder) whole(n *Node, v reflect.Value) error {
	if err := d.value(n, v); err != nil {
		return err
	}
	if _, err := d.dec.ReadToken(); err == nil {
		return &SyntaxError{trailing.at("")}
	} else if err != io.EOF {
		return syntaxError(err)
	}
	return nil
}

func syntaxError(err error) error {
	var at *jsontext.SyntacticError
	pointer := ""
	if errors.As(err, &at) {
		pointer = strings.ToValidUTF8(string(at.JSONPointer), "\uFFFD")
	}
	why := notJSONText
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		why = isTwice
	case errors.Is(err, io.ErrUnexpectedEOF):
		why = endsEarly
	case errors.Is(err, io.EOF):
		why = isEmptyText
	}
	return &SyntaxError{why.at(pointer)}
}

func (d *decoder) full() bool { return len(d.faults) >= maxFaults }

// fault adds a fault of the value that was read last.
func (d *decoder) fault(why reason) {
	if why != none && !d.full() {
		d.faults = append(d.faults, why.at(string(d.dec.StackPointer())))
	}
}

// skip passes over the next value.
func (d *decoder) skip() error {
	outside := d.dec.StackDepth()
	for {
		if _, err := d.dec.ReadToken(); err != nil {
			return syntaxError(err)
		}
		switch depth := d.dec.StackDepth(); {
		case depth > maxDepth:
			return d.deep()
		case depth == outside:
			return nil
		}
	}
}

func (d *decoder) refuse(why reason) error {
	if d.dec.PeekKind() == 'n' {
		why = isNull
	}
	if err := d.skip(); err != nil {
		return err
	}
	d.fault(why)
	return nil
}

// enter reads the begin of a list or an object.
func (d *decoder) enter() error {
	if _, err := d.dec.ReadToken(); err != nil {
		return syntaxError(err)
	}
	if d.dec.StackDepth() > maxDepth {
		return d.deep()
	}
	return nil
}

func (d *decoder) deep() error {
	return &SyntaxError{tooDeep.at(string(d.dec.StackPointer()))}
}

func (d *decoder) leave() error {
	if _, err := d.dec.ReadToken(); err != nil {
		return syntaxError(err)
	}
	return nil
}

// A form is how a kind begins in JSON, and what is said of anything else.
type form struct {
	kind jsontext.Kind
	why  reason
}

var forms = [...]form{
	Int: {'0', notWhole}, Float: {'0', notNumber}, Int64String: {'"', notInt64}, String: {'"', notText}, Enum: {'"', notText},
	Time: {'"', notTime}, Bytes: {'"', notBase64}, Text: {'"', notText}, List: {'[', notList}, Map: {'{', notObject}, Struct: {'{', notObject},
}

func (d *decoder) value(n *Node, v reflect.Value) error {
	if d.full() {
		return d.skip()
	}
	kind := d.dec.PeekKind()
	switch n.Kind {
	case Bool:
		if kind != 't' && kind != 'f' {
			return d.refuse(notBool)
		}
		v.SetBool(kind == 't')
		return d.skip()
	case Upload:
		return d.refuse(notJSON)
	}
	if f := forms[n.Kind]; kind != f.kind {
		return d.refuse(f.why)
	}
	switch n.Kind {
	case Struct:
		return d.structure(n, v)
	case List:
		return d.list(n, v)
	case Map:
		return d.mapping(n, v)
	}
	raw, err := d.dec.ReadValue()
	if err != nil {
		return syntaxError(err)
	}
	if kind == '0' {
		d.fault(n.setNumber(v, raw))
	} else {
		d.fault(n.setText(v, d.unquote(raw)))
	}
	return nil
}

// unquote returns the text of a string in JSON, until the next call.
func (d *decoder) unquote(raw []byte) []byte {
	inside := raw[1 : len(raw)-1]
	if bytes.IndexByte(inside, '\\') < 0 {
		return inside
	}
	// The decoder has read it, so that it has no error.
	d.scratch, _ = jsontext.AppendUnquote(d.scratch[:0], raw)
	return d.scratch
}
