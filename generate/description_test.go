// The description, as others read it.

package generate_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/describe"
)

func TestClientsDescription(t *testing.T) {
	bin := filepath.Join(installed(t, "clients", "node_modules"), ".bin")
	_, openapi := serveApp(t)
	for range 5 {
		if again, err := describe.OpenAPI(newApp()); err != nil || !bytes.Equal(again, openapi) {
			t.Fatalf("the same app gives another description: %v", err)
		}
	}
	dir := t.TempDir()
	write(t, dir, "openapi.json", openapi)
	write(t, dir, "spectral.json", []byte(`{"extends": ["spectral:oas"]}`))
	lints := map[string][]string{
		"redocly":  {filepath.Join(bin, "redocly"), "lint", "--extends=recommended", "--format=stylish"},
		"spectral": {filepath.Join(bin, "spectral"), "lint", "--ruleset", "spectral.json"},
	}
	for name, lint := range lints {
		said := run(t, dir, append(lint, "openapi.json")...)
		t.Logf("%s: 0 errors, %d warnings", name, strings.Count(said, " warning "))
		write(t, dir, "bad.json", bytes.Replace(openapi, []byte(`"operationId": "edit"`), []byte(`"operationId": "echo"`), 1))
		if said, err := try(dir, append(lint, "bad.json")...); err == nil || !strings.Contains(said, "error") {
			t.Errorf("%s finds no fault in a description with two operations of one name: %s", name, said)
		}
	}
	run(t, dir, filepath.Join(bin, "openapi-typescript"), "openapi.json", "-o", "types.ts")
	write(t, dir, "package.json", []byte(`{"type": "module"}`))
	write(t, dir, "tsconfig.json", []byte(strict))
	run(t, dir, installed(t, "npm", "node_modules", ".bin", "tsc"), "--project", "tsconfig.json")
}

func TestClientsOfOthers(t *testing.T) {
	generator := installed(t, "oapi-codegen")
	_, openapi := serveApp(t)
	dir := t.TempDir()
	write(t, dir, "openapi.json", openapi)
	for _, name := range []string{"go.mod", "go.sum"} {
		write(t, dir, name, read(t, "oapi/"+name))
	}
	run(t, dir, generator, "-generate", "types,client", "-package", "kitchen", "-o", "kitchen.go", "openapi.json")
	run(t, dir, "go", "vet", ".")
}
