// The methods of a client in Dart.

package generate

import (
	"fmt"
	"strings"
)

// operation writes one method.
func (w *dart) operation(o *Operation, name string) {
	w.line("")
	if o.Summary != "" {
		w.line("  /// %s", strings.Join(strings.Fields(o.Summary), " "))
	}
	if o.Key != "" {
		w.line("  ///\n  /// With a key, random, of 16 to 64 characters, it has its effect once if it is sent again.")
	}
	if o.Deprecated {
		w.line("  @Deprecated('The app is going to remove it.')")
	}
	takes := ""
	if o.In != nil {
		takes = w.typeOf(o.In) + " input, "
	}
	path, more := w.places(o)
	if r := o.Room; r != nil {
		w.line("  RoomConnection<%s, %s, %s> %s(%s) =>", w.typeOf(r.State), w.typeOf(r.Op), w.typeOf(r.Out), name, strings.TrimSuffix(takes, ", "))
		w.line("      RoomConnection._(_app, %s, (dynamic json) => %s, (%s op) => %s, (dynamic json) => %s);",
			path, w.from(r.State, "json", 0), w.typeOf(r.Op), w.to(r.Op, "op", 0), w.from(r.Out, "json", 0))
		return
	}
	output, read := "void", "null"
	if o.Out != nil {
		output, read = w.typeOf(o.Out), "(dynamic json) => "+w.from(o.Out, "json", 0)
	}
	if o.Stream {
		w.line("  Stream<StreamItem<%s>> %s(%s{String after = '', Future<void>? cancel}) =>", output, name, takes)
		w.line("      _app.stream(%s, %s, after: after%s, cancel: cancel);", path, read, more)
		return
	}
	key := ""
	if o.Key != "" { // without which it is as it was
		key = "String? key, "
	}
	w.line("  Future<CallAnswer<%s>> %s(%s{%sFuture<void>? cancel}) =>", output, name, takes, key)
	w.line("      _app.call<%s>(%s, %s, %s%s, cancel: cancel);", output, dartText(o.Method), path, read, more)
}

// places returns the path as an expression, and the arguments for everything
// else that is sent.
func (w *dart) places(o *Operation) (path, more string) {
	path = dartText(o.Path)
	in := map[string][]string{}
	if o.In != nil && o.In.Kind == Object {
		fields := dartFields(o.In)
		for i, f := range o.In.Fields {
			value := "input." + fields[i]
			switch {
			case f.In == "path":
				rest := ""
				if f.Rest {
					rest = ", rest: true"
				}
				path = strings.Replace(path, "{"+f.Name+"}", "${_segment("+w.to(f.Type, value, 0)+rest+")}", 1)
			case f.In != "":
				in[f.In] = append(in[f.In], w.texts(f, value))
			}
		}
	}
	if in["query"] != nil {
		more += ", query: {" + strings.Join(in["query"], ", ") + "}"
	}
	if o.Key != "" {
		in["header"] = append(in["header"], "if (key != null) "+dartText(o.Key)+": [key]")
	}
	if in["header"] != nil {
		more += ", headers: {" + strings.Join(in["header"], ", ") + "}"
	}
	switch {
	case o.Multipart:
		more += ", body: _Form(input.toJson())"
	case o.Body:
		more += ", body: " + w.to(o.In, "input", 0)
	}
	return path, more
}

// texts is an entry with the values of a parameter: none for one that is absent.
func (w *dart) texts(f *Field, value string) string {
	list := "[%s]"
	if f.Type.Kind == List {
		list = "%s"
	}
	if f.Required {
		return dartText(f.Name) + ": " + fmt.Sprintf(list, w.to(f.Type, value, 0))
	}
	return fmt.Sprintf("if (%s != null) %s: ", value, dartText(f.Name)) + fmt.Sprintf(list, w.to(f.Type, value+"!", 0))
}
