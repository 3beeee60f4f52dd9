// The feed: an Atom document of the newest posts, made at build like the pages.

package main

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"time"

	"github.com/gorgon-go/gorgon"
)

type (
	atomFeed struct {
		XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
		Title   string      `xml:"title"`
		ID      string      `xml:"id"`
		Updated string      `xml:"updated"`
		Links   []atomLink  `xml:"link"`
		Author  string      `xml:"author>name"`
		Entries []atomEntry `xml:"entry"`
	}
	atomEntry struct {
		Title   string   `xml:"title"`
		ID      string   `xml:"id"`
		Updated string   `xml:"updated"`
		Link    atomLink `xml:"link"`
		Summary string   `xml:"summary,omitempty"`
		Content atomText `xml:"content"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr,omitempty"`
		Href string `xml:"href,attr"`
	}
	atomText struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	}
)

// inFeed is how many posts the feed has.
const inFeed = 20

// latest are the posts that the feed has.
func (b blog) latest(context.Context, gorgon.Input) (blog, error) {
	return b[:min(len(b), inFeed)], nil
}

// writeFeed writes the feed. Its links are absolute.
func writeFeed(ctx context.Context, w io.Writer, posts blog) error {
	link := func(reference string) (string, error) {
		return gorgon.AbsoluteURL(ctx, gorgon.URL(ctx, reference))
	}
	home, err := link("/")
	if err != nil {
		return err
	}
	self, err := link("/feed.xml")
	if err != nil {
		return err
	}
	f := atomFeed{
		Title: title, ID: home, Author: title, Updated: time.Unix(0, 0).UTC().Format(time.RFC3339),
		Links: []atomLink{{Href: home}, {Rel: "self", Href: self}},
	}
	for i, p := range posts {
		if i == 0 {
			f.Updated = p.Date.Format(time.RFC3339)
		}
		at, err := link(gorgon.EscapePath(p.Path))
		if err != nil {
			return err
		}
		body, err := markdown(p.Text, link)
		if err != nil {
			return fmt.Errorf("%s: %w", p.Path, err)
		}
		f.Entries = append(f.Entries, atomEntry{
			Title: p.Title, ID: at, Link: atomLink{Href: at}, Updated: p.Date.Format(time.RFC3339),
			Summary: p.Summary, Content: atomText{Type: "html", Text: string(body)},
		})
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	return encoder.Encode(f)
}
