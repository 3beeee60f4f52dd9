// The shop as visitors find it: every page answers, a cart keeps what is put
// into it, and a price that was changed is seen at once.

package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/gorgontest"
)

func TestPages(t *testing.T) {
	products := &catalog{file: t.TempDir() + "/products.json"}
	site := gorgontest.Open(t, app(products, ""))
	listed := site.Get("/sitemap.xml").Want(http.StatusOK).Find("loc")
	if listed.Length() < 5 {
		t.Errorf("the sitemap lists %d pages", listed.Length())
	}
	paths := []string{"/offers", "/search?q=stone", "/cart"}
	for _, page := range listed.EachIter() {
		paths = append(paths, page.Text())
	}
	all, _, err := products.all()
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
	site.Get("/").Submit("form[role=search]", url.Values{"q": {"soapstone"}}).Want(http.StatusOK, "Stone bowl")
	for _, path := range []string{"/nowhere", "/products/nothing", "/admin"} { // no password, no admin
		site.Get(path).Want(http.StatusNotFound, "There is no such page")
	}
}

// The first page is fresh for a minute, and is then regenerated in the
// background.
func TestFreshness(t *testing.T) {
	site := gorgontest.Open(t, app(&catalog{file: t.TempDir() + "/products.json"}, ""))
	site.Get("/").WantCache(gorgontest.Hit)
	site.Advance(2 * time.Minute)
	site.Get("/").WantCache(gorgontest.Stale)
	site.Get("/").WantCache(gorgontest.Hit)
	site.Get("/cart").WantCache(gorgontest.Bypass)
}

func TestCart(t *testing.T) {
	site := gorgontest.Open(t, app(&catalog{file: t.TempDir() + "/products.json"}, ""))
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

// owner is a visitor who knows the password.
func owner(site *gorgontest.Site) *gorgontest.Site {
	o := site.Visitor()
	o.Header = http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("admin:secret"))}}
	return o
}

func TestPrice(t *testing.T) {
	products := &catalog{file: t.TempDir() + "/products.json"}
	site := gorgontest.Open(t, app(products, "secret"))
	site.Get("/admin").Want(http.StatusUnauthorized)
	site.Post("/admin/price", url.Values{"id": {"vase"}, "price": {"1"}}).Want(http.StatusUnauthorized)
	for _, path := range []string{"/products/vase", "/products"} {
		site.Get(path).Want(http.StatusOK, "€ 79.00")
	}
	prices := owner(site).Get("/admin").Want(http.StatusOK)
	const vase = `form:has([value="vase"])`
	for _, price := range []string{"", "much", "-1", "NaN", "1e9"} {
		prices.Submit(vase, url.Values{"price": {price}}).Want(http.StatusUnprocessableEntity)
	}
	prices.Submit(vase, url.Values{"price": {"59,50"}}).Want(http.StatusOK, `value="59.50"`)
	for _, path := range []string{"/products/vase", "/products"} {
		site.Get(path).Want(http.StatusOK, "€ 59.50")
	}
	again := &catalog{file: products.file}
	if p, ok, err := again.one("vase"); err != nil || !ok || p.Price != 5950 {
		t.Errorf("the file has %v, %v", p, err)
	}
}

// Where the file cannot be written the owner is told so, and the price stays.
func TestPriceThatCannotBeKept(t *testing.T) {
	products := &catalog{file: t.TempDir() + "/no folder/products.json"}
	site := owner(gorgontest.Open(t, app(products, "secret")))
	site.Post("/admin/price", url.Values{"id": {"vase"}, "price": {"1"}}).Want(http.StatusServiceUnavailable, "Prices cannot be changed here.")
	if p, _, err := products.one("vase"); err != nil || p.Price != 7900 {
		t.Errorf("the price is %v, %v", p.Price, err)
	}
}
