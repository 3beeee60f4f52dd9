// A Dockerfile that says what the image is.

package oci

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/gorgon-go/gorgon/pack"
)

// dockerfile writes what Write makes as a Dockerfile.
func dockerfile(m pack.Manifest, c v1.Config) []byte {
	var b strings.Builder
	b.WriteString("# The image, for those who build theirs with docker or podman. \"package\" is\n" +
		"# the folder of the package:\n" +
		"#   docker build --build-context package=PACKAGE .\n" +
		"FROM scratch\n")
	fmt.Fprintf(&b, "ADD %s /\n", BaseName)
	copies := func(mode string, to string, names []string) {
		for i, n := range names {
			names[i] = "/" + n
		}
		fmt.Fprintf(&b, "COPY --from=package --chmod=%s %s\n", mode, list(append(names, "/"+path.Join("app", to)+"/")))
	}
	copies("0755", path.Dir(m.Program), []string{m.Program})
	folders := map[string][]string{".": {pack.ManifestName, pack.SumsName}}
	for _, f := range m.Files {
		if f.Name != m.Program {
			folders[path.Dir(f.Name)] = append(folders[path.Dir(f.Name)], f.Name)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(folders)) {
		slices.Sort(folders[dir])
		copies("0644", dir, folders[dir])
	}
	for _, e := range c.Env {
		name, value, _ := strings.Cut(e, "=")
		fmt.Fprintf(&b, "ENV %s=%s\n", name, word(value))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		fmt.Fprintf(&b, "LABEL %s=%s\n", name, word(c.Labels[name]))
	}
	for _, port := range slices.Sorted(maps.Keys(c.ExposedPorts)) {
		fmt.Fprintf(&b, "EXPOSE %s\n", port)
	}
	h := c.Healthcheck
	fmt.Fprintf(&b, "USER %s\nWORKDIR %s\nSTOPSIGNAL %s\n", c.User, c.WorkingDir, c.StopSignal)
	fmt.Fprintf(&b, "HEALTHCHECK --interval=%s --timeout=%s --start-period=%s --retries=%d %s %s\n",
		h.Interval, h.Timeout, h.StartPeriod, h.Retries, h.Test[0], list(h.Test[1:]))
	fmt.Fprintf(&b, "ENTRYPOINT %s\nCMD %s\n", list(c.Entrypoint), list(c.Cmd))
	return []byte(b.String())
}

// list writes words as docker and YAML read them.
func list(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quote(w)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// quote writes a string as JSON, which YAML reads too.
func quote(text string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a string can be written, and a builder takes it
	return strings.TrimSuffix(b.String(), "\n")
}

// word writes a value of ENV and LABEL, where a dollar would start the name
// of a variable.
func word(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(text) + `"`
}
