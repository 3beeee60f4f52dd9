package describe_test

import (
	"context"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/testbed"
)

func TestMain(m *testing.M) {
	code := m.Run()
	testbed.CloseBrowser()
	os.Exit(code)
}

type where struct {
	ID    string  `path:"id"`
	Rest  string  `path:"rest"`
	Query string  `query:"q"`
	Lang  *string `header:"X-Lang"`
}

type sending struct {
	Cover api.File `json:"cover"`
	Steps []struct {
		Text string `json:"text"`
	} `json:"steps"`
}

// tryable is an app with operations whose forms are filled in differently.
func tryable() gorgon.App {
	return app(
		api.Endpoint[where, string]{Path: "GET /at/{id}/{rest...}", Name: "where", Handle: func(_ context.Context, in where) (string, error) {
			if in.Lang != nil {
				return "", gorgon.NotFound()
			}
			return "<b>" + in.ID + "|" + in.Rest + "|" + in.Query, nil
		}},
		api.Endpoint[sending, string]{Path: "POST /sent", Name: "sent", Handle: func(_ context.Context, in sending) (string, error) {
			return in.Cover.Name + "|" + in.Steps[0].Text, nil
		}},
	)
}

// No page that is built has anything of the forms.
func TestTryInDevelopmentAlone(t *testing.T) {
	for _, dev := range []string{"", "0", "1"} {
		t.Setenv("GORGON_DEV", dev)
		page := gorgontest.Options{Base: "/k"}.Open(t, tryable()).Get("/k/api")
		for _, part := range []string{"<script", "<fieldset", "<textarea", "Try it", `data-path="/k/recipes"`, `data-in="rest"`, `name="steps.0.text"`, `type="file"`} {
			if strings.Contains(page.Body, part) != (dev == "1") {
				t.Errorf("GORGON_DEV=%s: the page has %s, or lacks it", dev, part)
			}
		}
	}
}

func TestTryInBrowser(t *testing.T) {
	t.Setenv("GORGON_DEV", "1")
	server := httptest.NewServer(gorgontest.Open(t, tryable()))
	defer server.Close()
	tab := testbed.NewTab(t)
	tab.Open(server.URL + "/api")
	tab.Run(`window.form = (path) => document.querySelector(".try[data-path='" + path + "']")`)
	// press presses the button of a form, and waits for what is shown at last.
	press := func(path string, shown ...string) {
		t.Helper()
		tab.Run(`form("` + path + `").querySelector("button").click()`)
		tab.Wait(`form("` + path + `").querySelector("button").textContent === "Send"`)
		text := testbed.Eval[string](tab, `form("`+path+`").querySelector("pre").textContent`)
		for _, part := range shown {
			if !strings.Contains(text, part) {
				t.Errorf("%s: %q lacks %q", path, text, part)
			}
		}
	}
	const at = "/at/{id}/{rest}"
	tab.Run(`form("` + at + `").querySelector("[name=id]").value = "a/b"; form("` + at + `").querySelector("[name=rest]").value = "c d/e"`)
	press(at, "200 OK\n", "Content-Type: application/json", "<b>a/b|c d/e|text") // as text: no element
	if testbed.Eval[bool](tab, `form("`+at+`").querySelector("b") !== null`) {
		t.Error("the answer became an element")
	}
	tab.Run(`form("` + at + `").querySelector("[name=X-Lang]").value = "de"`)
	press(at, "404 ", "application/problem+json")

	press("/recipes", "200 OK\n", `"title":"text"`)
	tab.Run(`form("/recipes").querySelector("textarea").value = '{"title":"","level":"easy","scores":{}}'`)
	press("/recipes", "422 ", "application/problem+json", `"/title"`)

	press("/sent", "422 ", `"/cover"`)
	tab.Run(`const list = new DataTransfer(); list.items.add(new File(["abc"], "cover.txt")); form("/sent").querySelector("[type=file]").files = list.files`)
	press("/sent", "200 OK\n", "cover.txt|text")
}
