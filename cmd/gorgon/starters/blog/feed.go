// The feed: an Atom file, made of the posts when the program starts, so that
// it is among the files of a build and of an export.

package main

import (
	"context"
	"encoding/xml"
	"fmt"
	"io/fs"
	"testing/fstest"
	"time"

	"github.com/gorgon-go/gorgon"
)

const feedName = "feed.xml"

// withFeed is a folder with the feed beside its files. An fstest.MapFS is a
// folder in memory.
func withFeed(folder fs.FS, posts blog) (fs.FS, error) {
	data, err := feed(posts)
	if err != nil {
		return nil, err
	}
	all := fstest.MapFS{feedName: {Data: data}}
	err = fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(folder, name)
		all[name] = &fstest.MapFile{Data: data}
		return err
	})
	return all, err
}

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

// feed is the Atom feed of the newest twenty posts. Its addresses are made of
// origin alone: where the blog lies below a base path, add that to origin here.
func feed(posts blog) ([]byte, error) {
	f := atomFeed{
		Title: title, ID: origin + "/", Author: title, Updated: time.Unix(0, 0).UTC().Format(time.RFC3339),
		Links: []atomLink{{Href: origin + "/"}, {Rel: "self", Href: origin + "/" + feedName}},
	}
	// In a feed, links are whole.
	ctx := gorgon.WithSite(context.Background(), &gorgon.Site{Base: origin})
	for i, p := range posts[:min(len(posts), 20)] {
		if i == 0 {
			f.Updated = p.Date.Format(time.RFC3339)
		}
		body, err := markdown(ctx, p.Text)
		if err != nil {
			return nil, fmt.Errorf("posts/%s.md: %w", p.Slug, err)
		}
		at := origin + "/posts/" + p.Slug
		f.Entries = append(f.Entries, atomEntry{
			Title: p.Title, ID: at, Link: atomLink{Href: at}, Updated: p.Date.Format(time.RFC3339),
			Summary: p.Summary, Content: atomText{Type: "html", Text: string(body)},
		})
	}
	data, err := xml.MarshalIndent(f, "", "  ")
	return append([]byte(xml.Header), append(data, '\n')...), err
}
