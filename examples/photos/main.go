// Photos is an album to which visitors upload pictures: with progress, resumed
// after a cut, and without scripts as well. A job makes the variants of each and
// mails a link; the list follows from the commits of both. It needs nothing but
// Go:
//
//	go run ./examples/photos
//
// Pictures and database are in dist/photos, or where FILES_URL (a folder or an S3
// bucket) and DATABASE_URL say. Without MAIL_URL, mails are shown at /mails/.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/jobdb"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/disk/diskblobs"
	"github.com/gorgon-go/gorgon/mail/smtp"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/s3"
	"github.com/gorgon-go/gorgon/work"
)

func main() {
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, "photos:", err)
		os.Exit(command.Failed)
	}
	db := database.Open(litedb.Dialect, Data)
	queue := jobdb.In(db)
	files := blobs.At(blobs.Location{Default: "disk:dist/photos/files", Drivers: []blobs.Driver{diskblobs.Driver(), s3.BlobDriver()}})
	mailer := smtp.New(smtp.Options{From: cmp.Or(os.Getenv(smtp.FromVariable), "Album <album@localhost>")})
	app := App(Options{
		Origin: cmp.Or(os.Getenv("PHOTOS_ORIGIN"), "http://localhost:8080"),
		To:     cmp.Or(os.Getenv("PHOTOS_TO"), "you@localhost"),
		Files:  files, DB: db, Queue: queue, Mail: mailer,
		Mails: mailer.Develop("/mails/", func(string) {}),
	})
	command.Main(app, command.Config{
		Database: db, Files: files, Jobs: work.New(work.Options{Store: queue}), Mail: mailer,
		Stores: []pages.Driver{disk.Driver(), mem.Driver()}, Bundler: bundle.Bundler{},
	})
}

// prepare makes the files of an example that needs no configuration. A product
// does not do this: DATABASE_URL is set where it runs, and its migrate command
// runs before each new release.
func prepare() (err error) {
	if os.Getenv(database.Variable) != "" {
		return nil
	}
	dir := filepath.Join("dist", "photos")
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.Setenv(database.Variable, "sqlite:"+filepath.Join(dir, "photos.db"))); err != nil {
		return err
	}
	db := database.Open(litedb.Dialect, Data)
	defer func() { err = errors.Join(err, db.Close()) }()
	jobdb.In(db)
	_, err = db.Migrate(context.Background())
	return err
}
