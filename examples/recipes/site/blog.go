// The blog: Markdown files, one for each post and language.

package site

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/yuin/goldmark"

	"github.com/gorgon-go/gorgon"
)

// A post is a file such as posts/de/stock.md: a title, a date, a summary, each
// on a line, an empty line, and the text.
type post struct {
	Slug, Title, Summary, Text string
	Date                       time.Time
}

// readPosts reads the posts of each language, the newest first.
func readPosts() map[string][]post {
	posts := map[string][]post{}
	for _, locale := range languages {
		dir := folder("posts/" + locale)
		names, _ := fs.Glob(dir, "*.md")
		for _, name := range names {
			data, err := fs.ReadFile(dir, name)
			head, text, _ := strings.Cut(string(data), "\n\n")
			lines := append(strings.Split(head, "\n"), "", "", "")
			date, wrong := time.Parse(time.DateOnly, lines[1])
			if err != nil || wrong != nil {
				panic(name + ": no post") // the file is part of the program
			}
			posts[locale] = append(posts[locale], post{strings.TrimSuffix(name, ".md"), lines[0], lines[2], text, date})
		}
		slices.SortFunc(posts[locale], func(a, b post) int { return b.Date.Compare(a.Date) })
	}
	return posts
}

func (s *site) newest(_ context.Context, in gorgon.Input) ([]post, error) {
	return s.posts[in.Locale], nil
}

func (s *site) postPaths(_ context.Context, in gorgon.Input) (paths []string, err error) {
	for _, p := range s.posts[in.Locale] {
		paths = append(paths, "/blog/"+p.Slug)
	}
	return paths, nil
}

func (s *site) post(_ context.Context, in gorgon.Input) (post, error) {
	i := slices.IndexFunc(s.posts[in.Locale], func(p post) bool { return p.Slug == in.PathValue("slug") })
	if i < 0 {
		return post{}, gorgon.NotFound()
	}
	return s.posts[in.Locale][i], nil
}

// markdown shows a text; goldmark leaves out HTML in it.
func markdown(text string) gorgon.Component {
	return gorgon.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b bytes.Buffer
		if err := goldmark.Convert([]byte(text), &b); err != nil {
			return err
		}
		_, err := b.WriteTo(w)
		return err
	})
}
