// The shop as visitors find it: every page answers in every language, a cart
// keeps what is put into it, a price that was changed is on every page that shows
// it, and what is ordered is ordered once.

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/database/litedb/litedbtest"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/mail/mailtest"
	"github.com/gorgon-go/gorgon/mem"
)

// A house is a shop under test, with what it has mailed.
type house struct {
	shop
	*gorgontest.Site
	*mailtest.Outbox
	t *testing.T
}

const keeper = "keeper@example.com"

func open(t *testing.T) *house {
	db, box := litedbtest.Open(t, schema), mailtest.New()
	h := &house{shop: newShop(db, mem.NewSessions(), mem.NewBlobs(), box, keeper), Outbox: box, t: t}
	if _, err := db.Migrate(t.Context()); err != nil { // what newShop adds: the keys of orders
		t.Fatal(err)
	}
	h.Site = gorgontest.Options{Database: db, Auth: h.people, Jobs: h.queue}.Open(t, h.app("https://shop.example"))
	return h
}

// visitor is another visitor, who has signed in.
func (h *house) visitor(email string) *gorgontest.Site {
	h.t.Helper()
	id, err := h.userOf(h.t.Context(), email)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.Visitor().SignIn(id)
}

// work sends the mails that wait to be sent.
func (h *house) work() {
	h.t.Helper()
	for _, job := range h.Work() {
		if job.Err != "" {
			h.t.Errorf("%s failed: %s", job.Kind, job.Err)
		}
	}
}

