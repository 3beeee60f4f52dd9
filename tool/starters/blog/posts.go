// Posts: Markdown files with a head of YAML between two lines of dashes.

package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/paths"
)

// A post is one Markdown file.
type post struct {
	Title   string   `yaml:"title"`
	Date    date     `yaml:"date"`    // before it, the post is shown in gorgon dev alone
	Summary string   `yaml:"summary"` // default: the text before <!--more-->
	Tags    []string `yaml:"tags"`
	Slug    string   `yaml:"slug"`    // the last part of its address; default: its file's name
	Aliases []string `yaml:"aliases"` // paths that lead to it, such as /2019/hello/
	URL     string   `yaml:"url"`     // refused: see readPost
	Picture string   `yaml:"picture"` // a file of assets/photos; optional
	Alt     string   `yaml:"alt"`     // what the picture shows, in words
	Draft   bool     `yaml:"draft"`   // it is shown in gorgon dev alone

	Path string `yaml:"-"` // its address: hello.md and hello/index.md are /posts/hello
	Text string `yaml:"-"` // Markdown
}

// Held says whether a post is not for visitors yet.
func (p post) Held() bool { return p.Draft || p.Date.After(time.Now()) }

// A date is a day, or a time, with or without quotes around it.
type date struct{ time.Time }

func (d *date) UnmarshalYAML(n *yaml.Node) error {
	if err := (&yaml.Node{Kind: n.Kind, Value: n.Value}).Decode(&d.Time); err != nil {
		return fmt.Errorf("line %d: date %q: write 2023-12-31", n.Line, n.Value)
	}
	return nil
}

// A blog is its posts, the newest first.
type blog []post

// readPosts reads every .md file of a folder and of those in it, with those that
// are held back or without, and says all that is wrong with them at once.
func readPosts(folder fs.FS, held bool) (blog, error) {
	var names []string
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && path.Ext(name) == ".md" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var posts blog
	var faults []error
	taken := map[string]string{"": "the first page", "/feed.xml": "the feed"} // by address
	for _, name := range names {
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, err
		}
		p, err := readPost(name, text)
		if err != nil {
			faults = append(faults, fmt.Errorf("posts/%s: %w", name, err))
			continue
		}
		for _, at := range append(p.Aliases, p.Path) {
			at = strings.TrimSuffix(at, "/")
			if by := taken[at]; by != "" {
				faults = append(faults, fmt.Errorf("posts/%s: %s has the address %s: change slug, aliases or the file's name", name, by, cmp.Or(at, "/")))
			}
			taken[at] = "posts/" + name
		}
		if held || !p.Held() {
			posts = append(posts, p)
		}
	}
	slices.SortFunc(posts, func(a, b post) int {
		return cmp.Or(b.Date.Compare(a.Date.Time), strings.Compare(a.Path, b.Path))
	})
	return posts, errors.Join(faults...)
}

func readPost(name string, text []byte) (post, error) {
	var p post
	if bytes.HasPrefix(text, []byte("+++")) {
		return p, errors.New("its head is TOML, between lines of +++: write it as YAML between lines of ---, or run 'hugo convert toYAML' once for all posts")
	}
	head, body, ok := bytes.Cut(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\n---\n"))
	head, begins := bytes.CutPrefix(head, []byte("---\n"))
	if !ok || !begins {
		return p, errors.New("it has no head: begin it with lines such as title: Hello, between two lines of three dashes")
	}
	decoder := yaml.NewDecoder(io.MultiReader(strings.NewReader("\n"), bytes.NewReader(head))) // it counts the line of dashes
	decoder.KnownFields(true)
	if err := decoder.Decode(&p); err != nil {
		return p, err
	}
	if p.Title == "" {
		return p, errors.New("it has no title: add a line such as title: Hello")
	}
	if p.Date.IsZero() && !p.Draft {
		return p, errors.New("it has no date: add a line such as date: 2026-01-31, or draft: true")
	}
	if p.Picture != "" && p.Alt == "" {
		return p, errors.New("its picture has no text: add a line such as alt: Dunes in the evening")
	}
	if p.URL != "" {
		return p, errors.New("url: addresses of posts are below /posts/: set the last part by slug, or let the other address lead here by aliases")
	}
	at := strings.TrimSuffix(strings.TrimSuffix(name, ".md"), "/index")
	p.Slug = cmp.Or(p.Slug, path.Base(at))
	p.Path = path.Join("/posts", path.Dir(at), p.Slug)
	for _, part := range append([]string{p.Slug}, p.Tags...) {
		if part == "" || strings.Contains(part, "/") || paths.Check("/"+part) != nil {
			return p, fmt.Errorf("%q: a slug or tag is one part of an address: use any letters, and no slash", part)
		}
	}
	for _, alias := range p.Aliases {
		if _, err := paths.ParsePattern(alias); err != nil || strings.ContainsAny(alias, "{?#") {
			return p, fmt.Errorf("alias %q: write a path from the root of the site, decoded and without a query, such as /2019/hello/", alias)
		}
	}
	p.Text = string(body)
	var err error
	if p.Summary == "" {
		p.Summary, err = summary(p.Text)
	}
	return p, err
}

// aliases lead from other addresses to posts.
func (b blog) aliases() gorgon.Redirects {
	moved := gorgon.Redirects{}
	for _, p := range b {
		for _, alias := range p.Aliases {
			moved[alias] = gorgon.EscapePath(p.Path)
		}
	}
	return moved
}
