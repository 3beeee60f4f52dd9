// The URL of an operation for an input.

package api

import (
	"errors"
	"net/url"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/paths"
)

var errNoURL = errors.New("a value of its path cannot stand in a URL: it is empty, \".\" or \"..\", or has a character that paths cannot have")

// urlOf fills a pattern with the parameters of an input. The result is encoded.
func urlOf(o *Operation, pattern string, in any) (string, error) {
	query := url.Values{}
	values := map[string]string{}
	err := o.In.EachParameter(in, func(kind, name string, texts []string) {
		switch {
		case kind == "query":
			query[name] = texts
		case kind == "path" && len(texts) > 0:
			values[name] = texts[0]
		}
	})
	if err != nil {
		return "", err
	}
	var decoded, escaped strings.Builder
	for segment := range strings.SplitSeq(strings.TrimPrefix(pattern, "/"), "/") {
		name, wild := strings.CutPrefix(segment, "{")
		name = strings.TrimSuffix(name, "}")
		name, rest := strings.CutSuffix(name, "...")
		value := segment
		switch {
		case wild && name == "$":
			value = ""
		case wild:
			value = values[name]
			if !rest && (value == "" || value == "." || value == "..") {
				return "", &gorgon.Error{Op: "fill path", Path: pattern, Err: errNoURL}
			}
		}
		text := gorgon.EscapePath(value)
		if wild && !rest {
			text = strings.ReplaceAll(text, "/", "%2F")
		}
		decoded.WriteString("/" + value)
		escaped.WriteString("/" + text)
	}
	if paths.Check(decoded.String()) != nil {
		return "", &gorgon.Error{Op: "fill path", Path: pattern, Err: errNoURL}
	}
	if len(query) > 0 {
		escaped.WriteString("?" + query.Encode())
	}
	return escaped.String(), nil
}
