//go:build unix

// The effects of the flags of generate.

package tool

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// orders is an app with endpoints, in a folder of the sample.
const orders = `package main

import (
	"context"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/command"
)

type order struct {
	Item   string ` + "`json:\"item\" check:\"min=1\"`" + `
	Amount int    ` + "`json:\"amount\"`" + `
}

type receipt struct {
	ID string ` + "`json:\"id\"`" + `
}

func main() {
	command.Main(gorgon.App{Name: "orders", Parts: []gorgon.Part{
		gorgon.Group{Prefix: "/shop", Parts: []gorgon.Part{
			api.Endpoint[order, receipt]{Path: "POST /orders", Name: "createOrder", Handle: func(context.Context, order) (receipt, error) { return receipt{"1"}, nil }},
			api.Read[receipt]{Path: "GET /receipts/{id}", Name: "receipt", Incremental: true, Load: func(context.Context, gorgon.Input) (receipt, error) { return receipt{"1"}, nil }},
		}},
	}}, command.Config{})
}
`

// generated is a folder with all files that generate writes of the sample.
func generated(t *testing.T) string {
	t.Helper()
	dir, code, text := deployments["generate"].out, 0, ""
	if dir != "" {
		return dir
	}
	temp, err := os.MkdirTemp("", "gorgon-out-")
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(temp, "kitchen")
	in := func(name string) string { return filepath.Join(dir, name) }
	code, text = said(t, "generate", "./orders", "--ts", in("api.ts"), "--dart", in("api.dart"), "--go", in("api.go"), "--openapi", in("openapi.json"))
	deployments["generate"] = deployed{out: dir}
	if code != 0 || strings.Count(text, "wrote ") != 4 {
		t.Fatalf("exit code %d: %s", code, text)
	}
	return dir
}

func checksOfGenerate() map[string]func(*testing.T) {
	has := func(name, part string) func(*testing.T) {
		return func(t *testing.T) {
			if text, err := os.ReadFile(filepath.Join(generated(t), name)); err != nil || !strings.Contains(string(text), part) {
				t.Errorf("%s has no %q (%v): %.2000s", name, part, err, text)
			}
		}
	}
	return map[string]func(*testing.T){
		"generate --ts":   has("api.ts", "createOrder: (input: Order"),
		"generate --dart": has("api.dart", "createOrder(Order input"),
		"generate --go": func(t *testing.T) {
			has("api.go", "package kitchen")(t)
			if code, text := said(t, "generate", "./orders", "--go", "1/api.go"); code != 2 || !strings.Contains(text, "cannot name a package") {
				t.Errorf("exit code %d: %s", code, text)
			}
		},
		"generate --openapi": has("openapi.json", `"/shop/receipts/{id}"`),
		"generate --below": func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "openapi.json")
			code, said := said(t, "generate", "./orders", "--below", "/shop/receipts/", "--openapi", file)
			if text, err := os.ReadFile(file); code != 0 || err != nil || !strings.Contains(string(text), `"/shop/receipts/{id}"`) || strings.Contains(string(text), "/shop/orders") || strings.Contains(string(text), "amount") {
				t.Errorf("%d, %v: %s%s", code, err, said, text)
			}
		},
		"generate --against": func(t *testing.T) {
			released := filepath.Join(t.TempDir(), "released.json")
			text, err := os.ReadFile(filepath.Join(generated(t), "openapi.json"))
			if err == nil {
				err = os.WriteFile(released, bytes.Replace(text, []byte(`"minLength": 1`), []byte(`"minLength": 0`), 1), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			code, said := said(t, "generate", "./orders", "--check", "--against", released)
			if code != 1 || !strings.Contains(said, "breaks clients: createOrder, input/item has the limit minLength of 1, which was 0") {
				t.Errorf("exit code %d: %s", code, said)
			}
		},
		"generate --check": checkCheck,
	}
}

// checkCheck runs generate --check on files as they are, changed, and of an app
// that had more.
func checkCheck(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(generated(t))); err != nil {
		t.Fatal(err)
	}
	check := func(want int, parts ...string) {
		t.Helper()
		code, text := said(t, "generate", "./orders", "--check", "--ts", filepath.Join(dir, "api.ts"), "--openapi", filepath.Join(dir, "openapi.json"))
		if code != want {
			t.Errorf("exit code %d, want %d: %s", code, want, text)
		}
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("%q is not in %s", part, text)
			}
		}
	}
	check(0)
	edit := func(name, old, now string) {
		t.Helper()
		file := filepath.Join(dir, name)
		text, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(text, []byte(old)) {
			t.Fatalf("%s has no %q: %v", name, old, err)
		}
		if err := os.WriteFile(file, bytes.Replace(text, []byte(old), []byte(now), 1), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	edit("api.ts", "createOrder: (", "createOrders: (")
	check(1, "\n-    createOrders: (", "\n+    createOrder: (", "out of date: run 'gorgon generate'")

	// The description of a version whose receipts had a price: it was removed.
	const id = `false,
        "properties": {
          "id": {`
	edit("openapi.json", id, strings.Replace(id, `"id"`, `"price": {"type": "string"}, "id"`, 1))
	if text, err := os.ReadFile(filepath.Join(dir, "openapi.json")); err != nil || !json.Valid(text) {
		t.Fatal(err)
	}
	check(1, "breaks clients: createOrder, output/price was removed", "breaks clients: receipt, output/price was removed", "2 changes would break clients")
	if code, text := said(t, "generate", "."); code != 2 || !strings.Contains(text, "name a file") {
		t.Errorf("without files: exit code %d: %s", code, text)
	}
	if code, text := said(t, "generate", "./orders", "--below", "/shops", "--ts", filepath.Join(dir, "none.ts")); code != 1 || !strings.Contains(text, "no endpoint, read, stream or room below /shops") {
		t.Errorf("below a path that nothing has: exit code %d: %s", code, text)
	}
	if code, text := said(t, "generate", ".", "--ts", filepath.Join(dir, "none.ts")); code != 1 || !strings.Contains(text, "no endpoints") {
		t.Errorf("without endpoints: exit code %d: %s", code, text)
	}
}
