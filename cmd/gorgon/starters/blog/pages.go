// From posts to pages: which paths there are, and what each shows.

package main

import (
	"context"
	"slices"

	"github.com/gorgon-go/gorgon"
)

// A list is what the first page and each tag's page show.
type list struct {
	Tag   string // "" for all posts
	Posts []post
	Tags  []string // of all posts
}

func (b blog) newest(context.Context, gorgon.Input) (list, error) {
	return list{Posts: b, Tags: b.tags()}, nil
}

func (b blog) paths(context.Context, gorgon.Input) ([]string, error) {
	var paths []string
	for _, p := range b {
		paths = append(paths, "/posts/"+p.Slug)
	}
	return paths, nil
}

func (b blog) one(_ context.Context, in gorgon.Input) (post, error) {
	for _, p := range b {
		if p.Slug == in.PathValue("slug") {
			return p, nil
		}
	}
	return post{}, gorgon.NotFound()
}

func (b blog) tagPaths(context.Context, gorgon.Input) ([]string, error) {
	var paths []string
	for _, tag := range b.tags() {
		paths = append(paths, "/tags/"+tag)
	}
	return paths, nil
}

func (b blog) tagged(_ context.Context, in gorgon.Input) (list, error) {
	l := list{Tag: in.PathValue("tag"), Tags: b.tags()}
	for _, p := range b {
		if slices.Contains(p.Tags, l.Tag) {
			l.Posts = append(l.Posts, p)
		}
	}
	if len(l.Posts) == 0 {
		return l, gorgon.NotFound()
	}
	return l, nil
}

func (b blog) tags() []string {
	var tags []string
	for _, p := range b {
		tags = append(tags, p.Tags...)
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

func listView(l list) gorgon.Component { return view("list.html", l) }

func listHead(l list) gorgon.Head {
	if l.Tag == "" {
		return gorgon.Head{Title: title, Description: description, Canonical: "/"}
	}
	return gorgon.Head{Title: "Posts on " + l.Tag + " · " + title, Canonical: "/tags/" + l.Tag}
}

func postView(p post) gorgon.Component { return view("post.html", p) }

func postHead(p post) gorgon.Head {
	return gorgon.Head{
		Title: p.Title + " · " + title, Description: p.Summary, Canonical: "/posts/" + p.Slug,
		Meta: []gorgon.Meta{{Property: "og:type", Content: "article"}, {Property: "og:title", Content: p.Title}},
	}
}
