// Package terraform describes a site as infrastructure, in the words that the
// targets which write Terraform share, and renders their files.
//
// A target's files are templates, a file for each part: a part that the app does
// not need is not there. What is written belongs to the app's repository, and
// its owner reads and changes it.
package terraform

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/pod"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/wire"
)

// A Stack is what the infrastructure of one site consists of.
type Stack struct {
	Site  deploy.Site
	Name  string // of the app as a DNS label of at most 21 bytes: names of resources grow from it
	Title string // of the target: "Google Cloud"

	Database bool   // a PostgreSQL server: for the app's rows, the store, or both
	Rows     bool   // the app reads its own rows from DATABASE_URL
	Store    string // the technology of the store: "postgres", "redis", "s3" or "none"
	Cache    bool   // a Redis or Valkey server
	Bucket   bool   // a bucket for the store
	Files    bool   // a bucket for the app's own files
	Migrate  bool   // a step before each roll-out

	Cron        string // when maintain is called, in the five fields of cron; "" for never
	Connections bool   // connections stay open
	Rooms       bool   // instances call each other
	Worker      bool   // an instance works between requests
	Jobs        bool   // the app has jobs, which can be late

	Least, Most int // instances that run
	Drain       time.Duration

	Settings []deploy.Variable // of the program, known and no secrets
	Yours    []deploy.Variable // no secrets, and the operator's to set
	Secrets  []Secret
}

// An Event is one of the program's log that its operators hear of.
type Event struct {
	Name string // as [wire.LogEvent] says it
	Key  string // the same, as wide as the widest of a list
	Says string // what an alert on it is called
}

// Events are those that an app like this can have.
func (k Stack) Events() []Event {
	var list []Event
	add := func(can bool, name, says string) {
		if can {
			list = append(list, Event{Name: name, Says: says})
		}
	}
	add(k.Jobs, wire.EventJobsLate, "jobs are late")
	add(k.Jobs, wire.EventJobDead, "a job failed for the last time")
	add(k.Rows, wire.EventCommitsLate, "commits are not purged")
	add(k.Rows, wire.EventDatabaseAway, "the database cannot be asked")
	add(k.Rooms, wire.EventRoomAway, "a room cannot be kept")
	add(k.Store != "none", wire.EventStoreAway, "the store cannot be used")
	width := 0
	for _, e := range list {
		width = max(width, len(e.Name))
	}
	for i, e := range list {
		list[i].Key = fmt.Sprintf("%-*s", width, e.Name)
	}
	return list
}

// A Secret is a variable of the program that a secret manager holds.
type Secret struct {
	deploy.Variable
	ID   string // as part of a name: "purge-key" for GORGON_PURGE_KEY
	From Origin
}

// An Origin says where a secret comes from.
type Origin string

const (
	FromDatabase  Origin = "database"  // the URL of the PostgreSQL server
	FromCache     Origin = "cache"     // the URL of the Redis or Valkey server
	FromBucket    Origin = "bucket"    // the location of the bucket
	FromFiles     Origin = "files"     // the location of the bucket of the app's files
	FromGenerator Origin = "generator" // random
	FromOperator  Origin = "operator"  // written by hand, once
)

// drain is how long an instance goes on accepting requests after it was told
// to stop, until balancers know.
const drain = 15 * time.Second

// Of finds the stack of a site. What the target's plan refuses is refused
// before; a store that is files is refused here, since the instances share none.
func Of(s deploy.Site) (Stack, error) {
	setting := s.Outcome.Setting
	k := Stack{
		Site: s, Name: name(s.Package.App), Title: s.Outcome.Target.Title,
		Rows: s.App.HasPart(plan.DatabasePart), Store: cmp.Or(setting.Store, "none"),
		Migrate: s.Migrate, Drain: drain,
		Connections: s.App.Has(plan.Connections) || s.App.Has(plan.Live), Rooms: s.App.Has(plan.Rooms), Worker: s.App.Has(plan.Worker), Jobs: s.App.Has(plan.Jobs),
		Least: 2, Most: 6,
	}
	switch k.Store {
	case "disk", "sqlite":
		return k, fmt.Errorf("a %s store belongs to one machine, and machines are replaced here: name one that instances share with --store postgres or redis", k.Store)
	case "mem":
		k.Store = "none"
	}
	if s.App.Has(plan.File) {
		return k, errors.New("a SQLite database belongs to one machine, and machines are replaced here: use PostgreSQL (package database/pgdb)")
	}
	k.Database = k.Rows || k.Store == "postgres" || s.App.Has(plan.Database)
	k.Cache, k.Bucket = k.Store == "redis", k.Store == "s3"
	k.Files = s.FilesInBucket() && s.Outcome.Target.Offers.Buckets == plan.BucketMade
	if s.Scheduled() && (setting.SharedStore || s.App.Has(plan.Schedule) || s.Works()) {
		k.Cron = pod.Cron(s.Every())
	}
	if n := setting.Replicas; n > 0 {
		k.Least, k.Most = n, n
	}
	variables := pod.With(pod.With(s.Variables, pod.Store(s, "/tmp")), s.Files("")...)
	if err := pod.Check(variables); err != nil {
		return k, err
	}
	k.Settings, k.Yours = pod.Plain(variables), pod.Open(variables)
	for _, v := range pod.Secrets(variables) {
		k.Secrets = append(k.Secrets, k.secret(v))
	}
	return k, nil
}

