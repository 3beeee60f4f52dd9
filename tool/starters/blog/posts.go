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
)

// A post is one Markdown file.
type post struct {
	Slug    string    `yaml:"-"` // its file's name: hello.md and hello/index.md are /posts/hello
	Title   string    `yaml:"title"`
	Date    time.Time `yaml:"date"`
	Summary string    `yaml:"summary"`
	Tags    []string  `yaml:"tags"`    // of lower-case letters, digits and dashes
	Picture string    `yaml:"picture"` // a file of assets/photos; optional
	Alt     string    `yaml:"alt"`     // what the picture shows, in words
	Draft   bool      `yaml:"draft"`   // it is shown in gorgon dev alone

	Text string `yaml:"-"` // Markdown
}

// A blog is its posts, the newest first.
type blog []post

// readPosts reads every .md file of a folder and of those in it, with drafts or
// without, and says all that is wrong with them at once.
func readPosts(folder fs.FS, drafts bool) (blog, error) {
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
	for _, name := range names {
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, err
		}
		p, err := readPost(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("posts/%s: %w", name, err))
			continue
		}
		if p.Slug = strings.TrimSuffix(strings.TrimSuffix(name, ".md"), "/index"); !p.Draft || drafts {
			posts = append(posts, p)
		}
	}
	slices.SortFunc(posts, func(a, b post) int {
		return cmp.Or(b.Date.Compare(a.Date), strings.Compare(a.Slug, b.Slug))
	})
	return posts, errors.Join(faults...)
}

func readPost(text []byte) (post, error) {
	var p post
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
	for _, tag := range p.Tags {
		if tag == "" || strings.Trim(tag, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return p, fmt.Errorf("tag %q: use lower-case letters, digits and dashes", tag)
		}
	}
	p.Text = string(body)
	return p, nil
}
