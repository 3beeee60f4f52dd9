// Following the links of a site.

package e2e_test

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// A reference is what a page links to or includes.
var reference = regexp.MustCompile(`(?i)<[a-z][^>]*?\s(?:href|src)=(?:"([^"]*)"|'([^']*)')`)

// references lists the addresses below base that a page at an address refers
// to, without fragment, as they are asked for.
func references(at *url.URL, base string, page []byte) ([]string, error) {
	var list []string
	for _, m := range reference.FindAllSubmatch(page, -1) {
		to, err := at.Parse(html.UnescapeString(string(m[1]) + string(m[2])))
		if err != nil {
			return nil, fmt.Errorf("%s refers to %s: %w", at, m[0], err)
		}
		if to.Host != at.Host || to.Scheme != at.Scheme {
			continue
		}
		if !strings.HasPrefix(to.Path, base) {
			return nil, fmt.Errorf("%s refers to %s, which is not below %s", at, to, base)
		}
		to.Fragment, to.RawFragment = "", ""
		list = append(list, to.RequestURI())
	}
	return list, nil
}

// crawl visits what can be reached from the start, nearest first, and at most
// as many addresses as are allowed. It reads on where visit returns HTML.
func crawl(origin, base string, most int, visit func(uri string) (page []byte, err error)) (visited int, err error) {
	seen := map[string]bool{base: true}
	for queue := []string{base}; len(queue) > 0 && visited < most; queue = queue[1:] {
		visited++
		page, err := visit(queue[0])
		if err != nil {
			return visited, err
		}
		at, err := url.Parse(origin + queue[0])
		if err != nil {
			return visited, err
		}
		more, err := references(at, base, page)
		if err != nil {
			return visited, err
		}
		slices.Sort(more)
		for _, uri := range slices.Compact(more) {
			if !seen[uri] {
				seen[uri] = true
				queue = append(queue, uri)
			}
		}
	}
	return visited, nil
}
