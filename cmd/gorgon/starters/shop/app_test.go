// The shop as visitors find it: every page answers, a cart keeps what is put
// into it, and a price that was changed is seen at once.

package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/command"
)

func TestPages(t *testing.T) {
	products := &catalog{file: t.TempDir() + "/products.json"}
	site := start(t, products, "")
	sitemap := get(t, http.DefaultClient, site+"/sitemap.xml", http.StatusOK)
	listed := regexp.MustCompile(`<loc>`+regexp.QuoteMeta(origin)+`([^<]*)</loc>`).FindAllStringSubmatch(sitemap, -1)
	if len(listed) < 5 {
		t.Errorf("the sitemap lists %d pages:\n%s", len(listed), sitemap)
	}
	paths := []string{"/offers", "/search?q=stone", "/cart"}
	for _, page := range listed {
		paths = append(paths, page[1])
	}
	all, _, err := products.all()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all { // those that the build did not make, too
		paths = append(paths, "/products/"+p.ID)
	}
	for _, path := range paths {
		body := get(t, http.DefaultClient, site+path, http.StatusOK)
		for _, want := range []string{`<html lang="en">`, "<title>", "<main", "<h1"} {
			if !strings.Contains(body, want) {
				t.Errorf("%s has no %s", path, want)
			}
		}
	}
	if body := get(t, http.DefaultClient, site+"/search?q=soapstone", http.StatusOK); !strings.Contains(body, "Stone bowl") {
		t.Errorf("the search finds nothing:\n%s", body)
	}
	for _, path := range []string{"/nowhere", "/products/nothing", "/admin"} { // no password, no admin
		if body := get(t, http.DefaultClient, site+path, http.StatusNotFound); !strings.Contains(body, "There is no such page") {
			t.Errorf("the error view of a 404 is %s", body)
		}
	}
}

func TestCart(t *testing.T) {
	site := start(t, &catalog{file: t.TempDir() + "/products.json"}, "")
	visitor := newVisitor(t)
	post(t, visitor, site+"/cart", url.Values{"id": {"bowl"}, "add": {"1"}}, http.StatusOK)
	body := post(t, visitor, site+"/cart", url.Values{"id": {"bowl"}, "add": {"1"}}, http.StatusOK)
	if !strings.Contains(body, "Stone bowl") || !strings.Contains(body, "€ 69.00") {
		t.Errorf("two bowls are not in the cart:\n%s", body)
	}
	if body := get(t, visitor, site+"/offers", http.StatusOK); strings.Contains(body, "Stone bowl") || !strings.Contains(body, "Marble vase") {
		t.Errorf("the offers do not leave out what is in the cart:\n%s", body)
	}
	if body := get(t, http.DefaultClient, site+"/offers", http.StatusOK); !strings.Contains(body, "Stone bowl") {
		t.Error("another visitor does not see the bowl")
	}
	if body := post(t, visitor, site+"/cart", url.Values{"id": {"bowl"}, "quantity": {"0"}}, http.StatusOK); !strings.Contains(body, "It is empty") {
		t.Errorf("the cart is not empty:\n%s", body)
	}
	for _, form := range []url.Values{{"id": {"nothing"}, "add": {"1"}}, {"id": {"bowl"}, "quantity": {"100"}}, {"id": {"bowl"}, "quantity": {"-1"}}, {"id": {"bowl"}}} {
		post(t, visitor, site+"/cart", form, http.StatusBadRequest)
	}
	elsewhere, err := http.NewRequest(http.MethodPost, site+"/cart", strings.NewReader("id=bowl&add=1"))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	elsewhere.Header.Set("Origin", "https://elsewhere.example")
	do(t, visitor, elsewhere, http.StatusForbidden)
}

