// Rooms in the OpenAPI document.

package describe

import "github.com/gorgon-go/gorgon/shape"

// describeRoom adds the two operations of a room.
func (o Operation) describeRoom(at object, defs *shape.Defs) {
	op, out, state := o.In.Schema(defs), o.Out.Schema(defs), o.State.Schema(defs)
	types := object{"state": state, "op": op, "out": out}
	parameters := o.describeParameters()

	get := o.object(object{
		"description": "Server-sent events. An event named you has the member that the client is; state replaces everything; those without a name have " +
			"a list of what operations led to; members says who takes part. Their ids are for after. With Upgrade: websocket, the same are messages " +
			"{\"you\"}, {\"id\", \"state\"}, {\"id\", \"outs\"} and {\"members\"}, and the client sends what it would send with POST.",
		"content": object{"text/event-stream": object{"schema": object{"type": "string", "contentMediaType": "application/json",
			"contentSchema": object{"anyOf": []any{memberSchema, state, object{"type": "array", "items": out}, membersSchema}}}}},
	})
	get["x-gorgon-room"] = types
	get["parameters"] = append(parameters[:len(parameters):len(parameters)],
		object{"name": "client", "in": "query", "required": false, "schema": clientSchema, "description": clientText},
		object{"name": "after", "in": "query", "required": false, "schema": object{"type": "string"},
			"description": "The id of the last event that was received, to go on after it."})
	at["get"] = get

	post := o.object(object{
		"description": "What came of each operation.",
		"content": object{"application/json": object{"schema": object{"type": "object", "required": []string{"results"}, "properties": object{
			"results": object{"type": "array", "items": object{"type": "object", "required": []string{"n"}, "properties": object{
				"n":       numberSchema,
				"at":      object{"type": "string", "description": "It was done: the id of a state that has it."},
				"problem": object{"$ref": "#/components/schemas/Problem"},
			}}},
		}}}},
	})
	post["operationId"] = o.doing()
	post["summary"] = "Sends operations to the room of " + o.Name + "."
	post["x-gorgon-room"] = types
	if len(parameters) > 0 {
		post["parameters"] = parameters
	}
	post["requestBody"] = object{"required": true,
		"description": "An operation keeps its number until its result is known: sent again, it has its effect once. After a response of 5xx or 429 nothing is " +
			"known of the operations.",
		"content": object{"application/json": object{"schema": object{
			"type": "object", "required": []string{"ops"}, "properties": object{
				"client": object{"type": "string", "pattern": clientPattern, "description": clientText},
				"ops": object{"type": "array", "minItems": 1, "maxItems": 64, "items": object{
					"type": "object", "required": []string{"n", "op"}, "properties": object{"n": numberSchema, "op": op},
				}},
			},
		}}},
	}
	at["post"] = post
}

// doing is the name of the operation that sends operations to a room.
func (o Operation) doing() string { return o.Name + "Do" }

// sampleOps is a body that has an operation.
func (o Operation) sampleOps() string { return `{"ops":[{"n":1,"op":` + sample(o.In.Node(), 0) + `}]}` }

const (
	clientPattern = "^[A-Za-z0-9_-]{16,64}$"
	clientText    = "The name of the client: made by chance once, and the same as long as it numbers its operations. Default: another one for each request."
)

var (
	clientSchema = object{"type": "string", "pattern": clientPattern}
	numberSchema = object{"type": "integer", "minimum": 1, "maximum": 1 << 53, "description": "The number of the operation: the client counts from 1."}
	memberSchema = object{"type": "object", "required": []string{"id"}, "properties": object{
		"id": object{"type": "string"}, "name": object{"type": "string"},
	}}
	membersSchema = object{"type": "object", "required": []string{"count", "list"}, "properties": object{
		"count": object{"type": "integer"}, "list": object{"type": "array", "items": memberSchema},
	}}
)
