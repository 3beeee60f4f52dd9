// From posts to pages: which paths there are, and what each shows.

package main

import (
	"context"
	"slices"
	"strconv"

	"github.com/gorgon-go/gorgon"
)

// A list is what the first page, the pages of older posts, and each tag's page
// show.
type list struct {
	Tag          string // "" for all posts
	Page         int    // 1 is the first
	Posts        []post
	Tags         []string // of all posts
	Newer, Older string   // paths of the pages before and after; "" for none
}

// perPage is how many posts a page lists.
const perPage = 10

func (b blog) newest(context.Context, gorgon.Input) (list, error) { return b.page(1), nil }

func (b blog) older(_ context.Context, in gorgon.Input) (list, error) {
	n, err := strconv.Atoi(in.PathValue("n"))
	if err != nil || n < 2 || n > b.pages() || strconv.Itoa(n) != in.PathValue("n") {
		return list{}, gorgon.NotFound()
	}
	return b.page(n), nil
}

func (b blog) olderPaths(context.Context, gorgon.Input) ([]string, error) {
	var paths []string
	for n := 2; n <= b.pages(); n++ {
		paths = append(paths, pagePath(n))
	}
	return paths, nil
}

func (b blog) pages() int { return max(1, (len(b)+perPage-1)/perPage) }

func (b blog) page(n int) list {
	l := list{Page: n, Posts: b[(n-1)*perPage : min(n*perPage, len(b))], Tags: b.tags()}
	if n > 1 {
		l.Newer = pagePath(n - 1)
	}
	if n < b.pages() {
		l.Older = pagePath(n + 1)
	}
	return l
}

func pagePath(n int) string {
	if n == 1 {
		return "/"
	}
	return "/page/" + strconv.Itoa(n)
}

func (b blog) paths(context.Context, gorgon.Input) ([]string, error) {
	var paths []string
	for _, p := range b {
		paths = append(paths, p.Path)
	}
	return paths, nil
}

func (b blog) one(_ context.Context, in gorgon.Input) (post, error) {
	for _, p := range b {
		if p.Path == in.Path {
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
	if l.Tag == "" && l.Page == 1 {
		return gorgon.Head{Title: title, Description: description, Canonical: "/"}
	}
	if l.Tag == "" {
		return gorgon.Head{Title: "Older posts, page " + strconv.Itoa(l.Page) + " · " + title, Canonical: pagePath(l.Page)}
	}
	return gorgon.Head{Title: "Posts on " + l.Tag + " · " + title, Canonical: "/tags/" + l.Tag}
}

func postView(p post) gorgon.Component { return view("post.html", p) }

// postHead also says what others show where they link to the post, and what
// search engines read.
func postHead(ctx context.Context, _ gorgon.Input, p post) (gorgon.Head, error) {
	h := gorgon.Head{
		Title: p.Title + " · " + title, Description: p.Summary, Canonical: p.Path, Modified: p.Date.Time,
		Meta: []gorgon.Meta{
			{Property: "og:type", Content: "article"}, {Property: "og:title", Content: p.Title},
			{Property: "og:description", Content: p.Summary},
		},
		Extra: view("post-data.html", p),
	}
	if p.Picture == "" {
		return h, nil
	}
	url, err := gorgon.Asset(ctx, "photos/"+p.Picture)
	if err == nil {
		url, err = gorgon.AbsoluteURL(ctx, url)
	}
	h.Meta = append(h.Meta, gorgon.Meta{Property: "og:image", Content: url})
	return h, err
}