// Own are the variables of the app's own configuration that are known. Another
// environment may need others: the site has another address there.
func (k Stack) Own() []deploy.Variable {
	return slices.DeleteFunc(slices.Clone(k.Settings), func(v deploy.Variable) bool {
		return !slices.ContainsFunc(k.Site.App.Settings, func(own wire.Variable) bool { return own.Name == v.Name })
	})
}

func (k Stack) secret(v deploy.Variable) Secret {
	id := strings.TrimPrefix(strings.ReplaceAll(strings.ToLower(v.Name), "_", "-"), "gorgon-")
	s := Secret{Variable: v, ID: id, From: FromOperator}
	switch {
	case v.Name == "GORGON_STORE" && k.Store == "postgres", v.Name == "DATABASE_URL" && k.Database:
		s.From = FromDatabase
	case v.Name == "GORGON_STORE" && k.Cache:
		s.From = FromCache
	case v.Name == "GORGON_STORE" && k.Bucket:
		s.From = FromBucket
	case v.Name == "FILES_URL" && k.Files:
		s.From = FromFiles
	case v.Random:
		s.From = FromGenerator
	}
	return s
}

// name is a label that leaves room for suffixes: "shop-staging-deploy" has to be
// at most 30 bytes at Google.
func name(app string) string {
	label := pod.Label(app)
	return strings.Trim(label[:min(len(label), 21)], "-")
}

// From lists the secrets of some origin.
func (k Stack) From(o Origin) []Secret {
	var some []Secret
	for _, s := range k.Secrets {
		if s.From == o {
			some = append(some, s)
		}
	}
	return some
}

// Grace is how long an instance may take to end, in seconds.
func (k Stack) Grace() int { return int((k.Drain + 30*time.Second) / time.Second) }

// Located are the secrets that are none: the locations of buckets that the target
// makes, which its own variables have.
func (k Stack) Located() []Secret { return append(k.From(FromBucket), k.From(FromFiles)...) }

// A Template is a file of a target: it is written to Name if it is wanted.
type Template struct {
	From   string // its path among the target's templates
	Name   string // below the target's folder; with "/" before it, from the root of the repository
	Wanted bool
	Mode   fs.FileMode
}

// Render writes templates for a stack, which their dot is.
func Render(ctx context.Context, files fs.FS, k Stack, list []Template) ([]deploy.File, error) {
	var written []deploy.File
	for _, f := range list {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !f.Wanted {
			continue
		}
		text, err := fs.ReadFile(files, f.From)
		if err != nil {
			return nil, err
		}
		t, err := template.New(f.From).Funcs(functions).Option("missingkey=error").Parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("template %s: %w", f.From, err)
		}
		var b bytes.Buffer
		if err := t.Execute(&b, k); err != nil {
			return nil, fmt.Errorf("template %s: %w", f.From, err)
		}
		at := path.Join(k.Site.Infra, f.Name)
		if rest, ok := strings.CutPrefix(f.Name, "/"); ok {
			at = rest
		}
		written = append(written, deploy.File{Name: at, Mode: f.Mode, Data: b.Bytes()})
	}
	slices.SortFunc(written, func(a, b deploy.File) int { return strings.Compare(a.Name, b.Name) })
	return written, nil
}

var functions = template.FuncMap{"quote": Quote}

// Quote is a string as HCL writes it: nothing in it is a template.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case (r == '$' || r == '%') && strings.HasPrefix(s[i+1:], "{"):
			b.WriteRune(r)
			b.WriteRune(r)
		case r < ' ':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
