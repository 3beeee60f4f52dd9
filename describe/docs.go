// The documentation of an app's endpoints, as a part of the app.

package describe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/viewctx"
)

// Docs are two documents that describe the app's endpoints: a page for people,
// in the app's layout, at Path, and the OpenAPI document below it, at
// openapi.json. Both are made at build. While 'gorgon dev' runs the app, the page
// has a form for each operation that calls it and shows the answer.
//
//	describe.Docs{Path: "/api"}
type Docs struct {
	Path string // "/api"

	// Below are paths with the prefixes of groups, such as "/api": what is described
	// is at or below one of them. Forms of the site itself are endpoints, too, and are
	// left out so. Default: all operations are described.
	Below []string

	// Guards decide who may read them. Default: everyone may.
	Guards []func(http.Handler) http.Handler
}

// Part returns the two documents.
func (d Docs) Part() gorgon.Part {
	link := strings.TrimSuffix(d.Path, "/") + "/openapi.json"
	return gorgon.Group{Guards: d.Guards, Parts: []gorgon.Part{
		gorgon.Resource[string]{
			Path: link,
			Load: func(ctx context.Context, _ gorgon.Input) (string, error) {
				app, server, err := served(ctx)
				if err != nil {
					return "", err
				}
				text, err := document(app, server, d.Below)
				return string(text), err
			},
			Write: func(_ context.Context, w io.Writer, text string) error {
				_, err := io.WriteString(w, text)
				return err
			},
		},
		gorgon.Page[reference]{
			Path: d.Path,
			Load: func(ctx context.Context, _ gorgon.Input) (reference, error) {
				app, server, err := served(ctx)
				if err != nil {
					return reference{}, err
				}
				if !strings.HasPrefix(server, "http") {
					server = "https://example.com" + server
				}
				operations, err := Operations(app, d.Below...)
				if err != nil {
					return reference{}, err
				}
				r := reference{App: app.Name, Document: link}
				for _, o := range operations {
					e := o.entry(server)
					if os.Getenv("GORGON_DEV") == "1" { // 'gorgon dev' runs the program
						e.Try, e.Send = o.tries(viewctx.SiteOf(ctx).Base)
					}
					r.Operations = append(r.Operations, e)
				}
				return r, nil
			},
			Head: func(r reference) gorgon.Head { return gorgon.Head{Title: "API of " + r.App} },
			View: view,
		},
	}}
}

// served returns the app of a loader's context, and the URL that it is served
// at, without the host if that is not known.
func served(ctx context.Context) (gorgon.App, string, error) {
	site := viewctx.SiteOf(ctx)
	app, ok := site.App.(gorgon.App)
	if !ok {
		return app, "", &gorgon.Error{Op: "describe", Err: errors.New("the context is not one of an app")}
	}
	return app, site.Origin + site.Base, nil
}

// A reference is what the page shows.
type reference struct {
	App        string  `json:"app"`
	Document   string  `json:"document"` // the path of openapi.json
	Operations []entry `json:"operations"`
}

// An entry is an operation as the page shows it.
type entry struct {
	Name       string   `json:"name"`
	Method     string   `json:"method"`
	Path       string   `json:"path"`
	Summary    string   `json:"summary,omitempty"`
	Deprecated string   `json:"deprecated,omitempty"` // since when
	Notes      []string `json:"notes,omitempty"`
	Input      []row    `json:"input,omitempty"`
	Output     []row    `json:"output,omitempty"`
	State      []row    `json:"state,omitempty"` // of a room
	Curl       string   `json:"curl"`
	Try        *try     `json:"try,omitempty"`  // in development alone
	Send       *try     `json:"send,omitempty"` // operations to a room
}

func (o Operation) entry(server string) entry {
	e := entry{Name: o.Name, Method: o.Method, Path: o.template(), Summary: o.Summary, Curl: o.curl(server)}
	if !o.Deprecated.IsZero() {
		e.Deprecated = o.Deprecated.Format("2006-01-02")
	}
	for _, n := range []struct {
		set  bool
		text string
	}{
		{o.Guarded, "Guards decide who may call it."},
		{o.Stream, "It sends events of the output, and goes on after the event in the parameter after."},
		{o.Stored, "The answer is stored, and has an ETag."},
		{o.Room, "It is a room: members receive the state and then what operations led to, and send operations with POST or over a WebSocket."},
		{o.In.Files(), "It takes multipart/form-data."},
		{o.Located, "The answer is 201, with a Location."},
		{o.Out == nil && !o.Located, "The answer is 204, without content."},
	} {
		if n.set {
			e.Notes = append(e.Notes, n.text)
		}
	}
	for _, p := range o.parameters() {
		r := row{Name: p.Name, In: p.In, Type: "text", Optional: !p.Required, Doc: p.Doc}
		if p.Node != nil {
			r.Type, r.Checks = typeText(p.Node), checksText(p.Node)
		}
		e.Input = append(e.Input, r)
	}
	e.Input = append(e.Input, rowsOf(o.In.Node())...)
	if o.Out != nil {
		e.Output = rowsOf(o.Out.Node())
	}
	if o.Room {
		e.State = rowsOf(o.State.Node())
		e.Curl += "\n" + o.command(server, http.MethodPost, o.sampleOps())
	}
	return e
}

// curl is a command that calls the operation.
func (o Operation) curl(server string) string {
	body := ""
	if o.In.Body() && !o.In.Files() && !o.Room {
		body = sample(o.In.Node(), 0)
	}
	return o.command(server, o.Method, body)
}

// command is a command that sends a body of JSON, or a form if the operation takes
// files.
func (o Operation) command(server, method, body string) string {
	path, query := o.template(), url.Values{}
	text := "curl"
	for _, p := range o.parameters() {
		switch value := sampleText(p.Node); {
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(value))
		case !p.Required:
		case p.In == "query":
			query.Set(p.Name, value)
		default:
			text += fmt.Sprintf(" -H %s", shellQuoted(p.Name+": "+value))
		}
	}
	switch {
	case o.Stream, o.Room && method == http.MethodGet:
		text += " -N"
	case method != http.MethodGet:
		text += " -X " + method
	}
	target := server + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	text += " " + shellQuoted(target)
	if o.Guarded {
		text += " -H " + shellQuoted("Authorization: Bearer …")
	}
	switch {
	case body != "":
		text += " --json " + shellQuoted(body)
	case o.In.Files():
		for _, f := range o.In.Node().Fields {
			if !f.Optional {
				value := sampleText(f.Node)
				if typeText(f.Node) == "file" {
					value = "@" + f.Name
				}
				text += " -F " + shellQuoted(f.Name+"="+value)
			}
		}
	}
	return text
}

func shellQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
