// Forms that call the operations, on the page of an app that is being written.

package describe

import (
	_ "embed"
	"strings"

	"github.com/gorgon-go/gorgon/shape"
)

//go:embed try.js
var script string

// A try is the form of an operation.
type try struct {
	Path   string    `json:"path"` // with the base path, and with wildcards
	Inputs []control `json:"inputs,omitempty"`
}

// A control is one input of a form. In says where its value is sent: "path",
// "rest" for several segments of it, "query", "header", "form", or "body" for
// all of it as JSON.
type control struct {
	In    string `json:"in"`
	Name  string `json:"name,omitempty"`
	Value string `json:"value,omitempty"`
	File  bool   `json:"file,omitempty"`
}

// tries are the form of an operation, and the one that sends operations to a room.
func (o Operation) tries(base string) (t, send *try) {
	if !o.Room {
		return o.try(base, o.In), nil
	}
	send = o.try(base, nil)
	send.Inputs = append(send.Inputs, control{In: "body", Value: o.sampleOps()})
	return o.try(base, nil), send
}

// try is a form with the parameters and a body; nil: it has none.
func (o Operation) try(base string, body *shape.Type) *try {
	t := &try{Path: base + o.template()}
	for _, p := range o.parameters() {
		c := control{In: p.In, Name: p.Name}
		if p.Required {
			c.Value = sampleText(p.Node)
		}
		if strings.Contains(o.Path, "{"+p.Name+"...}") {
			c.In = "rest"
		}
		t.Inputs = append(t.Inputs, c)
	}
	if o.Guarded {
		t.Inputs = append(t.Inputs, control{In: "header", Name: "Authorization"})
	}
	switch {
	case body == nil || !body.Body():
	case body.Files():
		t.Inputs = append(t.Inputs, controls(body.Node(), "", true, 0)...)
	default:
		t.Inputs = append(t.Inputs, control{In: "body", Value: sample(body.Node(), 0)})
	}
	return t
}

// controls are those of a form with files: one for each value, and for the
// first element of each list. Maps are left out.
func controls(n *shape.Node, name string, required bool, depth int) (all []control) {
	if n.Kind == shape.List && n.Elem.Kind == shape.Struct {
		n, name = n.Elem, name+".0"
	}
	for i := 0; i < len(n.Fields) && depth < 4; i++ {
		f := n.Fields[i]
		all = append(all, controls(f.Node, strings.TrimPrefix(name+"."+f.Name, "."), required && !f.Optional, depth+1)...)
	}
	if n.Kind != shape.Struct && n.Kind != shape.Map {
		c := control{In: "form", Name: name, File: strings.HasSuffix(typeText(n), "file")}
		if required && !c.File {
			c.Value = sampleText(n)
		}
		all = append(all, c)
	}
	return all
}

// try writes a form. It is a fieldset, since the app's runtime sends forms.
func (p *printer) try(method string, t *try) {
	p.raw(`<fieldset class="try" data-method="`).text(method).raw(`" data-path="`).text(t.Path).raw(`"><legend>Try it</legend>`)
	for _, c := range t.Inputs {
		p.raw(`<p><label>`).text(strings.TrimSpace(c.Name + " (" + c.In + ")"))
		switch {
		case c.In == "body":
			p.raw(`<br><textarea rows="5" cols="70" data-in="body">`).text(c.Value).raw(`</textarea>`)
		case c.File:
			p.raw(` <input type="file" multiple data-in="form" name="`).text(c.Name).raw(`">`)
		default:
			p.raw(` <input data-in="` + c.In + `" name="`).text(c.Name).raw(`" value="`).text(c.Value).raw(`">`)
		}
		p.raw(`</label></p>`)
	}
	p.raw(`<button type="button">Send</button><pre tabindex="0" hidden></pre></fieldset>`)
}
