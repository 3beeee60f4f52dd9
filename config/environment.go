// An environment, as the variables of one prefix.

package config

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/wire"
)

// An environment has the variables that begin with a prefix and are not empty.
type environment struct {
	values map[string]string
	pod    bool // of Kubernetes
}

func newEnvironment(prefix string, environ []string) environment {
	e := environment{values: map[string]string{}}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if runtime.GOOS == "windows" { // where names have no case
			name = strings.ToUpper(name)
		}
		if name == "KUBERNETES_SERVICE_HOST" {
			e.pod = true
		}
		if value != "" && strings.HasPrefix(name, prefix) {
			e.values[name] = value
		}
	}
	return e
}

// ofService are the variables that Kubernetes sets in a pod for each service of
// its namespace, whose name may be that of the app.
var ofService = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

// unknown are the variables that belong to no field.
func (e environment) unknown(fields []field) (faults Faults) {
	var known []string
	for _, f := range fields {
		known = append(known, f.name)
		if f.kind.file() {
			known = append(known, f.name+fileSuffix)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.values)) {
		if slices.Contains(known, name) || e.pod && ofService.MatchString(name) {
			continue
		}
		hint := "remove it"
		if of, isFile := strings.CutSuffix(name, fileSuffix); isFile && slices.Contains(known, of) {
			hint = "only the value of a Secret can be in a file: set " + of
		} else if near := nearest(name, known); near != "" {
			hint = "did you mean " + near + "?"
		}
		faults = append(faults, Fault{name, "the app has no such variable: " + hint})
	}
	return faults
}

// file says whether the value may be in a file.
func (k kind) file() bool { return k.secret && !k.list }

// read sets a field to what the environment says, and returns where that comes
// from and what is wrong with it.
func (f field) read(e environment, v reflect.Value) (source, fault string) {
	text, set := e.values[f.name]
	file, named := e.values[f.name+fileSuffix]
	switch {
	case set && named && f.kind.file():
		return wire.FromEnvironment, f.name + fileSuffix + " is set, too: set one of them"
	case set:
		return wire.FromEnvironment, f.kind.parse(text, v)
	case named && f.kind.file():
		text, says := readSecret(file)
		if says == "" {
			says = f.kind.parse(text, v)
		} else {
			says = "the file that " + f.name + fileSuffix + " names " + says
		}
		return wire.FromFile, says
	case f.required:
		return "", "it is required, and not set: " + f.kind.form
	case f.standard != "":
		return wire.FromDefault, f.kind.parse(f.standard, v)
	}
	return "", ""
}

// describe says what is to be known of a field's variable.
func (f field) describe(e environment) wire.Variable {
	d := wire.Variable{Name: f.name, Type: f.kind.words, Says: f.says, Default: f.standard, Required: f.required, Secret: f.kind.secret}
	if f.kind.set == nil {
		return d // its type is a fault
	}
	d.Source, d.Fault = f.read(e, reflect.New(f.of).Elem())
	d.Set = d.Source == wire.FromEnvironment || d.Source == wire.FromFile
	switch {
	case d.Fault != "" || d.Source == "":
	case d.Source == wire.FromDefault:
		d.Value = f.standard
	default:
		d.Value = f.kind.show(e.values[f.name])
	}
	return d
}

// maxSecret is how large the file of a secret may be.
const maxSecret = 64 << 10

// readSecret reads the file of a secret, without the line ends at its end. It
// says what is wrong, without the name: it may be the secret by mistake.
func readSecret(name string) (text, says string) {
	info, err := os.Stat(name)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return "", "is not a regular file"
	case errors.Is(err, fs.ErrNotExist):
		return "", "does not exist"
	}
	var data []byte
	f, err := os.Open(name)
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(f, maxSecret+1))
		_ = f.Close() // it was only read
	}
	switch text = strings.TrimRight(string(data), "\r\n"); {
	case errors.Is(err, fs.ErrPermission):
		return "", "may not be read by the program's user"
	case err != nil:
		return "", "cannot be read"
	case len(data) > maxSecret:
		return "", "has more than 64 KiB"
	case text == "":
		return "", "is empty"
	}
	return text, ""
}