// number is what a query finds.
func (h *house) number(query string, args ...any) (n int) {
	h.t.Helper()
	if err := h.db.SQL().QueryRowContext(h.t.Context(), query, args...).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// change runs a statement, as another program would.
func (h *house) change(statement string) {
	h.t.Helper()
	if _, err := h.db.SQL().ExecContext(h.t.Context(), statement); err != nil {
		h.t.Fatal(err)
	}
}

// add puts a product into a visitor's cart, and returns the cart.
func add(v *gorgontest.Site, product string) *gorgontest.Response {
	return v.Get("/products/"+product).Submit("article form", nil).Want(http.StatusOK, "Your cart")
}

const ordering = `form:has([name="address"])`

var address = url.Values{"address": {"Ada Lovelace\n12 St James's Square\nLondon"}}

func TestPages(t *testing.T) {
	t.Parallel()
	h := open(t)
	ada, owner := h.visitor("ada@example.com"), h.visitor(keeper)
	add(ada, "bowl").Submit(ordering, address).Want(http.StatusOK)
	order := ada.Get("/orders").Find(".rows a").AttrOr("href", "")
	add(ada, "vase")
	add(h.Site, "vase")
	check := func(v *gorgontest.Site, paths ...string) {
		for _, path := range paths {
			for prefix, dir := range map[string]string{"": "ltr", "/de": "ltr", "/ar": "rtl"} {
				page := v.Get(prefix+path).Want(http.StatusOK, `dir="`+dir+`"`, "<title>", "<main", "<h1")
				page.Find("input:not([type=hidden]), textarea").Each(func(_ int, field *goquery.Selection) {
					if field.AttrOr("aria-label", "") == "" && page.Find(`label[for="`+field.AttrOr("id", "?")+`"]`).Length() == 0 {
						t.Errorf("%s: a field has no label", prefix+path)
					}
				})
			}
		}
	}
	all, err := h.list(t.Context(), "true")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all { // those that the build did not make, too
		check(h.Site, "/products/"+p.ID)
	}
	check(h.Site, "/", "/products", "/offers", "/search?q=stone", "/cart", "/sign-in", "/sign-in/sent", "/sign-in/link")
	check(ada, "/cart", "/orders", order)
	check(owner, "/admin", "/admin/products", "/orders")

	if n := h.Get("/sitemap.xml").Want(http.StatusOK).Find("loc").Length(); n < 15 {
		t.Errorf("the sitemap lists %d pages", n)
	}
	h.Get("/de/products/bowl").Want(http.StatusOK, "Steinschale", "34,50", `hreflang="ar"`)
	var data struct{ Offers struct{ Price string } }
	bowl := h.Get("/products/bowl").Want(http.StatusOK, `<meta property="og:title" content="Stone bowl">`)
	if err := json.Unmarshal([]byte(bowl.Find("script[type='application/ld+json']").Text()), &data); err != nil || data.Offers.Price != "34.50" {
		t.Errorf("search engines read %+v, %v", data, err)
	}
	h.Get("/").Submit("form[role=search]", url.Values{"q": {"SOAPstone"}}).Want(http.StatusOK, "Stone bowl")
	h.Get("/search?q=%25").Want(http.StatusOK, "0 for") // as it is, not as a pattern
	for _, path := range []string{"/nowhere", "/products/nothing"} {
		h.Get(path).Want(http.StatusNotFound, "There is no such page")
	}
}

// Templates ask for texts that there are, with the arguments that these have.
func TestMessages(t *testing.T) {
	if err := messages.Check(files, "views/*.html", "mails/*.html"); err != nil {
		t.Error(err)
	}
}

// The first page is fresh for a minute, and is then regenerated in the
// background. What was committed since the build is not known, so the first
// request is like that, too.
func TestFreshness(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.Get("/").WantCache(gorgontest.Stale)
	h.Get("/").WantCache(gorgontest.Hit)
	h.Advance(2 * time.Minute)
	h.Get("/").WantCache(gorgontest.Stale)
	h.Get("/").WantCache(gorgontest.Hit)
	h.Get("/cart").WantCache(gorgontest.Bypass)
}

func TestCart(t *testing.T) {
	t.Parallel()
	h := open(t)
	add(h.Site, "bowl").Want(http.StatusOK, "Stone bowl", "Sign in to order")
	cart := add(h.Site, "bowl").Want(http.StatusOK, "Stone bowl", "69.00") // two
	h.Get("/offers").Want(http.StatusOK, "Marble vase").WantNot("Stone bowl")
	h.Visitor().Get("/offers").Want(http.StatusOK, "Stone bowl") // another visitor still sees it
	cart.Submit("Change", url.Values{"quantity": {"100"}}).Want(http.StatusUnprocessableEntity, "Your cart", `role="alert"`)
	cart.Submit("Change", url.Values{"quantity": {"0"}}).Want(http.StatusOK, "It is empty")

	for _, form := range []url.Values{{"id": {"nothing"}, "add": {"1"}}, {"id": {"bowl"}, "quantity": {"-1"}}, {"id": {"bowl"}}} {
		h.Post("/cart", form).Want(http.StatusUnprocessableEntity)
	}
	h.Post("/cart", url.Values{"id": {"bowl"}, "add": {"1"}}, "Origin", "https://elsewhere.example", "Sec-Fetch-Site", "cross-site").Want(http.StatusForbidden)
}

// A visitor signs in by a link that works once. It is in the mail alone, and leads
// back to where the visitor came from.
func TestSignIn(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.Get("/orders").Want(http.StatusOK, "We send you a link")
	h.Get("/de/orders").Submit("main form", url.Values{"email": {"ada"}}).Want(http.StatusUnprocessableEntity, "keine E-Mail-Adresse")
	h.Get("/de/orders").Submit("main form", url.Values{"email": {"Ada@Example.com"}}).Want(http.StatusOK, "Sehen Sie in Ihr Postfach")
	waiting := h.number("select count(*) from users")
	h.work()
	mail := h.To(t, "ada@example.com")
	link := mail.Link(t)
	if mail.Subject != "Ihr Link zum Anmelden" || link.Path != "/de/sign-in/link" || link.Fragment == "" || waiting != 0 {
		t.Fatalf("the mail %q leads to %s, and there are %d users", mail.Subject, link, waiting)
	}
	page := h.Get(link.Path).Want(http.StatusOK).WantNot(link.Fragment)
	page.Submit("main form", url.Values{"code": {"guessed"}}).Want(http.StatusUnprocessableEntity, "abgelaufen")
	in := page.Submit("main form", url.Values{"code": {link.Fragment}}).Want(http.StatusOK, "Ihre Bestellungen")
	if in.URL.Path != "/de/orders" {
		t.Errorf("the visitor is at %s", in.URL)
	}
	h.Visitor().Get(link.Path).Submit("main form", url.Values{"code": {link.Fragment}}).Want(http.StatusUnprocessableEntity, "abgelaufen")
	h.Get("/admin").Want(http.StatusForbidden, "You may not see this page")
	h.Get("/").Filled().Submit("Sign out", nil).Want(http.StatusOK)
	h.Get("/orders").Want(http.StatusOK, "We send you a link")
}

// One mailbox gets few mails, from wherever they are asked for.
func TestLinksAreLimited(t *testing.T) {
	t.Parallel()
	h := open(t)
	ask := func() *gorgontest.Response {
		return h.Get("/sign-in").Submit("main form", url.Values{"email": {"ada@example.com"}})
	}
	for range mailsByMailbox.N {
		ask().Want(http.StatusOK)
	}
	ask().Want(http.StatusTooManyRequests, "Too many attempts")
	if n := len(h.Work()); n != mailsByMailbox.N {
		t.Errorf("%d mails were sent", n)
	}
}

// An order is one commit: the stock, the lines, and the job of a receipt that
// names what was bought, in the buyer's language.
func TestOrder(t *testing.T) {
	t.Parallel()
	h := open(t)
	ada := h.visitor("ada@example.com")
	add(ada, "bowl")
	add(ada, "bowl")
	add(ada, "vase").Submit(ordering, url.Values{"address": {"short"}}).Want(http.StatusUnprocessableEntity, "At least 10 characters", "Your cart")
	placed := ada.Get("/de/cart").Submit(ordering, address).Want(http.StatusOK, "Vielen Dank", "Steinschale", "Marmorvase", "148,00", "Wird gepackt")
	ada.Get("/cart").Want(http.StatusOK, "It is empty")
	if bowls, vases := h.number("select stock from products where id = 'bowl'"), h.number("select stock from products where id = 'vase'"); bowls != 10 || vases != 4 {
		t.Errorf("there are %d bowls and %d vases", bowls, vases)
	}
	h.work()
	receipt := h.To(t, "ada@example.com")
	if !strings.HasPrefix(receipt.Subject, "Ihre Bestellung ") || receipt.Link(t).Path != placed.URL.Path {
		t.Errorf("the receipt %q leads to %s, and the order is %s", receipt.Subject, receipt.Link(t), placed.URL)
	}
	for _, want := range []string{"2 × Steinschale", "1 × Marmorvase", "148,00", "St James's Square"} {
		if !strings.Contains(receipt.Text, want) {
			t.Errorf("the receipt lacks %q:\n%s", want, receipt.Text)
		}
	}
	h.visitor("eve@example.com").Get(placed.URL.Path).Want(http.StatusNotFound)
	h.Get(placed.URL.Path).Want(http.StatusOK, "Anmelden").WantNot("Steinschale")
}

// An order that cannot be written whole is not written: what it took is there
// again, and no receipt is sent.
func TestOrderIsOneCommit(t *testing.T) {
	t.Parallel()
	h := open(t)
	ada := h.visitor("ada@example.com")
	cart := add(ada, "vase")
	h.change("alter table order_lines rename to away")
	cart.Submit(ordering, address).Want(http.StatusInternalServerError)
	h.change("alter table away rename to order_lines")
	if stock, orders, jobs := h.number("select stock from products where id = 'vase'"), h.number("select count(*) from orders"), len(h.Work()); stock != 5 || orders+jobs != 0 {
		t.Errorf("there are %d vases and %d orders, and %d jobs ran", stock, orders, jobs)
	}
	cart.Submit(ordering, address).Want(http.StatusOK, "Thank you")
}

// A price that has changed since the visitor saw the cart is not charged.
func TestOrderAtAnotherPrice(t *testing.T) {
	t.Parallel()
	h := open(t)
	ada := h.visitor("ada@example.com")
	cart := add(ada, "vase")
	h.change("update products set price = 9900 where id = 'vase'")
	again := cart.Submit(ordering, address).Want(http.StatusUnprocessableEntity, "A price has changed", "99.00", "St James")
	again.Submit(ordering, nil).Want(http.StatusOK, "99.00")
}

// An order that is sent twice is one order.
func TestOrderSentTwice(t *testing.T) {
	t.Parallel()
	h := open(t)
	ada := h.visitor("ada@example.com")
	add(ada, "vase")
	cookie := "cart=vase%3D1"
	form := url.Values{"total": {"7900"}, "address": address["address"]}
	first := ada.Post("/orders/place", form, "Idempotency-Key", "once").Want(http.StatusOK, "Thank you")
	second := ada.Post("/orders/place", form, "Idempotency-Key", "once", "Cookie", cookie).Want(http.StatusOK, "Thank you")
	if first.URL.Path != second.URL.Path || h.number("select count(*) from orders") != 1 || h.number("select stock from products where id = 'vase'") != 4 || len(h.Work()) != 1 {
		t.Errorf("the orders are %s and %s", first.URL, second.URL)
	}
}

// Of visitors who want the last piece at the same time, one gets it.
func TestLastPiece(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.change("update products set stock = 1 where id = 'stool'")
	var carts []*gorgontest.Response
	for i := range 4 {
		carts = append(carts, add(h.visitor(fmt.Sprint(i, "@example.com")), "stool"))
	}
	answers := make([]*gorgontest.Response, len(carts))
	var all sync.WaitGroup
	for i, cart := range carts {
		all.Go(func() { answers[i] = cart.Submit(ordering, address) })
	}
	all.Wait()
	statuses := map[int]int{}
	for _, a := range answers {
		if statuses[a.Status]++; a.Status != http.StatusOK {
			a.Want(http.StatusUnprocessableEntity, "Granite stool is sold out.", "Your cart")
		}
	}
	stock, orders, receipts := h.number("select stock from products where id = 'stool'"), h.number("select count(*) from orders"), len(h.Work())
	if stock != 0 || orders != 1 || receipts != 1 || statuses[http.StatusOK] != 1 {
		t.Errorf("there are %d stools, %d orders and %d receipts; the answers are %v", stock, orders, receipts, statuses)
	}
}

// What is open in browsers follows commits: what is left of a product, and what it
// costs; how far an order is; and the shopkeeper's list.
func TestLive(t *testing.T) {
	t.Parallel()
	h := open(t)
	ada, owner := h.visitor("ada@example.com"), h.visitor(keeper)
	vase := h.Get("/products/vase").Want(http.StatusOK, "5 in stock").Follow()
	list := owner.Get("/admin").Want(http.StatusOK, "There are no orders yet").Follow()
	placed := add(ada, "vase").Submit(ordering, address).Want(http.StatusOK, "Being packed")
	vase.Want("4 in stock")
	list.Want("ada@example.com", "Marble vase")
	order := placed.Follow()
	owner.Get("/admin").Submit("It is sent", nil).Want(http.StatusOK, "Sent")
	order.Want("Sent on")
	owner.Post("/admin/price", url.Values{"id": {"vase"}, "price": {"59"}}).Want(http.StatusOK)
	vase.Want("59.00")
}

// The mail server may be away for an hour: the receipt waits.
func TestMailServerAway(t *testing.T) {
	t.Parallel()
	h := open(t)
	ada := h.visitor("ada@example.com")
	h.Fail(errors.New("the server is away"))
	add(ada, "vase").Submit(ordering, address).Want(http.StatusOK, "Thank you")
	if ran := h.Work(); len(ran) != 1 || ran[0].Err == "" || ran[0].Dead {
		t.Errorf("ran %+v", ran)
	}
}

func TestShopkeeper(t *testing.T) {
	t.Parallel()
	h := open(t)
	ada, owner := h.visitor("ada@example.com"), h.visitor(keeper)
	for _, path := range []string{"/admin", "/admin/products"} {
		h.Get(path).Want(http.StatusOK, "We send you a link")
		ada.Get(path).Want(http.StatusForbidden)
	}
	ada.Post("/admin/price", url.Values{"id": {"vase"}, "price": {"1"}}).Want(http.StatusForbidden)
	showing := []string{"/products/vase", "/products", "/offers"}
	for _, path := range showing {
		h.Get(path).Want(http.StatusOK, "79.00")
	}
	stockroom := owner.Get("/admin/products").Want(http.StatusOK)
	const price, more = `form:has([value="vase"]):has([name="price"])`, `form:has([value="vase"]):has([name="more"])`
	for _, given := range []string{"", "much", "-1", "NaN", "1e9"} {
		stockroom.Submit(price, url.Values{"price": {given}}).Want(http.StatusUnprocessableEntity, `role="alert"`)
	}
	owner.Post("/admin/price", url.Values{"id": {"nothing"}, "price": {"1"}}).Want(http.StatusUnprocessableEntity)

	purged := h.Purged(func() {
		stockroom.Submit(price, url.Values{"price": {"59,50"}}).Want(http.StatusOK, `value="59.50"`)
	})
	if text := strings.Join(purged, " "); !strings.Contains(text, ".products:vase") || strings.Contains(text, "stool") {
		t.Errorf("the commit purged %s", text) // want the row, and the lists that it is in
	}
	owner.Get("/products/vase").Want(http.StatusOK, "59.50") // at once
	for _, path := range showing {
		h.Get(path) // may be the old page, while the new one is made
		h.Get(path).Want(http.StatusOK, "59.50")
	}
	stockroom.Submit(more, url.Values{"more": {"3"}}).Want(http.StatusOK, "8 in stock")
	stockroom.Submit(more, url.Values{"more": {"-9"}}).Want(http.StatusUnprocessableEntity, "There are not that many")
}

// upload sends the form with a picture, as a browser without scripts does.
func (h *house) upload(v *gorgontest.Site, product string, data []byte) *gorgontest.Response {
	h.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="picture"; filename="it.png"`}, "Content-Type": {"image/png"}})
	if err == nil {
		_, err = file.Write(data)
	}
	if err := errors.Join(err, form.WriteField("id", product), form.Close()); err != nil {
		h.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/admin/picture", &body)
	r.URL.Host, r.Host = "", ""
	r.Header = http.Header{"Content-Type": {form.FormDataContentType()}, "Accept": {"text/html"}, "Origin": {"https://shop.example"}, "Sec-Fetch-Site": {"same-origin"}}
	return v.Send(r)
}

// A picture that the shopkeeper uploads is on the product's pages, in several
// widths. What is not a picture is refused, and is kept nowhere.
func TestPicture(t *testing.T) {
	t.Parallel()
	h := open(t)
	owner := h.visitor(keeper)
	var photo bytes.Buffer
	if err := png.Encode(&photo, image.NewGray(image.Rect(0, 0, 600, 450))); err != nil {
		t.Fatal(err)
	}
	h.Get("/products/vase").Want(http.StatusOK, "products/vase") // a drawing, until there is a picture
	h.upload(h.visitor("ada@example.com"), "vase", photo.Bytes()).Want(http.StatusForbidden)
	h.upload(owner, "vase", []byte("a poem")).Want(http.StatusUnprocessableEntity, "not a picture")
	h.upload(owner, "nothing", photo.Bytes()).Want(http.StatusUnprocessableEntity, "no such product")
	if kept, err := h.pictures.Store().List(t.Context(), blobs.Query{}); err != nil || len(kept) > 0 {
		t.Errorf("%d files are kept, %v", len(kept), err)
	}
	h.upload(owner, "vase", photo.Bytes()).Want(http.StatusSeeOther)
	shown := owner.Get("/products/vase").Want(http.StatusOK, "480w").Find(`article img[alt="Marble vase"]`)
	h.Get(shown.AttrOr("src", "/nowhere")).Want(http.StatusOK).WantHeader("Content-Type", "image/webp")
	owner.Get("/products").Want(http.StatusOK, "480w")
}
