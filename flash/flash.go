// Package flash shows a message once, on the page that a form leads to: "Your
// password was changed."
//
//	flash.Add(ctx, "saved", "")         // in an endpoint's Handle
//	Guards: …{flash.Guard}              // of the pages that show messages
//	flash.Messages(ctx)                 // in their LoadRequest
//
// The messages are in a cookie until they are shown, so no server keeps them.
// They are codes, which the app's own texts turn into words: what stands in a
// page does not come from a cookie, and is in the language of the page.
package flash

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/listen"
)

// A Message is shown once.
type Message struct {
	Code string `json:"c"`           // which message: 1 to 40 letters, digits, "-", "_" and "."
	Arg  string `json:"a,omitempty"` // what it is about, such as a name: at most 200 bytes. Show it as text
}

// most is how many messages are kept until they are shown.
const most = 5

type heldKey struct{}

// Add adds a message to the response, in an endpoint's Handle. One that cannot
// be kept is left out.
func Add(ctx context.Context, code, arg string) {
	if r := api.Request(ctx); r != nil {
		add(api.Header(ctx), r, Message{code, arg})
	}
}

// AddTo is Add for plain handlers, before they send anything.
func AddTo(w http.ResponseWriter, r *http.Request, code, arg string) {
	add(w.Header(), r, Message{code, arg})
}

func add(header http.Header, r *http.Request, m Message) {
	if !m.valid() {
		return
	}
	list := read(r)
	if added := addedIn(header, r); added != nil {
		list = added
	}
	list = append(list, m)
	if len(list) > most {
		list = list[len(list)-most:]
	}
	text, err := json.Marshal(list)
	if err != nil {
		return
	}
	set(header, r, base64.RawURLEncoding.EncodeToString(text), 300)
}

// Guard takes the messages of a visitor, for [Messages], and out of the cookie.
// The pages that it guards are private, since each visitor sees other messages.
func Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		list := read(r)
		if len(list) > 0 && r.Method == http.MethodGet && !ahead(r) {
			set(w.Header(), r, "", -1)
			r = r.WithContext(context.WithValue(r.Context(), heldKey{}, list))
		}
		next.ServeHTTP(w, r)
	})
}

// ahead says whether a browser asks before its visitor does.
func ahead(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Sec-Purpose")+r.Header.Get("Purpose"), "prefetch")
}

// Messages are those that Guard has taken for this request.
func Messages(ctx context.Context) []Message {
	list, _ := ctx.Value(heldKey{}).([]Message)
	return list
}

func (m Message) valid() bool {
	if m.Code == "" || len(m.Code) > 40 || len(m.Arg) > 200 {
		return false
	}
	return strings.Trim(m.Code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == ""
}

func nameOf(r *http.Request) string {
	if listen.Scheme(r) == "https" {
		return "__Host-flash" // no other host of the domain can set it
	}
	return "flash"
}

func read(r *http.Request) []Message {
	c, err := r.Cookie(nameOf(r))
	if err != nil {
		return nil
	}
	return parse(c.Value)
}

// parse reads the value of the cookie, which may be of anyone's making.
func parse(value string) []Message {
	text, err := base64.RawURLEncoding.Strict().DecodeString(value)
	var list []Message
	if err != nil || len(text) > 2000 || json.Unmarshal(text, &list) != nil || len(list) > most {
		return nil
	}
	for _, m := range list {
		if !m.valid() {
			return nil
		}
	}
	return list
}

// addedIn are the messages that the response has already; nil if it has none.
func addedIn(header http.Header, r *http.Request) []Message {
	for _, c := range (&http.Response{Header: header}).Cookies() {
		if c.Name == nameOf(r) && c.MaxAge > 0 {
			return parse(c.Value)
		}
	}
	return nil
}

func set(header http.Header, r *http.Request, value string, maxAge int) {
	name := nameOf(r)
	var others []string
	for _, line := range header["Set-Cookie"] {
		if !strings.HasPrefix(line, name+"=") {
			others = append(others, line)
		}
	}
	c := &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(name, "__Host-"),
	}
	header["Set-Cookie"] = append(others, c.String())
}
