// The layout: made once, compared, changed, and refused.

package pgdb_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/pgdb"
)

func TestLayout(t *testing.T) {
	t.Parallel()
	url, name := newDatabase(t)
	f := openFixture(t, config(url, shopTables()...))
	f.name = name
	if _, err := f.engine.Look(t.Context()); err == nil || !strings.Contains(err.Error(), "migrate command") {
		t.Errorf("without a layout: %v", err)
	}
	if _, err := f.engine.Missing(t.Context()); err == nil || !strings.Contains(err.Error(), "public.products does not exist") || !strings.Contains(err.Error(), "shop.orders") {
		t.Errorf("without tables: %v", err)
	}
	run(t, f.other, shop)
	missing, err := f.engine.Missing(t.Context())
	if err != nil || len(missing) != 8 {
		t.Errorf("missing: %q, %v", missing, err)
	}
	steps, err := f.engine.Layout(t.Context())
	if err != nil || !slices.Equal(steps, missing) {
		t.Errorf("did %q, said %q: %v", steps, missing, err)
	}
	if got := f.drain(); !slices.Equal(got, []string{""}) {
		t.Errorf("a layout is a change of everything: %q", got)
	}
	// Nothing is done twice, and no lock is in the way of writers.
	writer, err := f.sql.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Rollback()
	if _, err := writer.Exec("update products set price = 9"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if steps, err := f.engine.Layout(t.Context()); err != nil || len(steps) > 0 {
			t.Errorf("again: %q, %v", steps, err)
		}
		if missing, err := f.engine.Missing(t.Context()); err != nil || len(missing) > 0 {
			t.Errorf("again: %q, %v", missing, err)
		}
	}
	if err := writer.Rollback(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, sql, want string }{
		{"a trigger that is missing", "drop trigger gorgon_data_update on products", "public.products"},
		{"a trigger that is disabled", "alter table products disable trigger gorgon_data_insert", "public.products"},
		{"a trigger that is not for replicas", "alter table products enable trigger gorgon_data_insert", "public.products"},
		{"a function that is missing", "do $$ declare f text; begin select format('drop function %s cascade', tgfoid::regprocedure) into f from pg_trigger where tgname = 'gorgon_data_insert' and tgrelid = 'products'::regclass; execute f; end $$", "public.products"},
		{"a table that was made again", "drop table plain; create table plain (a int, b int)", "public.plain"},
		{"a primary key that is another", "alter table slugs drop constraint slugs_pkey, add column id int generated always as identity primary key", "public.slugs, with the key id"},
		{"an outbox that is missing", "drop table gorgon_data.outbox", "outbox"},
	} {
		run(t, f.other, test.sql)
		missing, err := f.engine.Missing(t.Context())
		if err != nil || len(missing) != 1 || !strings.Contains(missing[0], test.want) {
			t.Errorf("%s: missing %q, %v", test.name, missing, err)
		}
		if steps, err := f.engine.Layout(t.Context()); err != nil || !slices.Equal(steps, missing) {
			t.Errorf("%s: did %q, %v", test.name, steps, err)
		}
	}
	f.clear()
	run(t, f.other, "insert into slugs values ('z'); insert into plain values (1); update products set price = 10 where id = 3")
	if got := f.drain(); !slices.Equal(got, []string{"public.plain", "public.products", "public.products:3", "public.slugs", "public.slugs:11"}) {
		t.Errorf("got %q", got)
	}
	// A table that is not listed any longer keeps its triggers: an older release may run.
	less := openFixture(t, config(url, shopTables()[1:]...))
	if missing, err := less.engine.Missing(t.Context()); err != nil || len(missing) > 0 {
		t.Errorf("with less tables: %q, %v", missing, err)
	}
	// Another app has its own.
	c := config(url, shopTables()...)
	c.Schema = `Other "app" of a name that is about as long as it may be, or so`
	other := openFixture(t, c)
	other.name = name
	other.layout()
	run(t, f.other, "update products set price = 11 where id = 3")
	for _, f := range []*fixture{f, other} {
		if got := f.drain(); !slices.Equal(got, []string{"public.products", "public.products:3"}) {
			t.Errorf("two apps: %q", got)
		}
	}
}

