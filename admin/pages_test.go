package admin_test

import (
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/admin"
)

// Each page says what it is for, with figures of the program.
func TestPages(t *testing.T) {
	h := open(t, newStage(true), admin.Config{})
	for path, wants := range map[string][]string{
		"/":                        {"Overview", "in the last hour", "1 failed for good", "a job of thumbnail has been due"},
		"/health":                  {"the instance is not ready", "the server refuses the password"},
		"/instances":               {"v1.4.2", "redis://cache.internal:6379/0", "may change something"},
		"/log":                     {"a request was refused", "the database is away"},
		"/log?show=errors":         {"the database is away"},
		"/pages":                   {"<code>/products/{id}</code>", "files and assets", "built, incremental", "Slowest makings"},
		"/pages?sort=errors":       {`aria-sort="descending"`},
		"/why":                     {"Explain"},
		"/why?what=/products/7":    {"fresh, from the memory", "product-7", "18.2 kB", "Purge this page"},
		"/why?what=/gone":          {"no page matches /gone"},
		"/fragments":               {"<code>stock</code>", "12 ms", "Changes sent", "kind=fragment&amp;name=stock"},
		"/endpoints":               {"POST /api/orders", "GET /feed.xml"},
		"/caches":                  {"50.3 MB", "<code>rates</code>", "Purge everything", `name="kind" value="tag"`},
		"/jobs":                    {"receipt", "1 min 35 s", "web-1:4711", "every day at 03:00"},
		"/jobs?show=dead":          {"#17 receipt"},
		"/jobs/17":                 {"the mail server refused it", "Retry …", "They are not shown"},
		"/jobs/18":                 {"photo-9", "{&#34;photo&#34;:9}", "Cancel …"},
		"/jobs/99":                 {"There is no such job"},
		"/rooms":                   {"/c/plaza", "is its owner"},
		"/files":                   {"photos", "2.4 GB"},
		"/sessions":                {"4,400"},
		"/database":                {"postgres://shop@db.internal/shop", "400 ms"},
		"/confirm?act=retry&id=17": {"Retry job #17", `action="/do"`},
		"/confirm?act=purge&kind=path&name=/products/7": {"visitors wait"},
	} {
		w := get(h, path)
		body := w.Body.String()
		if w.Code != 200 {
			t.Errorf("%s: %d\n%s", path, w.Code, body)
		}
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("%s does not say %q:\n%s", path, want, body[strings.Index(body, "<main"):])
			}
		}
	}
	if body := get(h, "/log?show=errors").Body.String(); strings.Contains(body, "a request was refused") {
		t.Error("a warning is among the errors")
	}
	if w := get(h, "/nothing"); w.Code != 404 || !strings.Contains(w.Body.String(), "<nav") {
		t.Errorf("/nothing: %d", w.Code)
	}
}
