// The app: a bucket, its variants, a job, and two pages.

package main

import (
	"context"
	"embed"
	"html/template"
	"io/fs"
	"net/http"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/bucket"
	"github.com/gorgon-go/gorgon/bucket/tus"
	"github.com/gorgon-go/gorgon/bucket/variants"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/jobdb"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/mail"
	"github.com/gorgon-go/gorgon/templates"
)

// Options are what differs from one place to another.
type Options struct {
	Origin string // scheme and host of absolute URLs
	To     string // who is mailed a link to each photo
	Files  blobs.Store
	DB     *database.DB // with the options Data
	Queue  *jobdb.Queue
	Mail   mail.Sender
	Mails  http.Handler // shows mails at /mails/. Default: they are not shown
}

//go:embed all:assets all:views all:migrations
var embedded embed.FS

func folder(name string) fs.FS {
	sub, err := fs.Sub(gorgon.Files(embedded), name)
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}

// An album is what the parts of the app have in common.
type album struct {
	o      Options
	photos *bucket.Bucket
	small  *variants.Variants
	job    jobs.Job[string]
	views  *templates.Set
}

// App is the whole app.
func App(o Options) gorgon.App {
	a := &album{o: o}
	a.photos = bucket.New(bucket.Options{
		Name: "photos", Store: o.Files, Public: true,
		Types: []string{"image/jpeg", "image/png", "image/webp"}, MaxSize: 20 << 20,
		Upload: []func(http.Handler) http.Handler{everyone},
		Done:   a.add,
	})
	a.small = variants.Of(a.photos, variants.Options{Widths: []int{480, 1280}})
	a.job = jobs.Job[string]{Name: "photo", Run: a.prepare, Key: func(key string) string { return key }, Limit: 1}
	a.views = &templates.Set{Files: folder("views"), Funcs: a.funcs}
	parts := []gorgon.Part{
		a.photos, tus.Resumable(a.photos, tus.Options{}), a.small, a.job,
		gorgon.Page[[]photo]{Path: "/", Load: a.list, Head: listHead,
			View: func(list []photo) gorgon.Component { return a.views.View("list.html", list) }},
		gorgon.Page[photo]{Path: "/photos/{key}", Incremental: true, Load: a.one,
			Head: func(p photo) gorgon.Head { return gorgon.Head{Title: p.Title() + " · Album"} },
			View: func(p photo) gorgon.Component { return a.views.View("photo.html", p) }},
	}
	if o.Mails != nil {
		parts = append(parts, gorgon.Handler{Pattern: "GET /mails/{page...}", Handler: o.Mails})
	}
	return gorgon.App{
		Name: "photos", Origin: o.Origin,
		Layout: func(d gorgon.Document) gorgon.Component { return a.views.View("layout.html", d) },
		Error:  func(f gorgon.Failure) gorgon.Component { return a.views.View("failed.html", f) },
		Assets: gorgon.Assets{Files: folder("assets"), Aliases: map[string]string{"/favicon.ico": "icon.svg"}},
		Parts:  parts,
	}
}

// everyone may upload to this album. Elsewhere, a guard such as that of package
// auth or limit stands here.
func everyone(next http.Handler) http.Handler { return next }

// funcs are what templates know of the bucket.
func (a *album) funcs(ctx context.Context) template.FuncMap {
	return template.FuncMap{
		"form":   func() string { return a.photos.Form(ctx) },
		"script": func() string { return a.photos.Script(ctx) },
		"file":   func(p photo) string { return a.photos.URL(ctx, p.Key) },
		"small":  func(p photo, width int) string { return a.small.URL(ctx, p.Key, width) },
		"srcset": func(p photo) template.Srcset { return template.Srcset(a.small.Srcset(ctx, p.Key)) },
		"page":   func(p photo) string { return gorgon.EscapePath("/photos/" + p.Key) },
	}
}

// listHead lets the page look again while photos are being prepared.
func listHead(list []photo) gorgon.Head {
	h := gorgon.Head{Title: "Album", Description: "Pictures that visitors have uploaded."}
	for _, p := range list {
		if !p.Ready {
			h.Extra = gorgon.HTML(`<meta http-equiv="refresh" content="2">`)
		}
	}
	return h
}
