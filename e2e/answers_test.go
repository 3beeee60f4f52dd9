// The example app with twelve features, as its visitors use it.

package e2e_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"text/tabwriter"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/gorgon-go/gorgon/database/litedb/litedbtest"
	"github.com/gorgon-go/gorgon/examples/recipes/site"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/testbed"
)

const cooksPassword = "salt-of-the-earth"

// openRecipes opens the example app over a database of its own, with its
// pictures or with small ones, which take less time to build.
func openRecipes(t testing.TB, o gorgontest.Options, pictures bool) *gorgontest.Site {
	t.Helper()
	db := litedbtest.Open(t, site.Data)
	app := site.App(site.Options{Origin: "https://recipes.example", Password: cooksPassword, Secret: "e2e"}, db)
	if !pictures {
		app.Assets.Files = withSmallPictures(t, app.Assets.Files)
	}
	o.Database = db
	return o.Open(t, app)
}

func withSmallPictures(t testing.TB, all fs.FS) fs.FS {
	t.Helper()
	var small bytes.Buffer
	if err := jpeg.Encode(&small, image.NewGray(image.Rect(0, 0, 8, 6)), nil); err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	err := fs.WalkDir(all, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(all, name)
		if strings.HasSuffix(name, ".jpg") {
			data = small.Bytes()
		}
		files[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// recipes is the example app on a server of its own.
func recipes(t testing.TB, o gorgontest.Options) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(openRecipes(t, o, o.Base == ""))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server
}

// A guest is a visitor of the recipes who uses a mouse, or the keyboard alone,
// or a browser without scripts.
type guest struct {
	*testbed.Tab
	t       testing.TB
	root    string // URL of the first page, without slash
	keys    bool
	scripts bool
}

// is waits until a page is shown, by its heading.
func (g *guest) is(heading string) { g.t.Helper(); g.Wait(at(heading)) }

func (g *guest) has(selector, text string) {
	g.t.Helper()
	g.Wait(fmt.Sprintf(`Array.from(document.querySelectorAll(%q)).some(e => e.textContent.includes(%q))`, selector, text))
}

// valued waits until a field has a value.
func (g *guest) valued(name, value string) {
	g.t.Helper()
	g.Wait(fmt.Sprintf(`document.querySelector('main [name=%q]')?.value === %q`, name, value))
}

// use follows a link, or presses a button.
func (g *guest) use(selector string) {
	g.t.Helper()
	g.Wait(fmt.Sprintf(`document.readyState === "complete" && document.querySelector(%q)`, selector))
	if !g.keys {
		g.Click(selector)
		return
	}
	g.reach(selector)
	g.Do(chromedp.KeyEvent("\r"))
}

// reach moves the focus to an element with the Tab key, as the keyboard can.
func (g *guest) reach(selector string) {
	g.t.Helper()
	g.Wait(fmt.Sprintf(`document.readyState === "complete" && document.querySelector(%q)`, selector))
	focused := fmt.Sprintf(`document.activeElement === document.querySelector(%q)`, selector)
	for range 120 {
		if testbed.Eval[bool](g.Tab, focused) {
			return
		}
		g.Do(chromedp.KeyEvent("\t"))
	}
	g.t.Fatalf("the Tab key does not lead to %s", selector)
}

// write replaces the text of a field.
func (g *guest) write(name, text string) {
	g.t.Helper()
	selector := fmt.Sprintf(`main [name="%s"]`, name)
	if g.keys {
		g.reach(selector)
	} else {
		g.Click(selector)
	}
	// What moves the focus after a navigation may still be under way.
	g.Wait(fmt.Sprintf(`(field => { field.focus(); field.select(); return document.activeElement === field })(document.querySelector(%q))`, selector)) // Ctrl+A
	if text == "" {
		g.Do(chromedp.KeyEvent("\b"))
		return
	}
	if _, err := chromedp.Call(g.Context, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		g.t.Fatal(err)
	}
}

// get asks as another visitor, without cookies.
func (g *guest) get(path string) (*http.Response, string) { return fetched(g.t, g.root+path) }

func fetched(t testing.TB, url string) (*http.Response, string) {
	t.Helper()
	plain := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := plain.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// signIn signs in through the guard of the kitchen.
func (g *guest) signIn() {
	g.t.Helper()
	g.Open(g.root + "/")
	g.use(`footer a[href$="/kitchen"]`)
	g.Wait(`location.pathname.endsWith("/sign-in") && location.search === "?next=%2Fkitchen"`)
	g.write("name", "cook")
	g.write("password", "pepper")
	g.use(`main form button`)
	g.has(".error", "")
	g.valued("name", "cook")
	g.valued("password", "")
	g.write("password", cooksPassword)
	g.use(`main form button`)
	g.Wait(`location.pathname.endsWith("/kitchen")`)
}

// A feature is one thing that the app can do.
type feature struct {
	name string
	does func(g *guest)
}

func features() []feature {
	return []feature{
		{"list and detail", func(g *guest) {
			g.Open(g.root + "/")
			g.use(`.cards a[href$="/recipes/pumpkin-soup"]`)
			g.is("Pumpkin soup")
			g.has(".steps li", "Draw a spiral")
			g.Wait(`document.title.startsWith("Pumpkin soup") && document.querySelector('meta[property="og:image"]')?.content.startsWith("https://recipes.example/")`)
			g.Wait(`JSON.parse(document.querySelector('script[type="application/ld+json"]').textContent)["@type"] === "Recipe"`)
		}},
		{"search", func(g *guest) {
			g.Open(g.root + "/")
			if g.keys {
				g.reach(`header input[name=q]`)
			} else {
				g.Click(`header input[name=q]`)
			}
			g.Do(chromedp.KeyEvent("Coconut milk\r"))
			g.is("Search recipes")
			g.has("[role=status]", "1 recipe")
			g.use(`main .cards a`)
			g.is("Chickpea curry")
		}},
		{"blog", func(g *guest) {
			g.Open(g.root + "/")
			g.use(`header a[href$="/blog"]`)
			g.is("From the kitchen")
			g.use(`main a[href$="/blog/stock"]`)
			g.is("A stock from what is left")
			g.has("main h2", "When the bag is full")
		}},
		{"form", func(g *guest) {
			g.form("", "Lentil stew", "Please write at least 3 characters.", "Please fill in this field.", "A recipe of this name exists.", "Thank you")
		}},
		{"form in German", func(g *guest) {
			g.form("/de", "Linseneintopf", "Bitte schreiben Sie mindestens 3 Zeichen.", "Bitte füllen Sie dieses Feld aus.", "Ein Rezept dieses Namens gibt es schon.", "Danke")
		}},
		{"sign-in with a guard", func(g *guest) {
			g.ClearCookies()
			g.signIn()
			g.is("Kitchen")
			g.use(`main form button`) // signs out
			g.is("Recipes")
			g.Open(g.root + "/kitchen/caprese")
			g.Wait(`location.search === "?next=%2Fkitchen%2Fcaprese"`)
		}},
		{"purge on edit", func(g *guest) {
			g.Open(g.root + "/recipes/caprese")
			g.Open(g.root + "/")
			g.get("/recipes/caprese")
			g.signIn()
			g.use(`main a[href$="/kitchen/caprese"]`)
			g.is("Edit recipe")
			g.valued("steps.1.text", "Slice, arrange, and season with salt and pepper.")
			g.valued("tags.1", "summer")
			g.write("title", "Caprese of Sorrento")
			g.use(`main form button`)
			g.is("Caprese of Sorrento")
			g.has(".facts .tag", "summer")
			g.use(`header a.brand`)
			g.has(".cards h2", "Caprese of Sorrento")
			for _, path := range []string{"/", "/recipes/caprese", "/feed.xml", "/feed.json", "/api/recipes"} {
				until(g.t, path+" for other visitors is as after the edit", func() bool {
					_, body := g.get(path)
					return strings.Contains(body, "Caprese of Sorrento")
				})
			}
		}},
		{"second language", func(g *guest) {
			g.Open(g.root + "/recipes/country-loaf")
			g.use(`.languages a[lang=de]`)
			g.is("Landbrot")
			g.Wait(`document.documentElement.lang === "de" && location.pathname.endsWith("/de/recipes/country-loaf")`)
			g.use(`header a[href$="/list"]`)
			g.is("Einkaufsliste")
		}},
		{"island and images", func(g *guest) {
			g.Open(g.root + "/recipes/pumpkin-soup")
			g.Wait(`document.querySelector("img.picture").naturalWidth > 0 && /soup-\d+\./.test(document.querySelector("img.picture").currentSrc)`)
			g.Wait(`document.querySelector("img.picture").srcset.split(",").length === 3`)
			if !g.scripts {
				g.has(".servings", "Servings: 4")
				g.has(".ingredients li", "700 ml vegetable stock")
				return
			}
			g.use(`.servings button:last-of-type`)
			g.has(".ingredients li", "875 ml vegetable stock")
		}},
		{"RSS and JSON feed", func(g *guest) {
			g.Open(g.root + "/de")
			var atom struct {
				Entries []struct {
					Title string `xml:"title"`
				} `xml:"http://www.w3.org/2005/Atom entry"`
			}
			res, body := fetched(g.t, testbed.Eval[string](g.Tab, `document.querySelector('footer a[href$="feed.xml"]').href`))
			if err := xml.Unmarshal([]byte(body), &atom); err != nil || len(atom.Entries) != 6 || res.Header.Get("ETag") == "" || !strings.Contains(body, "Kürbissuppe") {
				g.t.Errorf("the Atom feed: %v, %v\n%.300s", err, res.Header, body)
			}
			var feed struct{ Items []struct{ URL string } }
			res, body = fetched(g.t, testbed.Eval[string](g.Tab, `document.querySelector('link[type="application/feed+json"]').href`))
			if err := json.Unmarshal([]byte(body), &feed); err != nil || len(feed.Items) != 6 || !strings.HasPrefix(feed.Items[0].URL, "https://recipes.example") || !strings.Contains(feed.Items[0].URL, "/de/recipes/") {
				g.t.Errorf("the JSON feed: %v, %v\n%.300s", err, res.Header, body)
			}
		}},
		{"sitemap with lastmod", func(g *guest) {
			_, body := g.get("/sitemap.xml")
			for _, want := range []string{"/recipes/plum-cake</loc>", "/de/blog/knives</loc>", "<lastmod>2026-09-12T12:00:00Z</lastmod>"} {
				if !strings.Contains(body, want) {
					g.t.Errorf("the sitemap lacks %s\n%.1500s", want, body)
				}
			}
			if strings.Contains(body, "kitchen") || strings.Contains(body, "/search") || strings.Contains(body, "feed") || strings.Contains(body, "rezepte") {
				g.t.Errorf("the sitemap has what is not for search engines\n%s", body)
			}
		}},
		{"redirects", func(g *guest) {
			g.Open(g.root + "/de/rezepte/plum-cake?from=book")
			g.is("Pflaumenkuchen")
			g.Wait(`location.pathname.endsWith("/de/recipes/plum-cake") && location.search === "?from=book"`)
			if res, _ := g.get("/contact"); res.StatusCode != http.StatusPermanentRedirect || !strings.HasSuffix(res.Header.Get("Location"), "/send") {
				g.t.Errorf("/contact: %s %s", res.Status, res.Header.Get("Location"))
			}
		}},
		{"shopping list", func(g *guest) {
			g.Open(g.root + "/recipes/plum-cake")
			g.use(`main .top form button`)
			g.is("Shopping list")
			g.has(".shopping li", "1.5 kg plums")
			if _, body := g.get("/list"); strings.Contains(body, "plums") || !strings.Contains(body, "Nothing is on your list yet.") {
				g.t.Errorf("another visitor has the list:\n%s", body)
			}
			g.use(`.shopping form button`)
			g.has("#empty", "Nothing is on your list yet.")
		}},
	}
}

// form sends a recipe with nested and repeated fields: wrong twice, then right.
func (g *guest) form(prefix, title, short, empty, taken, thanks string) {
	g.t.Helper()
	g.Open(g.root + prefix + "/recipes/plum-cake")
	g.use(`header a[href$="/send"]`)
	g.Wait(`location.pathname.endsWith("/send") && document.querySelector('[name="steps.0.text"]')`)
	g.write("title", "ab")
	g.write("summary", "Cooked slowly, and better warmed up.")
	g.write("servings", "4")
	g.write("tags.0", "winter")
	g.write("ingredients", "300 g lentils")
	g.write("steps.0.text", "Soak <the> lentils & wait.")
	g.write("steps.1.minutes", "40")
	g.use(`main form.fields > button`)
	g.has(".error", short)
	g.Wait(`document.querySelector("main [role=alert]") && document.activeElement?.name === "title" && document.activeElement.getAttribute("aria-describedby") === document.querySelector(".error").id`)
	for name, value := range map[string]string{"title": "ab", "summary": "Cooked slowly, and better warmed up.", "servings": "4", "tags.0": "winter",
		"ingredients": "300 g lentils", "steps.0.text": "Soak <the> lentils & wait.", "steps.1.minutes": "40"} {
		g.valued(name, value)
	}
	g.write("title", title)
	g.use(`main form.fields > button`) // a step of 40 minutes without a text
	// The first answer had this message, too: the second one has no other.
	g.Wait(`document.querySelectorAll(".error").length === 1`)
	g.has(".error", empty)
	g.Wait(`document.querySelector('[name="steps.1.text"]').ariaInvalid === "true"`)
	g.valued("title", title)
	g.write("steps.1.text", "Simmer.")
	g.use(`main form.fields > button`)
	g.is(thanks)
	g.Open(g.root + prefix + "/send")
	g.valued("title", "") // the kept form is as before
	for name, value := range map[string]string{"title": title, "summary": "The same once more.", "servings": "2", "ingredients": "lentils", "steps.0.text": "Cook."} {
		g.write(name, value)
	}
	g.use(`main form.fields > button`)
	g.has(".error", taken)
}

// manners are the ways in which the app is used.
var manners = []string{"click", "keyboard", "without JavaScript", "below a base path"}

// TestAnswers prints a table: feature, and whether it works by click, by
// keyboard, without JavaScript, and below a base path.
func TestAnswers(t *testing.T) {
	defer testbed.CloseBrowser()
	begin := time.Now()
	table := map[string]map[string]string{}
	var mu sync.Mutex
	all := features()
	t.Run("browser", func(t *testing.T) {
		for _, manner := range manners {
			t.Run(strings.ReplaceAll(manner, " ", "-"), func(t *testing.T) {
				t.Parallel()
				o := gorgontest.Options{}
				if manner == "below a base path" {
					o.Base = "/at/home"
				}
				server := recipes(t, o)
				tab := testbed.NewTab(t)
				tab.Focus()
				if manner == "without JavaScript" {
					tab.WithoutScript()
				}
				for _, f := range all {
					if o.Base != "" && f.name != "form in German" && !strings.HasPrefix(f.name, "sign-in") && f.name != "shopping list" && f.name != "redirects" {
						continue
					}
					outcome := "-" // it was not chosen
					ok := t.Run(f.name, func(t *testing.T) {
						outcome = "ok"
						tab.Reuse(t)
						g := &guest{Tab: tab, t: t, root: server.URL + o.Base, keys: manner == "keyboard", scripts: manner != "without JavaScript"}
						f.does(g)
						for _, line := range tab.Console() {
							if strings.Contains(line, "Uncaught") {
								t.Error(line)
							}
						}
					})
					if !ok {
						outcome = "FAIL"
					}
					mu.Lock()
					if table[f.name] == nil {
						table[f.name] = map[string]string{}
					}
					table[f.name][manner] = outcome
					mu.Unlock()
				}
			})
		}
	})
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 1, 2, ' ', 0)
	fmt.Fprintln(w, "feature\t"+strings.Join(manners, "\t"))
	for _, f := range all {
		fmt.Fprint(w, f.name)
		for _, manner := range manners {
			fmt.Fprint(w, "\t"+cmpOr(table[f.name][manner], "-"))
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush()
	t.Logf("%v\n%s", time.Since(begin).Round(time.Second), &b)
}
