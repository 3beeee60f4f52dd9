// The layout: made once, whole or not at all, and checked by every call.

package postgres_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
)

var allSteps = []string{"1_tables", "2_functions", "3_epochs"}

func TestMigrateTwice(t *testing.T) {
	s := open(t, newPlace(t), postgres.Options{})
	for i, want := range [][]string{allSteps, nil} {
		took, err := s.Migrate(t.Context())
		if err != nil || !slices.Equal(took, want) {
			t.Errorf("time %d took the steps %v, %v", i+1, took, err)
		}
	}
}

func TestMigrateByManyAtOnce(t *testing.T) {
	location := newPlace(t)
	var all sync.Map
	var work sync.WaitGroup
	for range 10 {
		s := open(t, location, postgres.Options{})
		work.Go(func() {
			took, err := s.Migrate(t.Context())
			if err != nil {
				t.Error(err)
			}
			for _, step := range took {
				if _, twice := all.LoadOrStore(step, true); twice {
					t.Errorf("step %s was taken twice", step)
				}
			}
			bump(t, s, "tag:a")
		})
	}
	work.Wait()
	for _, step := range allSteps {
		if _, ok := all.Load(step); !ok {
			t.Errorf("step %s was not taken", step)
		}
	}
	if n := bump(t, open(t, location, postgres.Options{}), "tag:a"); n != 11 {
		t.Errorf("after ten purges comes %d", n)
	}
}

// calls are all methods that need the layout.
func calls(ctx context.Context, s *postgres.Store) map[string]error {
	k := key("/a")
	all := map[string]error{}
	_, all["Get"] = s.Get(ctx, k)
	all["Put"] = s.Put(ctx, pages.Record{Key: k}, pages.Unfenced)
	all["Delete"] = s.Delete(ctx, k, pages.Unfenced)
	_, all["Epochs"] = s.Epochs(ctx, pages.All)
	_, all["Bump"] = s.Bump(ctx, pages.Stale, pages.All)
	_, all["Lease"] = s.Lease(ctx, k, claim(), time.Millisecond)
	all["Release"] = s.Release(ctx, pages.Lease{Key: k, Token: 1})
	all["List"] = s.List(ctx, func(pages.Info) bool { return true })
	_, _, all["Changes"] = s.Changes(ctx, 0)
	all["Wait"] = s.Wait(ctx, 0)
	_, all["Acknowledge"] = s.Acknowledge(ctx, "me", 0, time.Second)
	_, all["Lagging"] = s.Lagging(ctx, 1)
	_, all["Sweep"] = s.Sweep(ctx, pages.Bounds{PerRoute: 1})
	return all
}

// everyCall checks that all calls return an error with this text, or, if it is
// "", no error except for a missing record.
func everyCall(t *testing.T, s *postgres.Store, want error, says string) {
	t.Helper()
	for name, err := range calls(t.Context(), s) {
		switch {
		case want == nil && err != nil && !errors.Is(err, pages.ErrNotFound):
			t.Errorf("%s gave %v", name, err)
		case want != nil && (!errors.Is(err, want) || !strings.Contains(err.Error(), says)):
			t.Errorf("%s gave %v", name, err)
		}
	}
}

func TestLayoutMissing(t *testing.T) {
	location := newPlace(t)
	s := open(t, location, postgres.Options{})
	everyCall(t, s, pages.ErrLayout, "migrate command")
	migrate(t, open(t, location, postgres.Options{}))
	everyCall(t, s, nil, "")
}

func TestLayoutOfAnotherVersion(t *testing.T) {
	s, location := newStore(t, postgres.Options{})
	bump(t, s, "tag:a")
	db := direct(t, location)
	run(t, db, "UPDATE layout SET version = 4")
	everyCall(t, s, pages.ErrLayout, "upgrade the program")
	if took, err := s.Migrate(t.Context()); !errors.Is(err, pages.ErrLayout) || len(took) > 0 {
		t.Errorf("a newer layout was migrated: %v, %v", took, err)
	}
	run(t, db, "UPDATE layout SET version = 1")
	everyCall(t, s, pages.ErrLayout, "migrate command")
	if took, err := s.Migrate(t.Context()); err != nil || !slices.Equal(took, allSteps[1:]) {
		t.Errorf("an older layout took the steps %v, %v", took, err)
	}
	if n := bump(t, s, "tag:a"); n != 2 {
		t.Errorf("after migrating the purge is %d", n)
	}
	everyCall(t, s, nil, "")
}

// A schema that is dropped under a running store, and one that is damaged.
func TestLayoutLost(t *testing.T) {
	s, location := newStore(t, postgres.Options{})
	everyCall(t, s, nil, "")
	db := direct(t, location)
	run(t, db, "DROP FUNCTION put")
	if err := s.Put(t.Context(), pages.Record{}, pages.Unfenced); !errors.Is(err, pages.ErrLayout) || !strings.Contains(err.Error(), "missing") {
		t.Errorf("without its function Put gives %v", err)
	}
	schema := s.Schema()
	run(t, db, `DROP SCHEMA "`+schema+`" CASCADE`)
	everyCall(t, s, pages.ErrLayout, "migrate command")
	migrate(t, s)
	everyCall(t, s, nil, "")
}

// A step that fails undoes the others.
func TestMigrateFails(t *testing.T) {
	location := newPlace(t)
	s := open(t, location, postgres.Options{})
	db := direct(t, newLocationLike(location))
	run(t, db, `CREATE SCHEMA "`+s.Schema()+`"; CREATE FUNCTION "`+s.Schema()+`".release(p_id bytea, p_token bigint) RETURNS integer LANGUAGE sql AS 'SELECT 1'`)
	if took, err := s.Migrate(t.Context()); err == nil || len(took) > 0 || !strings.Contains(err.Error(), "2_functions") {
		t.Errorf("it took %v, %v", took, err)
	}
	everyCall(t, s, pages.ErrLayout, "migrate command")
	run(t, db, `DROP FUNCTION "`+s.Schema()+`".release`)
	migrate(t, s)
	everyCall(t, s, nil, "")
}

// newLocationLike returns the location's server without its schema.
func newLocationLike(location string) string {
	base, _, _ := strings.Cut(location, "&schema=")
	return base
}

func TestSchemaNames(t *testing.T) {
	for _, name := range []string{`a"b'c\d`, "a$body$b$$c", "{lock}", "Über uns+", "select", "a;b--"} {
		s := open(t, at(shareServer(t).URL, "schema="+escape(name)), postgres.Options{})
		if s.Schema() != name {
			t.Errorf("%q became %q", name, s.Schema())
		}
		migrate(t, s)
		everyCall(t, s, nil, "")
	}
}
