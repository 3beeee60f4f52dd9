// Names of types in clients.

package generate_test

import (
	"context"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/describe"
	"github.com/gorgon-go/gorgon/generate"
)

// Types that apps have, by names that a client could want for its own.
type (
	item struct {
		Name string `json:"name"`
	}
	List struct {
		Items []item `json:"items"`
	}
	File struct {
		Size int `json:"size"`
	}
	Message struct {
		Text string `json:"text"`
	}
	Answer struct {
		Yes bool `json:"yes"`
	}
	Result struct {
		Score int `json:"score"`
	}
	Reply struct {
		Text string `json:"text"`
	}
	Ack struct {
		ID string `json:"id"`
	}
	Connection struct{ From, To string }
	Operation  struct {
		Surgeon string `json:"surgeon"`
	}
	Upload struct {
		Name string `json:"name"`
	}
	Dictionary struct {
		Words map[string]string `json:"words"`
	}
	Told struct {
		By string `json:"by"`
	}
	Asked struct {
		By string `json:"by"`
	}
	Status string
	D      struct {
		D int `json:"d"`
	}
	Send struct {
		To string `json:"to"`
	}

	// All has one of each.
	All struct {
		Item       item       `json:"item"`
		List       List       `json:"list"`
		File       File       `json:"file"`
		Message    Message    `json:"message"`
		Answer     Answer     `json:"answer"`
		Result     Result     `json:"result"`
		Reply      Reply      `json:"reply"`
		Ack        Ack        `json:"ack"`
		Connection Connection `json:"connection"`
		Operation  Operation  `json:"operation"`
		Upload     Upload     `json:"upload"`
		Dictionary Dictionary `json:"dictionary"`
		Told       Told       `json:"told"`
		Asked      Asked      `json:"asked"`
		Status     Status     `json:"status"`
		D          D          `json:"d"`
		Send       Send       `json:"send"`
	}

	// These are the client's own, or the language's.
	Problems struct {
		Client     Client     `json:"client"`
		RoomStatus RoomStatus `json:"roomStatus"`
		FieldError FieldError `json:"fieldError"`
	}
	Client struct {
		Name string `json:"name"`
	}
	RoomStatus struct {
		Free int `json:"free"`
	}
	FieldError struct {
		Meadow string `json:"meadow"`
	}
)

func (Status) Values() []Status { return []Status{"open", "closed"} }

var appTypes = strings.Fields("Item List File Message Answer Result Reply Ack Connection Operation Upload Dictionary Told Asked Status D Send")

// A type keeps its name in each client, unless the client itself has to have it; and no
// name is declared twice.
func TestNamesOfTypes(t *testing.T) {
	openapi, err := describe.OpenAPI(gorgon.App{Name: "names", Parts: []gorgon.Part{
		api.Endpoint[All, All]{Path: "POST /all", Handle: func(_ context.Context, in All) (All, error) { return in, nil }},
		api.Endpoint[Problems, Problems]{Path: "POST /problems", Handle: func(_ context.Context, in Problems) (Problems, error) { return in, nil }},
		api.Stream[api.None, item]{Path: "GET /items", Handle: func(context.Context, api.None, string) iter.Seq2[api.Item[item], error] { return nil }},
		tapes("tape", 100_000),
	}})
	if err != nil {
		t.Fatal(err)
	}
	m := modelOf(t, openapi)
	golang, err := generate.Go(m, "names")
	if err != nil {
		t.Fatal(err)
	}
	typescript := generate.TypeScript(m)
	for _, c := range []struct {
		language, text, kept, declared string
		given                          []string // another name
	}{
		{"TypeScript", string(typescript), `(?m)^export (?:interface|type) %s(Input)? [={]`, `(?m)^(?:export )?(?:interface|type|class|const|function) (\w+)`, []string{"Client_", "RoomStatus_", "FieldError_"}},
		{"Go", string(golang), `(?m)^type %s (struct|string)`, `(?m)^(?:type|func) (\w+)`, []string{"Client_", "FieldError_"}},
		{"Dart", string(generate.Dart(m)), `(?m)^(final )?class %s `, `(?m)^(?:final |sealed )?(?:class|typedef) (\w+)`, []string{"Client_", "FieldError_", "List_"}},
	} {
		for _, name := range slices.Concat(appTypes, c.given) {
			if slices.Contains(c.given, name+"_") {
				continue
			}
			if !regexp.MustCompile(fmt.Sprintf(c.kept, name)).MatchString(c.text) {
				t.Errorf("%s has no type %s", c.language, name)
			}
		}
		declared := map[string]int{}
		for _, found := range regexp.MustCompile(c.declared).FindAllStringSubmatch(c.text, -1) {
			declared[found[1]]++
		}
		for name, times := range declared {
			if times > 1 {
				t.Errorf("%s declares %s %d times", c.language, name, times)
			}
		}
	}
	dir := t.TempDir()
	write(t, dir, "go.mod", []byte("module example.com/other\n\ngo 1.26\n"))
	write(t, dir, "names.go", golang)
	run(t, dir, "go", "vet", ".")
	tsc := installed(t, "npm", "node_modules", ".bin", "tsc")
	write(t, dir, "api.ts", typescript)
	write(t, dir, "package.json", []byte(`{"type": "module"}`))
	write(t, dir, "tsconfig.json", []byte(strict))
	run(t, dir, tsc, "--project", "tsconfig.json")
}