func TestPrice(t *testing.T) {
	products := &catalog{file: t.TempDir() + "/products.json"}
	site := start(t, products, "secret")
	visitor := newVisitor(t)
	get(t, visitor, site+"/admin", http.StatusUnauthorized)
	post(t, visitor, site+"/admin/price", url.Values{"id": {"vase"}, "price": {"1"}}, http.StatusUnauthorized)
	for _, path := range []string{"/products/vase", "/products"} {
		if body := get(t, visitor, site+path, http.StatusOK); !strings.Contains(body, "€ 79.00") {
			t.Errorf("%s does not show the price:\n%s", path, body)
		}
	}
	admin := strings.Replace(site, "http://", "http://admin:secret@", 1)
	for _, price := range []string{"", "much", "-1", "NaN", "1e9"} {
		post(t, visitor, admin+"/admin/price", url.Values{"id": {"vase"}, "price": {price}}, http.StatusBadRequest)
	}
	body := post(t, visitor, admin+"/admin/price", url.Values{"id": {"vase"}, "price": {"59,50"}}, http.StatusOK)
	if !strings.Contains(body, `value="59.50"`) {
		t.Errorf("the page of prices does not show the new one:\n%s", body)
	}
	for _, path := range []string{"/products/vase", "/products"} {
		for _, anybody := range []*http.Client{http.DefaultClient, visitor} {
			if body := get(t, anybody, site+path, http.StatusOK); !strings.Contains(body, "€ 59.50") {
				t.Errorf("%s does not show the new price:\n%s", path, body)
			}
		}
	}
	again := &catalog{file: products.file}
	if p, ok, err := again.one("vase"); err != nil || !ok || p.Price != 5950 {
		t.Errorf("the file has %v, %v", p, err)
	}
}

// Where the file cannot be written the owner is told so, and the price stays.
func TestPriceThatCannotBeKept(t *testing.T) {
	products := &catalog{file: t.TempDir() + "/no folder/products.json"}
	at := strings.Replace(start(t, products, "secret"), "http://", "http://admin:secret@", 1)
	body := post(t, http.DefaultClient, at+"/admin/price", url.Values{"id": {"vase"}, "price": {"1"}}, http.StatusServiceUnavailable)
	if !strings.Contains(body, "Prices cannot be changed here.") {
		t.Errorf("the owner is told:\n%s", body)
	}
	if p, _, err := products.one("vase"); err != nil || p.Price != 7900 {
		t.Errorf("the price is %v, %v", p.Price, err)
	}
}

// start runs the app as its own command does, at a free port, and returns its URL.
func start(t *testing.T, products *catalog, password string) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	log, write := io.Pipe()
	ended := make(chan int, 1)
	dir := t.TempDir()
	go func() {
		code := command.Run(ctx, app(products, password), config, []string{"serve", "--addr", "127.0.0.1:0", "--dist", dir, "--store", "disk:" + dir + "/store"}, io.Discard, write)
		_ = write.Close()
		ended <- code
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != command.OK {
			t.Errorf("serve ended with exit code %d", code)
		}
	})
	lines, said := bufio.NewScanner(log), ""
	for lines.Scan() {
		said += lines.Text() + "\n"
		if _, at, ok := strings.Cut(lines.Text(), "serving starter-shop at "); ok {
			go func() { _, _ = io.Copy(io.Discard, log) }()
			at, _, _ = strings.Cut(at, " ")
			return strings.TrimSuffix(at, "/")
		}
	}
	t.Fatalf("it does not serve:\n%s", said)
	return ""
}

// newVisitor is a browser with cookies of its own.
func newVisitor(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

// get asks for a URL and wants a status; it returns the body.
func get(t *testing.T, client *http.Client, at string, status int) string {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, client, r, status)
}

// post sends a form, as get asks.
func post(t *testing.T, client *http.Client, at string, form url.Values, status int) string {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, at, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return do(t, client, r, status)
}

func do(t *testing.T, client *http.Client, r *http.Request, status int) string {
	t.Helper()
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != status {
		t.Errorf("%s %s: status %d, want %d:\n%s", r.Method, r.URL.Path, res.StatusCode, status, body)
	}
	return string(body)
}
