// YAML for people and for every reader of it.

package pod

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gorgon-go/gorgon/deploy"
)

// Quoted is a text from outside. It is always written in double
// quotes: readers of YAML 1.1 and 1.2 disagree on what else is a text, and so
// on =, 0o17, 1:30 or a line separator.
type Quoted string

// MarshalYAML writes the text in double quotes.
func (q Quoted) MarshalYAML() (any, error) {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: string(q)}, nil
}

// YAML writes an object as a file, below a comment that may have several
// lines.
func YAML(name, comment string, object any) (deploy.File, error) {
	var b bytes.Buffer
	for line := range strings.Lines(comment) {
		b.WriteString(strings.TrimRight("# "+line, " \n") + "\n")
	}
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(object); err != nil {
		return deploy.File{}, fmt.Errorf("%s: %w", name, err)
	}
	if err := e.Close(); err != nil {
		return deploy.File{}, fmt.Errorf("%s: %w", name, err)
	}
	return deploy.File{Name: name, Data: b.Bytes()}, nil
}