func TestLayoutRefuses(t *testing.T) {
	t.Parallel()
	f := newFixture(t, shop+`create view cards as select * from products; create collation anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false); create table loose (name text collate anycase)`)
	for _, test := range []struct {
		table database.Table
		want  string
	}{
		{database.Table{Name: "none"}, "public.none does not exist"},
		{database.Table{Name: "cards"}, "public.cards is a view"},
		{database.Table{Name: "events_2026"}, "public.events_2026 is a partition"},
		{database.Table{Name: "products", Key: "sku"}, `has no column "sku"`},
		{database.Table{Name: "events", Key: "at"}, `has the Key "at"`},
		{database.Table{Name: "loose", Key: "name"}, `has the Key "name"`},
		{database.Table{Name: "products", Ignore: []string{"clicks"}}, `has no column "clicks"`},
	} {
		e := openFixture(t, config(f.url, test.table)).engine
		if _, err := e.Layout(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v", test.table, err)
		}
	}
	for _, tables := range [][]database.Table{{{Name: ""}}, {{Name: "x."}}, {{Name: "x"}, {Name: "public.x"}}} {
		if _, err := pgdb.Dialect.Open(config(f.url, tables...)); err == nil {
			t.Errorf("%v was accepted", tables)
		}
	}
}

// Several processes lay out and lock at once: one after the other.
func TestLock(t *testing.T) {
	t.Parallel()
	url, _ := newDatabase(t)
	run(t, direct(t, url), shop)
	var inside, most, made atomic.Int32
	var all sync.WaitGroup
	for range 5 {
		e := openFixture(t, config(url, shopTables()...)).engine
		all.Go(func() {
			if err := e.Lock(t.Context(), func(ctx context.Context) error {
				most.Store(max(most.Load(), inside.Add(1)))
				defer inside.Add(-1)
				steps, err := e.Layout(ctx)
				made.Add(int32(len(steps)))
				return err
			}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if most.Load() != 1 || made.Load() != 8 {
		t.Errorf("%d at once made %d steps", most.Load(), made.Load())
	}
	e := openFixture(t, config(url, shopTables()...)).engine
	other := openFixture(t, config(url, shopTables()...)).engine
	want := errors.New("of the function")
	if err := e.Lock(t.Context(), func(ctx context.Context) error {
		short, cancel := context.WithTimeout(ctx, 100e6)
		defer cancel()
		if err := other.Lock(short, func(context.Context) error { return nil }); err == nil || !strings.Contains(err.Error(), "other processes") {
			t.Errorf("a lock that is held was given: %v", err)
		}
		return want
	}); !errors.Is(err, want) {
		t.Errorf("the function's error is lost: %v", err)
	}
	if err := other.Lock(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
}

// The app's role needs few rights; those who write need none to the outbox.
func TestRoles(t *testing.T) {
	t.Parallel()
	f := newFixture(t, shop, shopTables()...)
	owner, writer := "owner_"+f.name, "writer_"+f.name
	run(t, f.other, "create role "+owner+" login; create role "+writer+" login; grant select, update on products to "+writer+
		"; alter table products owner to "+owner+"; comment on table gorgon_data.outbox is null")
	f.layout() // again, which grants
	as := func(role string) string { return strings.Replace(f.url, "gorgon@", role+"@", 1) }
	run(t, direct(t, as(writer)), "update products set price = 5 where id = 40")
	app := openFixture(t, config(as(owner), shopTables()...))
	app.name = f.name
	if got := app.drain(); !slices.Equal(got, []string{"public.products", "public.products:40"}) {
		t.Errorf("got %q", got)
	}
	if got := f.drain(); len(got) > 0 {
		t.Errorf("it was not removed: %q", got)
	}
	less := openFixture(t, config(as(writer), shopTables()...))
	if _, err := less.engine.Look(t.Context()); err == nil || !strings.Contains(err.Error(), "select and delete") {
		t.Errorf("without rights: %v", err)
	}
	if _, err := less.sql.Exec("update products set price = 6 where id = 41"); err != nil {
		t.Error(err)
	}
	strange := config(as(writer), shopTables()...)
	strange.Schema = "strange"
	if _, err := openFixture(t, strange).engine.Layout(t.Context()); err == nil || !strings.Contains(err.Error(), "grant it create") {
		t.Errorf("without the right to create: %v", err)
	}
	// A function of the writer's own is not called by the triggers.
	run(t, f.other, "grant create on schema public to "+writer)
	mine := direct(t, as(writer))
	run(t, mine, "create function public.count(bigint) returns bigint language plpgsql as 'begin raise exception ''called''; end'")
	run(t, mine, "set search_path = public, pg_catalog")
	run(t, mine, "update products set price = 7 where id = 42")
	// Policies of a role are looked into.
	run(t, f.other, "create table secured (id int primary key); alter table secured enable row level security; grant select on secured, slugs to "+writer+
		"; create policy p on secured using (exists (select from slugs)); grant usage on schema gorgon_data to "+writer)
	policed := openFixture(t, config(as(writer), database.Table{Name: "slugs"}, database.Table{Name: "secured"}))
	policed.name = f.name
	tags, _ := policed.read(func(ctx context.Context) error {
		_, err := policed.sql.ExecContext(ctx, "select * from secured where id = $1", 1)
		return err
	})
	if !slices.Equal(tags, []string{"public.secured", "public.slugs"}) {
		t.Errorf("through a policy: %q", tags)
	}
}

// A role that owns the tables and may create a schema can migrate.
func TestOwnerMigrates(t *testing.T) {
	t.Parallel()
	url, name := newDatabase(t)
	admin := direct(t, url)
	run(t, admin, "create role m_"+name+" login; alter database "+name+" owner to m_"+name+"; grant create on schema public to m_"+name)
	c := config(strings.Replace(url, "gorgon@", "m_"+name+"@", 1), shopTables()...)
	c.Announce = true
	f := openFixture(t, c)
	f.name = name
	run(t, f.other, shop)
	f.layout()
	for range 8 {
		run(t, f.other, "insert into gorgon_data.outbox (tab, keys) select 'public.products', '{3}' from generate_series(1, 2100)")
		if got := f.drain(); !slices.Equal(got, []string{"public.products", "public.products:3"}) {
			t.Errorf("got %q", got)
		}
	}
	var pages int
	if err := f.other.QueryRow(t.Context(), "select pg_relation_size('gorgon_data.outbox') / 8192").Scan(&pages); err != nil || pages > 120 {
		t.Errorf("the outbox has %d pages: %v", pages, err)
	}
}

// When triggers change, what was known of texts is forgotten, by every process.
func TestForgetting(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create table products (id int primary key, sku text); create table hidden (id int primary key); create view v as select id from products", database.Table{Name: "products"}, database.Table{Name: "hidden"})
	other := openFixture(t, config(f.url, database.Table{Name: "products", Key: "sku"}, database.Table{Name: "hidden"}))
	other.name = f.name
	view := func(ctx context.Context) error { _, err := f.sql.ExecContext(ctx, "select * from v"); return err }
	byID := func(ctx context.Context) error {
		_, err := f.sql.ExecContext(ctx, "select * from products where id = $1", 1)
		return err
	}
	if tags, _ := f.read(view); !slices.Equal(tags, []string{"public.products"}) {
		t.Errorf("noted %q", tags)
	}
	if tags, doubts := f.read(byID); !slices.Equal(tags, []string{"public.products:*", "public.products:1"}) || len(doubts) > 0 {
		t.Errorf("noted %q, %q", tags, doubts)
	}
	run(t, other.other, "create or replace view v as select id from hidden")
	if err := other.engine.Changed(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := other.engine.Layout(t.Context()); err != nil { // with another key
		t.Fatal(err)
	}
	other.drain() // first: f sees the change nevertheless
	f.drain()
	if tags, _ := f.read(view); !slices.Equal(tags, []string{"public.hidden"}) {
		t.Errorf("after the view has changed: %q", tags)
	}
	if tags, doubts := f.read(byID); !slices.Equal(tags, []string{"public.products"}) || len(doubts) != 1 {
		t.Errorf("after the key has changed: %q, %q", tags, doubts)
	}
}
