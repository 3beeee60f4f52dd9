// Links in a mail's view.

package mail

import (
	"context"
	"errors"
	"io"
	"net/url"
	"strings"

	"golang.org/x/net/html"

	"github.com/gorgon-go/gorgon"
)

// linking are the attributes whose values are URLs, by element.
var linking = map[string]string{"a": "href", "area": "href", "link": "href", "img": "src", "form": "action", "body": "background", "table": "background", "td": "background"}

// absolute makes the links of a rendered view absolute. All else stays as it is,
// to the byte.
func absolute(ctx context.Context, view string) (string, error) {
	var out strings.Builder
	z := html.NewTokenizer(strings.NewReader(view))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			if err := z.Err(); !errors.Is(err, io.EOF) {
				return "", &gorgon.Error{Op: "read a mail's view", Err: err}
			}
			out.Write(z.Raw()) // a tag that does not end
			return out.String(), nil
		}
		raw := string(z.Raw()) // before Token, which changes it
		if kind == html.StartTagToken || kind == html.SelfClosingTagToken {
			t := z.Token()
			changed, err := lead(ctx, &t)
			if err != nil {
				return "", err
			}
			if changed {
				raw = t.String()
			}
		}
		out.WriteString(raw)
	}
}

// lead makes the link of an element absolute.
func lead(ctx context.Context, t *html.Token) (changed bool, _ error) {
	name, ok := linking[t.Data]
	if !ok {
		return false, nil
	}
	for i, a := range t.Attr {
		if a.Key != name {
			continue
		}
		at := strings.TrimSpace(a.Val)
		u, err := url.Parse(at)
		switch {
		case err == nil && (u.Scheme != "" || strings.HasPrefix(at, "#")):
			continue // of the web, mailto:, tel:, or within the mail
		case err != nil || !strings.HasPrefix(at, "/") || strings.HasPrefix(at, "//"):
			return false, invalid("a link or image of its view leads nowhere in a mail", `write {{url "/path"}}, or an absolute URL`)
		}
		if t.Attr[i].Val, err = gorgon.AbsoluteURL(ctx, at); err != nil {
			return false, invalid("a link of its view cannot be made absolute, since the context has no origin", "set App.Origin; outside of requests use the context of mail.WithApp")
		}
		changed = true
	}
	return changed, nil
}
