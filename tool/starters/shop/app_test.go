// The shop as visitors find it: every page answers, a cart keeps what is put
// into it, and a price that was changed is on every page that shows it.

package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb/litedbtest"
	"github.com/gorgon-go/gorgon/gorgontest"
)

// open opens the shop over a database.
func open(t *testing.T, db *database.DB, password string) *gorgontest.Site {
	return gorgontest.Options{Database: db}.Open(t, app(db, password))
}

func TestPages(t *testing.T) {
	t.Parallel()
	db := litedbtest.Open(t, schema)
	site := open(t, db, "")
	listed := site.Get("/sitemap.xml").Want(http.StatusOK).Find("loc")
	if listed.Length() < 5 {
		t.Errorf("the sitemap lists %d pages", listed.Length())
	}
	paths := []string{"/offers", "/search?q=stone", "/cart"}
	for _, page := range listed.EachIter() {
		paths = append(paths, page.Text())
	}
	all, err := shop{db: db}.list(t.Context(), "true")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all { // those that the build did not make, too
		paths = append(paths, "/products/"+p.ID)
	}
	for _, path := range paths {
		site.Get(path).Want(http.StatusOK, `<html lang="en">`, "<title>", "<main", "<h1")
	}
	var data struct{ Offers struct{ Price string } }
	bowl := site.Get("/products/bowl").Want(http.StatusOK, `<meta property="og:title" content="Stone bowl">`)
	if err := json.Unmarshal([]byte(bowl.Find("script[type='application/ld+json']").Text()), &data); err != nil || data.Offers.Price != "34.50" {
		t.Errorf("search engines read %+v, %v", data, err)
	}
	site.Get("/").Submit("form[role=search]", url.Values{"q": {"SOAPstone"}}).Want(http.StatusOK, "Stone bowl")
	site.Get("/search?q=%25").Want(http.StatusOK, "0 for") // as it is, not as a pattern

	for _, path := range []string{"/nowhere", "/products/nothing", "/admin"} { // no password, no admin
		site.Get(path).Want(http.StatusNotFound, "There is no such page")
	}
}

// The first page is fresh for a minute, and is then regenerated in the
// background. What was committed since the build is not known, so the first
// request is like that, too.
func TestFreshness(t *testing.T) {
	t.Parallel()
	site := open(t, litedbtest.Open(t, schema), "")
	site.Get("/").WantCache(gorgontest.Stale)
	site.Get("/").WantCache(gorgontest.Hit)
	site.Advance(2 * time.Minute)
	site.Get("/").WantCache(gorgontest.Stale)
	site.Get("/").WantCache(gorgontest.Hit)
	site.Get("/cart").WantCache(gorgontest.Bypass)
}

func TestCart(t *testing.T) {
	t.Parallel()
	site := open(t, litedbtest.Open(t, schema), "")
	site.Get("/products/bowl").Submit("Add to cart", nil).Want(http.StatusOK, "Stone bowl")
	cart := site.Get("/products/bowl").Submit("Add to cart", nil).Want(http.StatusOK, "Stone bowl", "€ 69.00") // two
	site.Get("/offers").Want(http.StatusOK, "Marble vase").WantNot("Stone bowl")
	site.Visitor().Get("/offers").Want(http.StatusOK, "Stone bowl") // another visitor still sees it
	cart.Submit("Change", url.Values{"quantity": {"100"}}).Want(http.StatusUnprocessableEntity, "Your cart", `role="alert"`)
	cart.Submit("Change", url.Values{"quantity": {"0"}}).Want(http.StatusOK, "It is empty")

	for _, form := range []url.Values{{"id": {"nothing"}, "add": {"1"}}, {"id": {"bowl"}, "quantity": {"-1"}}, {"id": {"bowl"}}} {
		site.Post("/cart", form).Want(http.StatusUnprocessableEntity)
	}
	site.Post("/cart", url.Values{"id": {"bowl"}, "add": {"1"}}, "Origin", "https://elsewhere.example", "Sec-Fetch-Site", "cross-site").Want(http.StatusForbidden)
}

// A product that is open in a browser shows what is left of it, and what it costs,
// as soon as that is committed.
func TestLive(t *testing.T) {
	t.Parallel()
	db := litedbtest.Open(t, schema)
	site := open(t, db, "secret")
	vase := site.Get("/products/vase").Want(http.StatusOK, "5 in stock").Follow()
	if _, err := db.SQL().ExecContext(t.Context(), "update products set stock = stock - 5 where id = 'vase'"); err != nil {
		t.Fatal(err)
	}
	vase.Want("Sold out")
	owner(site).Post("/admin/price", url.Values{"id": {"vase"}, "price": {"59"}}).Want(http.StatusOK)
	vase.Want("€ 59.00")
}

// owner is a visitor who knows the password.
func owner(site *gorgontest.Site) *gorgontest.Site {
	o := site.Visitor()
	o.Header = http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("admin:secret"))}}
	return o
}

func TestPrice(t *testing.T) {
	t.Parallel()
	site := open(t, litedbtest.Open(t, schema), "secret")
	site.Get("/admin").Want(http.StatusUnauthorized)
	site.Post("/admin/price", url.Values{"id": {"vase"}, "price": {"1"}}).Want(http.StatusUnauthorized)
	showing := []string{"/products/vase", "/products", "/offers"}
	for _, path := range showing {
		site.Get(path).Want(http.StatusOK, "€ 79.00")
	}
	owner := owner(site)
	prices := owner.Get("/admin").Want(http.StatusOK)
	const vase = `form:has([value="vase"])`
	for _, price := range []string{"", "much", "-1", "NaN", "1e9"} {
		prices.Submit(vase, url.Values{"price": {price}}).Want(http.StatusUnprocessableEntity)
	}
	owner.Post("/admin/price", url.Values{"id": {"nothing"}, "price": {"1"}}).Want(http.StatusUnprocessableEntity)

	purged := site.Purged(func() {
		prices.Submit(vase, url.Values{"price": {"59,50"}}).Want(http.StatusOK, `value="59.50"`)
	})
	if text := strings.Join(purged, " "); !strings.Contains(text, ".products:vase") || strings.Contains(text, "stool") {
		t.Errorf("the commit purged %s", text) // want the row, and the lists that it is in
	}
	owner.Get("/products/vase").Want(http.StatusOK, "€ 59.50") // at once
	for _, path := range showing {
		site.Get(path) // may be the old page, while the new one is made
		site.Get(path).Want(http.StatusOK, "€ 59.50")
	}
}
