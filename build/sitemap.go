// The sitemap, in as many parts as its protocol requires.

package build

import (
	"bytes"
	"html"
	"slices"
	"strconv"
	"time"

	"github.com/gorgon-go/gorgon/seed"
)

// The limits of one file of a sitemap, by its protocol.
const (
	maxURLs         = 50_000
	maxSitemapBytes = 52_428_800 // before compression
)

// A listed page is an entry of the sitemap.
type listed struct {
	path, locale string
	modified     time.Time // zero: not known
}

const (
	xmlHead      = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	sitemapSpace = ` xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"`
	xhtmlSpace   = ` xmlns:xhtml="http://www.w3.org/1999/xhtml"`
)

// unlisted is what the sitemap of a lazy build says to its reader.
const unlisted = "<!-- Pages are made when they are requested, as in gorgon dev, so none are listed. A build lists them: run the program's command build or export. -->\n"

// A part is a file of a sitemap, or its index.
type part struct {
	bytes.Buffer
	end      string
	entries  int
	modified time.Time // the latest time among its entries
}

func newPart(outer, space string) *part {
	p := &part{end: "</" + outer + ">\n"}
	p.WriteString(xmlHead + "<" + outer + space + ">\n")
	return p
}

// fits says whether another entry may be added.
func (p *part) fits(entry []byte) bool {
	return p.entries < maxURLs && p.Len()+len(entry)+len(p.end) <= maxSitemapBytes
}

func (p *part) add(entry []byte, modified time.Time) {
	p.Write(entry)
	p.entries++
	if modified.After(p.modified) {
		p.modified = modified
	}
}

func (p *part) file(at string) seed.File {
	p.WriteString(p.end)
	return fileOf(at, p.Bytes(), false)
}

// sitemaps returns the sitemap, or, if one file cannot hold all pages, an index
// and its parts; none without an origin, since its URLs must be absolute. Each
// page of several languages names the others that are listed too.
func (b *builder) sitemaps() []seed.File {
	if b.App.Origin == "" {
		return nil
	}
	if b.Lazy {
		p := newPart("urlset", sitemapSpace)
		p.WriteString(unlisted)
		return []seed.File{p.file(sitemapPath)}
	}
	locales := map[string][]string{} // by path
	for _, p := range b.sitemap {
		locales[p.path] = append(locales[p.path], p.locale)
	}
	space := sitemapSpace
	if len(b.App.Locales.Tags) > 1 {
		space += xhtmlSpace
	}
	parts := []*part{newPart("urlset", space)}
	var entry []byte
	for _, p := range b.sitemap {
		entry = b.appendURL(entry[:0], p, locales[p.path])
		last := parts[len(parts)-1]
		if !last.fits(entry) {
			last = newPart("urlset", space)
			parts = append(parts, last)
		}
		last.add(entry, p.modified)
	}
	if len(parts) == 1 {
		return []seed.File{parts[0].file(sitemapPath)}
	}
	index := newPart("sitemapindex", sitemapSpace)
	var files []seed.File
	for i, p := range parts {
		at := "/sitemap-" + strconv.Itoa(i+1) + ".xml"
		files = append(files, p.file(at))
		entry = append(entry[:0], "<sitemap><loc>"+b.absolute("", at)+"</loc>"...)
		entry = append(appendModified(entry, p.modified), "</sitemap>\n"...)
		index.add(entry, p.modified)
	}
	return append(files, index.file(sitemapPath))
}

// absolute returns the URL of a page or file, as XML writes it.
func (b *builder) absolute(locale, path string) string {
	return html.EscapeString(b.App.Origin + b.App.Prefixes().URL(b.Base, locale, path))
}

// appendURL appends the entry of a page that is listed in some locales.
func (b *builder) appendURL(entry []byte, p listed, locales []string) []byte {
	entry = append(entry, "<url><loc>"+b.absolute(p.locale, p.path)+"</loc>"...)
	entry = appendModified(entry, p.modified)
	if len(locales) > 1 {
		for _, locale := range b.App.Locales.Tags {
			if slices.Contains(locales, locale) {
				entry = append(entry, `<xhtml:link rel="alternate" hreflang="`+locale+`" href="`+b.absolute(locale, p.path)+`"/>`...)
			}
		}
	}
	return append(entry, "</url>\n"...)
}

// appendModified appends the time of the last change: only a day, if that is
// all that is known.
func appendModified(entry []byte, at time.Time) []byte {
	if at.IsZero() {
		return entry
	}
	layout := time.RFC3339
	if h, m, s := at.Clock(); h+m+s == 0 && at.Nanosecond() == 0 {
		layout = time.DateOnly
	}
	return append(entry, "<lastmod>"+at.Format(layout)+"</lastmod>"...)
}
