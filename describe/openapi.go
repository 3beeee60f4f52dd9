// The OpenAPI document.

package describe

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/shape"
)

type object = map[string]any

// OpenAPI describes the endpoints, reads, streams and rooms of an app as an OpenAPI
// 3.1 document: all, or those below one of these paths, such as "/api". The same app
// gives the same bytes. Extensions say what OpenAPI has no words for:
//
//	x-gorgon-stream  the operation sends events; contentSchema is that of their data
//	x-gorgon-rest    the parameter is the rest of the path, in which slashes separate segments
//	x-gorgon-key     the parameter names the call, which has its effect once
//	x-gorgon-room    the two operations are a room: the schemas of its state, of what members
//	                 send, and of what they receive
func OpenAPI(app gorgon.App, below ...string) ([]byte, error) {
	return document(app, app.Origin, below)
}

// document is the description of an app that is served at a URL without slash
// at its end; "" for the host that the document comes from.
func document(app gorgon.App, server string, below []string) ([]byte, error) {
	operations, err := Operations(app, below...)
	if err != nil {
		return nil, err
	}
	if server == "" {
		server = "/"
	}
	paths, defs := object{}, &shape.Defs{Schemas: object{}}
	defs.Reserve("Problem")
	for _, o := range operations {
		at, _ := paths[o.template()].(object)
		if at == nil {
			at = object{}
			paths[o.template()] = at
		}
		if o.Room {
			o.describeRoom(at, defs)
			continue
		}
		at[strings.ToLower(o.Method)] = o.describe(defs)
	}
	defs.Schemas["Problem"] = problemSchema
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err = e.Encode(object{
		"openapi": "3.1.0",
		"info": object{"title": app.Name, "version": "1", "description": "Made of the app's Go types. Changes to it are additive: " +
			"a client of this description also works with later ones."},
		"servers":  []any{object{"url": server}},
		"security": []any{},
		"paths":    paths,
		"components": object{
			"schemas":         defs.Schemas,
			"responses":       object{"Problem": problemResponse},
			"securitySchemes": object{"guards": guardScheme},
		},
	})
	return b.Bytes(), err
}

// describe returns the operation object.
func (o Operation) describe(defs *shape.Defs) object {
	d := o.object(o.response(defs))
	if o.Stream {
		d["x-gorgon-stream"] = true
	}
	if parameters := o.describeParameters(); len(parameters) > 0 {
		d["parameters"] = parameters
	}
	if o.In.Body() && o.Method != http.MethodGet && o.Method != http.MethodHead {
		kind, note := "application/json", "HTML forms may send the same as application/x-www-form-urlencoded or multipart/form-data."
		if o.In.Files() {
			kind, note = "multipart/form-data", "The names of fields are paths, as in steps.0.text. Send Accept: application/json: "+
				"without it, the response is one for an HTML form."
			d["responses"].(object)["303"] = object{"description": "A form was accepted, and the sender does not accept JSON."}
		}
		d["requestBody"] = object{"required": true, "description": note, "content": object{kind: object{"schema": o.In.Schema(defs)}}}
	}
	return d
}

// object is an operation object with what all have.
func (o Operation) object(response object) object {
	d := object{"operationId": o.Name, "summary": o.summary(), "responses": object{
		o.status(): response, "default": object{"$ref": "#/components/responses/Problem"},
	}}
	if !o.Deprecated.IsZero() {
		d["deprecated"] = true
	}
	if o.Guarded {
		d["security"] = []any{object{"guards": []any{}}}
	}
	return d
}

func (o Operation) describeParameters() []any {
	var all []any
	for _, p := range o.parameters() {
		d := object{"name": p.Name, "in": p.In, "required": p.Required, "schema": p.Schema}
		if p.Doc != "" {
			d["description"] = p.Doc
		}
		if strings.Contains(o.Path, "{"+p.Name+"...}") && p.In == "path" {
			d["x-gorgon-rest"] = true
		}
		all = append(all, d)
	}
	if o.Key != "" {
		all = append(all, object{"name": o.Key, "in": "header", "required": false, "schema": object{"type": "string", "minLength": 1, "maxLength": 64}, "x-gorgon-key": true,
			"description": "Names the call, in visible ASCII: sent again within 24 hours, it is the same call, and has the same answer. It has at least 16 characters if the caller is not known."})
	}
	if o.Stream {
		all = append(all, object{"name": "after", "in": "query", "required": false, "schema": object{"type": "string"},
			"description": "The id of the last event that was received, to go on after it."})
	}
	return all
}

// response returns the response object of an answer without an error.
func (o Operation) response(defs *shape.Defs) object {
	r := object{"description": http.StatusText(map[string]int{"200": 200, "201": 201, "204": 204}[o.status()])}
	if o.Located {
		r["headers"] = object{"Location": object{"description": "The URL of what was made.", "schema": object{"type": "string"}}}
	}
	switch {
	case o.Stream:
		r["description"] = "Server-sent events. Those without a name and those named snapshot have data of this schema; " +
			"problem has a Problem, and is the last one; end says that the stream is complete."
		r["content"] = object{"text/event-stream": object{"schema": object{"type": "string", "contentMediaType": "application/json", "contentSchema": o.Out.Schema(defs)}}}
	case o.Out != nil:
		r["content"] = object{"application/json": object{"schema": o.Out.Schema(defs)}}
	}
	return r
}

var (
	problemResponse = object{
		"description": "The call failed. 400: the body cannot be read. 401 and 403: guards refused it, or it came from a page of another site. " +
			"422: errors lists each field that was refused. 5xx: it may work later.",
		"content": object{
			"application/problem+json": object{"schema": object{"$ref": "#/components/schemas/Problem"}},
			"text/html":                object{"schema": object{"type": "string", "description": "A page, for browsers."}},
		},
	}
	problemSchema = object{
		"type": "object", "description": "An error, as RFC 9457 describes it.", "required": []string{"type", "title", "status"},
		"properties": object{
			"type":   object{"type": "string", "description": "about:blank: the status says it all."},
			"title":  object{"type": "string"},
			"status": object{"type": "integer", "minimum": 400, "maximum": 599},
			"detail": object{"type": "string", "description": "What is wrong, for the visitor."},
			"id":     object{"type": "string", "description": "The name of the record in the log."},
			"errors": object{"type": "array", "description": "What is wrong with each field.", "items": object{
				"type": "object", "required": []string{"pointer", "detail"},
				"properties": object{
					"pointer": object{"type": "string", "description": "RFC 6901: /steps/0/text."},
					"detail":  object{"type": "string"},
					"code":    object{"type": "string", "description": "The check that failed: min."},
					"limit":   object{"type": "string", "description": "The limit of the check."},
				},
			}},
		},
	}
	guardScheme = object{"type": "http", "scheme": "bearer",
		"description": "What the guards of the app accept: a bearer token, or the cookie of a session that the browser sends by itself."}
)
