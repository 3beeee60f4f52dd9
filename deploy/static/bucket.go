// An upload to S3: a manifest of every object, and a script that follows it.

package static

import (
	"crypto/md5" // what the service itself uses as an ETag
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/wire"
)

// An Upload is the manifest of an upload to S3: what a bucket is to hold, in
// the order in which it is to come there. Pages come after what they refer to,
// so that no visitor meets a page whose style sheet is not there yet.
type Upload struct {
	App     string   `json:"app"`
	Build   string   `json:"build"`
	Objects []Object `json:"objects"`
	Keep    []string `json:"keep"` // prefixes of which nothing is deleted, for those who have an older page open
}

// An Object is one of a bucket.
type Object struct {
	Key          string `json:"key"`
	File         string `json:"file,omitempty"` // below the folder site; "" for an empty object
	ContentType  string `json:"contentType,omitempty"`
	CacheControl string `json:"cacheControl"`
	Redirect     string `json:"redirect,omitempty"` // x-amz-website-redirect-location
	Size         int    `json:"size"`
	SHA256       string `json:"sha256"`
	ETag         string `json:"etag"` // of an object uploaded in one part, without encryption by a key of one's own
}

// longestTarget is how many bytes of a redirect S3 keeps.
const longestTarget = 2 << 10

// A batch is what one call of the aws command uploads.
type batch struct {
	Verb, ContentType, CacheControl string
	Patterns                        []string // --include and --exclude with what they match
}

func (h site) bucket(root string) ([]deploy.File, error) {
	u := Upload{App: h.App, Build: h.Build, Objects: []Object{}, Keep: []string{h.assetPrefix()}}
	for _, f := range h.Files {
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(f.Name)))
		if err != nil {
			return nil, fmt.Errorf("static: %w", err)
		}
		o := Object{Key: f.Name, File: f.Name, ContentType: f.ContentType, CacheControl: answer.CachePage}
		switch own := f.Header["Cache-Control"]; {
		case f.Immutable:
			o.CacheControl = answer.CacheAsset
		case len(own) > 0:
			o.CacheControl = strings.Join(own, ", ")
		case f.Name == notFound:
			o.CacheControl = answer.CacheNever
		}
		o.sum(data)
		u.Objects = append(u.Objects, o)
	}
	for _, r := range h.Redirects {
		if len(r.To) > longestTarget {
			continue // the README says so
		}
		o := Object{Key: strings.TrimPrefix(decoded(r.From), "/"), CacheControl: answer.CachePage, Redirect: r.To}
		o.sum(nil)
		u.Objects = append(u.Objects, o)
	}
	slices.SortStableFunc(u.Objects, func(a, b Object) int { return a.rank(h) - b.rank(h) })
	manifest, err := json.MarshalIndent(u, "", "  ")
	if err != nil {
		return nil, err
	}
	script, err := h.script(u)
	if err != nil {
		return nil, err
	}
	return []deploy.File{
		{Name: "s3/manifest.json", Data: append(manifest, '\n')},
		{Name: "s3/upload.sh", Mode: 0o755, Data: script},
		{Name: "s3/website.json", Data: []byte("{\n  \"IndexDocument\": {\"Suffix\": \"index.html\"},\n  \"ErrorDocument\": {\"Key\": \"404.html\"}\n}\n")},
	}, nil
}

func (o *Object) sum(data []byte) {
	digest, tag := sha256.Sum256(data), md5.Sum(data)
	o.Size, o.SHA256, o.ETag = len(data), hex.EncodeToString(digest[:]), hex.EncodeToString(tag[:])
}

// rank is when an object is uploaded: assets, files, pages, redirects.
func (o Object) rank(h site) int {
	switch {
	case strings.HasPrefix(o.Key, h.assetPrefix()):
		return 0
	case o.Redirect != "":
		return 3
	case path.Ext(o.Key) == ".html":
		return 2
	}
	return 1
}

// assetPrefix is what the keys of assets begin with.
func (h site) assetPrefix() string {
	return strings.TrimPrefix(h.Base+wire.Assets, "/")
}

// script writes the calls of the aws command: one for all that is alike.
func (h site) script(u Upload) ([]byte, error) {
	type class struct {
		rank                int
		contentType, cached string
	}
	of := func(o Object) class { return class{o.rank(h), o.ContentType, o.CacheControl} }
	var order []class
	members := map[class][]Object{}
	extensions := map[string]map[class]int{} // by rank and extension
	at := func(o Object) string { return fmt.Sprint(o.rank(h), path.Ext(o.Key)) }
	var redirects []Object
	for _, o := range u.Objects {
		if o.Redirect != "" {
			redirects = append(redirects, o)
			continue
		}
		c := of(o)
		if len(members[c]) == 0 {
			order = append(order, c)
		}
		members[c] = append(members[c], o)
		if extensions[at(o)] == nil {
			extensions[at(o)] = map[class]int{}
		}
		extensions[at(o)][c]++
	}
	// An extension stands for its usual class; the others are named.
	usual := map[string]class{}
	for _, c := range order {
		for _, o := range members[c] {
			if best, ok := usual[at(o)]; !ok || extensions[at(o)][c] > extensions[at(o)][best] {
				usual[at(o)] = c
			}
		}
	}
	var batches []batch
	for _, c := range order {
		b := batch{Verb: "cp --recursive", ContentType: c.contentType, CacheControl: c.cached}
		prefix := ""
		if c.rank == 0 {
			// A name that is there already has this content.
			b.Verb, prefix = "sync --size-only", pattern(h.assetPrefix())
		}
		var named []string
		seen := map[string]bool{}
		for _, o := range members[c] {
			ext := path.Ext(o.Key)
			switch {
			case ext == "" || usual[at(o)] != c:
				named = append(named, "--include", pattern(o.Key))
			case !seen[ext]:
				seen[ext] = true
				b.Patterns = append(b.Patterns, "--include", prefix+"*"+pattern(ext))
			}
		}
		for _, other := range order {
			for _, o := range members[other] {
				if other != c && other.rank == c.rank && seen[path.Ext(o.Key)] {
					b.Patterns = append(b.Patterns, "--exclude", pattern(o.Key))
				}
			}
		}
		if c.rank != 0 {
			b.Patterns = append(b.Patterns, "--exclude", pattern(h.assetPrefix())+"*")
		}
		b.Patterns = append(b.Patterns, named...)
		batches = append(batches, b)
	}
	call := upload{site: h, Batches: batches, Redirects: redirects}
	for _, o := range redirects {
		call.Spared = append(call.Spared, pattern(o.Key))
	}
	call.Spared = append(call.Spared, pattern(h.assetPrefix())+"*")
	for _, hidden := range h.Hidden() {
		call.Spared = append(call.Spared, pattern(strings.TrimPrefix(hidden, "/")))
	}
	return execute("upload.sh", call)
}

// An upload is what the script's template reads.
type upload struct {
	site
	Batches   []batch
	Redirects []Object
	Spared    []string // patterns of what is not deleted
}

// pattern is a key in which the aws command finds nothing to expand.
func pattern(key string) string {
	return strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]").Replace(key)
}

// shell quotes a word for sh.
func shell(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
