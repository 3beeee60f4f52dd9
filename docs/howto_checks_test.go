// What each guide promises.

package docs_test

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/gorgon-go/gorgon/wire"
)

const jsonType = "application/json"

func checkForm(s *site) {
	empty := s.wants(s.get("/"), 200, `name="title"`, `minlength="3"`, `name="steps.0.minutes"`, `enctype="multipart/form-data"`, `type="file"`)
	if strings.Contains(empty.body, "aria-invalid") {
		s.Error("the empty form is refused")
	}
	refused := s.wants(s.post("/recipes", url.Values{"_page": {"/"}, "title": {"a<"}, "tags": {"vegan"}, "steps.0.text": {"Boil"}, "steps.0.minutes": {"long"}}),
		422, `value="a&lt;"`, `<input checked id="postRecipes-tags-vegan" name="tags" type="checkbox" value="vegan">`, "Boil</textarea>", `value="long"`, `id="postRecipes-title-error"`, "autofocus")
	if strings.Count(refused.body, "autofocus") != 1 {
		s.Error("several fields have the focus")
	}
	if again := s.get("/"); again.body != empty.body {
		s.Errorf("the stored page shows\n%s", again.body)
	}
	steps := url.Values{"_page": {"/"}, "title": {"Soup"}, "steps.3.text": {"Boil"}, "steps.3.minutes": {"9"}}
	saved := s.wants(s.post("/recipes", steps), 200, "<h1>Soup</h1>", "Boil (9 min)")
	if saved.Request.URL.Path != "/recipes/1" || strings.Count(saved.body, "<li>") != 1 {
		s.Errorf("%s\n%s", saved.Request.URL, saved.body)
	}
	s.wants(s.post("/recipes", steps), 422, "a recipe of this name exists")
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range map[string]string{"_page": "/", "title": "Tea", "steps.0.text": "Wait", "steps.0.minutes": "4"} {
		if err := form.WriteField(name, value); err != nil {
			s.Fatal(err)
		}
	}
	file, err := form.CreateFormFile("photo", "tea.jpg")
	if err != nil {
		s.Fatal(err)
	}
	fmt.Fprint(file, strings.Repeat("x", 500))
	if err := form.Close(); err != nil {
		s.Fatal(err)
	}
	s.wants(s.send("POST", "/recipes", form.FormDataContentType(), body.String(), "Accept", "text/html"), 200, "A photo of 500 bytes")
	s.wants(s.send("POST", "/recipes", jsonType, `{"title":"Stew","steps":[{"text":"Boil","minutes":9}]}`), 201, `"id":"3"`)
	s.wants(s.post("/recipes", steps, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"), 403)
}

func checkSignIn(s *site) {
	in := s.wants(s.get("/members?tab=news"), 200, "<h1>Sign in</h1>", `value="/members?tab=news"`)
	if in.Request.URL.RequestURI() != "/sign-in?next=%2Fmembers%3Ftab%3Dnews" {
		s.Errorf("the guard leads to %s", in.Request.URL)
	}
	payload := s.get(payloadOf("/members"))
	if payload.Request.URL.Path != "/sign-in" {
		s.Errorf("the guard leads a payload to %s", payload.Request.URL)
	}
	page := url.Values{"_page": {"/sign-in"}, "next": {"/members?tab=news"}, "user": {"ada"}, "password": {"wrong horse"}}
	wrong := s.wants(s.post("/sign-in", page, "Referer", in.Request.URL.String()), 422, "do not match", `value="ada"`, `value="/members?tab=news"`)
	if strings.Contains(wrong.body, "horse") {
		s.Error("a password is sent back")
	}
	page.Set("password", "open sesame")
	for next, want := range map[string]string{"//evil.example": "/members", `/\evil.example`: "/members", "https://evil.example": "/members"} {
		evil := url.Values{"_page": {"/sign-in"}, "next": {next}, "user": {"ada"}, "password": {"open sesame"}}
		if a := s.post("/sign-in", evil); a.Request.URL.Path != want || !strings.HasPrefix(a.Request.URL.String(), s.url) {
			s.Errorf("next=%s leads to %s", next, a.Request.URL)
		}
	}
	members := s.wants(s.post("/sign-in", page), 200, "Welcome, ada")
	if members.Request.URL.RequestURI() != "/members?tab=news" {
		s.Errorf("it leads back to %s", members.Request.URL)
	}
	s.wantsHeader(members, "Cache-Control", "private, no-store")
	forged := s.get("/members", "Cookie", "session=9999999999-eve."+strings.Repeat("0", 64))
	s.wants(s.post("/sign-out", nil), 200, "Club")
	s.wants(s.get("/members"), 200, "<h1>Sign in</h1>")
	if strings.Contains(forged.body, "eve") {
		s.Error("a forged cookie is taken")
	}
}

// payloadOf is the path of what navigation requests of a page.
func payloadOf(path string) string { return wire.PagePrefix + path + wire.PayloadSuffix }

func checkAPI(s *site) {
	token := []string{"Authorization", "Bearer a-token-of-the-phone", "Accept", jsonType}
	order := func(body string, header ...string) answer {
		return s.send("POST", "/v1/orders", jsonType, body, append(token, header...)...)
	}
	placed := s.wants(order(`{"product":"stool","quantity":2}`), 201, `{"id":"7","total":"9800"}`)
	s.wantsHeader(placed, "Location", "/v1/orders/7")
	wrong := s.wants(order(`{"product":"stool","quantity":0}`), 422, `{"pointer":"/quantity","detail":"must be at least 1","code":"min","limit":"1"}`)
	s.wantsHeader(wrong, "Content-Type", "application/problem+json")
	s.wants(order(`{"Product":"stool","quantity":1}`), 422, `"/Product"`, `"/product"`)
	s.wants(order(`{"product":"vase","quantity":1}`), 422, "there is no such product")
	s.wants(s.send("GET", "/v1/orders/7", "", "", token...), 200, `"id":"7"`)
	s.wants(s.send("GET", "/v1/orders/8", "", "", token...), 404, `"status":404`)
	s.wantsHeader(s.wants(s.send("GET", "/v1/orders/7", "", "", "Accept", jsonType), 401, `"status":401`), "WWW-Authenticate", "Bearer")
	list := s.wants(s.send("GET", "/v1/products", "", "", "Accept", jsonType), 200, `[{"id":"stool","name":"Granite stool"}]`)
	s.wants(s.send("GET", "/v1/products", "", "", "If-None-Match", list.Header.Get("ETag")), 304)
	preflight := func(origin string) answer {
		return s.send("OPTIONS", "/v1/orders", "", "", "Origin", origin, "Access-Control-Request-Method", "POST")
	}
	s.wantsHeader(preflight("https://app.example.com"), "Access-Control-Allow-Origin", "https://app.example.com")
	s.wantsHeader(preflight("https://evil.example"), "Access-Control-Allow-Origin")
	web := []string{"Origin", "https://app.example.com", "Sec-Fetch-Site", "cross-site"}
	shared := s.wants(order(`{"product":"stool","quantity":2}`, web...), 201)
	s.wantsHeader(shared, "Access-Control-Allow-Origin", "https://app.example.com")
	s.wantsHeader(shared, "Access-Control-Expose-Headers", "Location, Retry-After, Request-Id")
	web[1] = "https://evil.example"
	s.wants(order(`{"product":"stool","quantity":2}`, web...), 403)
}

func checkFeed(s *site) {
	s.wants(s.get("/"), 200, `type="application/atom+xml"`, `href="/feed.json"`)
	atom := s.wants(s.get("/feed.xml"), 200, "<?xml", `rel="self" href="https://example.com/feed.xml"`, "<updated>2026-01-12T09:00:00Z</updated>")
	s.wantsHeader(atom, "Content-Type", "application/atom+xml")
	s.wants(s.get("/feed.xml", "If-None-Match", atom.Header.Get("ETag")), 304)
	var read struct {
		Entries []struct {
			ID      string `xml:"id"`
			Content string `xml:"content"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal([]byte(atom.body), &read); err != nil || len(read.Entries) != 1 || read.Entries[0].ID != "https://example.com/posts/stone" || read.Entries[0].Content != "<p>Stone & glass.</p>" {
		s.Errorf("%v, %v", read, err)
	}
	var list struct{ Items []struct{ URL string } }
	feed := s.wants(s.get("/feed.json"), 200)
	s.wantsHeader(feed, "Content-Type", "application/feed+json")
	if err := json.Unmarshal([]byte(feed.body), &list); err != nil || len(list.Items) != 1 || list.Items[0].URL != "https://example.com/posts/stone" {
		s.Errorf("%v, %v", list, err)
	}
}

func checkRedirects(s *site) {
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for from, to := range map[string]string{
		"/about-us?from=mail": "/about?from=mail",
		"/blog/stone":         "/posts/stone",
		"/docs/a/b?q=1":       "https://docs.example.com/a/b?q=1",
	} {
		s.wantsHeader(s.wants(s.get(from), 308), "Location", to)
	}
	s.wants(s.get("/posts/stone"), 200, "stone")
}

func checkWebhook(s *site) {
	s.wants(s.get("/products/vase"), 200, "vase, version 1")
	const body = `{"id":"vase","event":"saved"}`
	mac := hmac.New(sha256.New, []byte("a key"))
	mac.Write([]byte(body))
	signature := "sha256=" + hex.EncodeToString(mac.Sum(nil))
	s.wants(s.send("POST", "/hooks/signed", jsonType, body+" ", "X-Hub-Signature-256", signature), 403)
	s.wants(s.send("POST", "/hooks/cms", jsonType, body), 401)
	s.wants(s.send("POST", "/hooks/cms", jsonType, `{}`, "Authorization", "Bearer a token"), 400)
	s.wants(s.get("/products/vase"), 200, "version 1")
	s.wants(s.send("POST", "/hooks/signed", jsonType, body, "X-Hub-Signature-256", signature), 204)
	s.eventually("/products/vase", "version 2")
	s.wants(s.send("POST", "/hooks/cms", jsonType, body, "Authorization", "Bearer a token"), 204)
	s.eventually("/products/vase", "version 3")
}

func checkEvents(s *site) {
	say := func(text string) {
		s.wants(s.send("POST", "/messages", jsonType, `{"text":"`+text+`"}`), 204)
	}
	read := func(after string, want ...string) {
		s.Helper()
		r, err := http.NewRequestWithContext(s.Context(), "GET", s.url+"/events", nil)
		if err != nil {
			s.Fatal(err)
		}
		r.Header.Set("Last-Event-ID", after)
		res, err := s.client.Do(r)
		if err != nil {
			s.Fatal(err)
		}
		defer res.Body.Close()
		lines := bufio.NewReader(res.Body)
		for _, w := range want {
			line := "\n"
			for line == "\n" || line == ":\n" {
				if line, err = lines.ReadString('\n'); err != nil {
					s.Fatalf("after %q: %v", after, err)
				}
			}
			if line != w+"\n" {
				s.Fatalf("after %q: got %q, want %q", after, line, w)
			}
		}
		if res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("X-Accel-Buffering") != "no" {
			s.Errorf("%v", res.Header)
		}
	}
	say("one")
	say("two")
	read("", "id: 1", `data: {"text":"one"}`, "id: 2", `data: {"text":"two"}`)
	read("1", "id: 2", `data: {"text":"two"}`)
	for range 120 {
		say("more")
	}
	read("1", "id: 23", "event: snapshot", `data: {"text":"more"}`, "id: 24", `data: {"text":"more"}`)
}

func checkMiddleware(s *site) {
	s.wantsHeader(s.wants(s.get("/"), 200), "Trace", "middleware /")
	s.wantsHeader(s.wants(s.get("/raw"), 200, "raw"), "Trace", "middleware /raw", "handler /raw")
	s.wants(s.get("/staff"), 403)
	ada := []string{"Cookie", "user=ada"}
	page := s.wants(s.get("/staff", ada...), 200, "Hello, ada")
	s.wantsHeader(page, "Trace", "middleware /staff", "group /staff", "page /staff")
	s.wantsHeader(page, "Permissions-Policy", "camera=()")
	payload := s.wants(s.get(payloadOf("/staff"), ada...), 200, "Hello, ada")
	s.wantsHeader(payload, "Trace", "middleware /staff", "group /staff", "page /staff")
	run := s.wants(s.send("POST", "/staff/run", jsonType, "{}", ada...), 204)
	s.wantsHeader(run, "Trace", "middleware /staff/run", "group /staff/run", "endpoint /staff/run", "handle")
	s.logs("answered", "/staff/run")
}

func checkErrors(s *site) {
	for path, cause := range map[string]string{"/broken": "the database is on fire", "/panics": "no such index"} {
		a := s.wants(s.get(path), 500, "Internal Server Error")
		id := a.Header.Get("Request-Id")
		if id == "" || !strings.Contains(a.body, id) || strings.Contains(a.body, cause) {
			s.Errorf("%s shows, under %q, %s", path, id, a.body)
		}
		s.logs("REPORTED", id, path)
		s.logs(cause, id)
	}
	refused := s.wants(s.get("/refused"), 403, "This is for members.")
	if strings.Contains(refused.body+s.log(), "table of members") {
		s.Error("the cause of a refusal is shown or logged")
	}
	s.wants(s.send("GET", "/broken", "", "", "Accept", jsonType), 500, `"id":"`)
}

func checkDatabase(s *site) {
	s.wants(s.get("/"), 200, `<a href="/products/1">Stool</a>`)
	s.wants(s.get("/products/1"), 200, "<p>49.00</p>")
	s.wants(s.get("/products/2"), 200, "<p>25.00</p>")
	s.wants(s.get("/products/9"), 404)
	if a := s.send("POST", "/price", jsonType, `{"id":"1","price":5900}`); a.StatusCode != 204 {
		s.Errorf("status %d: %s", a.StatusCode, a.body)
	}
	s.wants(s.get("/products/1"), 200, "<p>59.00</p>") // with the token
	if a := s.get("/products/2"); a.Header.Get("Cache-Status") != "gorgon; hit" {
		s.Errorf("the other product: %s", a.Header.Get("Cache-Status"))
	}
	s.wants(s.send("POST", "/price", jsonType, `{"id":"9","price":1}`), 404)
	s.wants(s.send("POST", "/price", jsonType, `{"id":"1","price":0}`), 422)
	if a := s.get("/readyz"); a.StatusCode != 200 {
		s.Errorf("/readyz: %s", a.body)
	}
}

func checkSqlc(s *site) {
	s.wants(s.get("/"), 200, `<a href="/products/1">Stool</a>: 49.00`)
	s.wants(s.get("/products/1"), 200, "<p>49.00</p>")
	s.wants(s.get("/products/2"), 200, "<p>25.00</p>")
	s.wants(s.get("/products/9"), 404)
	s.wants(s.send("POST", "/discount", jsonType, `{"id":"1","percent":10}`), 204)
	if a := s.wants(s.get("/products/2"), 200, "<p>25.00</p>"); a.Header.Get("Cache-Status") != "gorgon; hit" {
		s.Errorf("the other product: %s", a.Header.Get("Cache-Status"))
	}
	s.wants(s.get("/products/1"), 200, "<p>44.10</p>") // with the token
	s.wants(s.get("/"), 200, "Stool</a>: 44.10")
	s.wants(s.send("POST", "/discount", jsonType, `{"id":"9","percent":10}`), 404)
	s.wants(s.send("POST", "/discount", jsonType, `{"id":"1","percent":0}`), 422)
	text, err := os.ReadFile("how-to/sqlc.md")
	if err != nil {
		s.Fatal(err)
	}
	files := filesOf(string(text))
	for query := range strings.SplitSeq(strings.TrimSpace(files["queries.sql"]), "\n\n") {
		if !strings.Contains(files["store/queries.sql.go"], "`"+strings.TrimSuffix(query, ";")+"\n`") {
			s.Errorf("the generated code that the guide shows is not of its query:\n%s", query)
		}
	}
}

func checkImport(s *site) {
	var file strings.Builder
	for n := range 10_000 {
		fmt.Fprintf(&file, "S%d,Product %d,%d\n", n, n, n+1)
	}
	send := func(text string) answer { return s.send("PUT", "/products", "text/csv", text) }
	s.wants(send(file.String()), 200, "10000")
	s.wants(s.get("/"), 200, "10000 products")
	s.wants(send(file.String()), 200, "0") // nothing has changed
	if a := s.get("/"); a.Header.Get("Cache-Status") != "gorgon; hit" {
		s.Errorf("after an import that changed nothing: %s", a.Header.Get("Cache-Status"))
	}
	s.wants(send("S1,Other,7\nS2,Bad,price\n"), 400, "line 2")
	s.wants(s.get("/"), 200, "10000 products")
}

func checkConfiguration(s *site) {
	s.wants(s.get("/"), 200, "30 loaves, every 45m0s. Mail: localhost")
	s.wants(s.send("POST", "/oven", "", "", "Oven-Key", "another"), 403)
	s.wants(s.send("POST", "/oven", "", ""), 403)
	s.wants(s.send("POST", "/oven", "", "", "Oven-Key", "oven key"), 200, "open with ••••")
}

func checkMigrations(s *site) {
	s.wants(s.get("/"), 200, "<h1>Stool</h1>", "Of granite")
	s.eventually("/left", "0 rows are left")
}

func checkOnce(s *site) {
	ada := []string{"Authorization", "Bearer token-of-ada", "Accept", jsonType}
	order := func(body string, header ...string) answer {
		return s.send("POST", "/orders", jsonType, body, append(ada, header...)...)
	}
	first := s.wants(order(`{"product":"stool","quantity":2}`, wire.HeaderKey, "1"), 201, `{"id":"1"}`)
	again := s.wants(order(`{"quantity":2,"product":"stool"}`, wire.HeaderKey, "1"), 201, `{"id":"1"}`)
	s.wantsHeader(first, wire.HeaderReplayed)
	s.wantsHeader(again, wire.HeaderReplayed, "true")
	s.wantsHeader(again, "Location", "/orders?placed=1")
	s.wants(order(`{"product":"stool","quantity":3}`, wire.HeaderKey, "1"), 422, `"code":"idempotency-key"`)
	s.wants(s.send("POST", "/orders", jsonType, `{"product":"stool","quantity":2}`, "Accept", jsonType, wire.HeaderKey, "1"), 400, "at least 16 characters")
	s.wants(s.send("POST", "/orders", jsonType, `{"product":"stool","quantity":2}`, "Accept", jsonType, "Authorization", "Bearer token-of-bob", wire.HeaderKey, "1"), 201, `{"id":"2"}`)
	vase := url.Values{"product": {"vase"}, "quantity": {"1"}}
	for range 2 { // a double click
		if a := s.post("/orders", vase, "Authorization", "Bearer token-of-ada"); a.Request.URL.RequestURI() != "/orders?placed=3" {
			s.Errorf("the form leads to %s", a.Request.URL)
		}
	}
	s.wants(s.get("/orders"), 200, "3 orders")
}

func checkMarkdown(s *site) {
	a := s.wants(s.get("/2026/stone"), 200, "<title>On stone</title>", "<time>12 January 2026</time>", "<em>patient</em>", `<td align="right">4.0</td>`, "So is glass.")
	if strings.Contains(a.body, "style=") {
		s.Errorf("it holds a style, which the policy of pages forbids: %s", a.body)
	}
	s.wants(a, 200, `<img src="/2026/stone/layers.svg" alt="Three layers">`)
	s.wants(s.get("/2026/stone/layers.svg"), 200, "<svg")
	s.wants(s.get("/2026/stone/index.md"), 404)
	s.wants(s.get("/2026/glass"), 404)
	s.wants(s.get("/old/stone.html"), 200, "On stone")
}
