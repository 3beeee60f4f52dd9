// Photos: a row for each, and the job that prepares it.

package main

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/mail"
)

// Data are the options of the database: what it has, and that commits which
// change the table make out of date what was read of it.
var Data = database.Options{Migrations: folder("migrations"), Tables: []database.Table{{Name: "photos"}}}

type photo struct {
	Key   string
	Added time.Time
	Ready bool // its variants are made
}

// Title is what the photo is called.
func (p photo) Title() string { return "Photo of " + p.Added.Format("2 January 2006, 15:04") }

// add is called when an upload is complete, perhaps more than once. The row and
// the job that prepares the photo are one commit.
func (a *album) add(ctx context.Context, info blobs.Info) error {
	return a.o.DB.Tx(ctx, nil, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "insert into photos (key, added) values (?, ?) on conflict do nothing", info.Key, time.Now().UTC())
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		_, err = a.job.Add(ctx, a.o.Queue.In(tx), info.Key)
		return err
	})
}

// prepare is the job: it makes the variants, lets the photo be seen, and mails a
// link. What is not a picture is removed.
func (a *album) prepare(ctx context.Context, key string) error {
	ok, err := a.small.Make(ctx, key)
	if errors.Is(err, blobs.ErrNotFound) {
		ok, err = false, nil // it was removed before
	}
	if err != nil {
		return err
	}
	if !ok {
		_, err := a.o.DB.SQL().ExecContext(ctx, "delete from photos where key = ?", key)
		return errors.Join(err, a.photos.Store().Delete(ctx, key))
	}
	if _, err := a.o.DB.SQL().ExecContext(ctx, "update photos set ready = true where key = ?", key); err != nil {
		return err
	}
	p, err := a.read(ctx, key)
	if err != nil {
		return err
	}
	return a.o.Mail.Send(ctx, mail.Message{
		To: []string{a.o.To}, Subject: "A new photo", HTML: a.views.View("mail.html", p), ID: "photo/" + key,
	})
}

// list are the newest photos. It reads with the context of the loader: the page
// is out of date as soon as a commit changes the table.
func (a *album) list(ctx context.Context, _ gorgon.Input) (list []photo, err error) {
	rows, err := a.o.DB.SQL().QueryContext(ctx, "select key, added, ready from photos order by added desc, key limit 60")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p photo
		if err := rows.Scan(&p.Key, &p.Added, &p.Ready); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, rows.Err()
}

func (a *album) one(ctx context.Context, in gorgon.Input) (photo, error) {
	p, err := a.read(ctx, in.PathValue("key"))
	if err == nil && !p.Ready {
		err = gorgon.NotFound()
	}
	return p, err
}

func (a *album) read(ctx context.Context, key string) (p photo, err error) {
	err = a.o.DB.SQL().QueryRowContext(ctx, "select key, added, ready from photos where key = ?", key).Scan(&p.Key, &p.Added, &p.Ready)
	if errors.Is(err, sql.ErrNoRows) {
		err = gorgon.NotFound()
	}
	return p, err
}
