// Feeds: the newest recipes as Atom and as JSON Feed, in each language.

package site

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"time"

	"github.com/gorgon-go/gorgon"
)

// A feed is both: the tags say what it is called in each.
type feed struct {
	XMLName xml.Name   `xml:"http://www.w3.org/2005/Atom feed" json:"-"`
	Version string     `xml:"-" json:"version"`
	Title   string     `xml:"title" json:"title"`
	ID      string     `xml:"id" json:"home_page_url"`
	Updated time.Time  `xml:"updated" json:"-"`
	Author  string     `xml:"author>name" json:"-"`
	Items   []feedItem `xml:"entry" json:"items"`
}

type feedItem struct {
	ID      string    `xml:"id" json:"id"`
	URL     string    `xml:"-" json:"url"`
	Link    feedLink  `xml:"link" json:"-"`
	Title   string    `xml:"title" json:"title"`
	Summary string    `xml:"summary" json:"content_text"`
	Changed time.Time `xml:"updated" json:"date_modified"`
	Tags    []string  `xml:"-" json:"tags,omitempty"`
}

type feedLink struct {
	Href string `xml:"href,attr"`
}

func feedOf(ctx context.Context, dishes []dish) (f feed, err error) {
	f = feed{Version: "https://jsonfeed.org/version/1.1", Title: name, Author: name, Items: []feedItem{}}
	f.ID, err = gorgon.AbsoluteURL(ctx, gorgon.URL(ctx, "/"))
	for i, d := range dishes {
		at, err := gorgon.AbsoluteURL(ctx, gorgon.PathURL(ctx, "/recipes/"+d.ID))
		if err != nil {
			return f, err
		}
		if i == 0 {
			f.Updated = d.Changed
		}
		f.Items = append(f.Items, feedItem{at, at, feedLink{at}, d.Title, d.Summary, d.Changed, d.Tags})
	}
	return f, err
}

func writeAtom(ctx context.Context, w io.Writer, dishes []dish) error {
	f, err := feedOf(ctx, dishes)
	if err != nil {
		return err
	}
	return xml.NewEncoder(w).Encode(f)
}

func writeJSONFeed(ctx context.Context, w io.Writer, dishes []dish) error {
	f, err := feedOf(ctx, dishes)
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(f)
}
