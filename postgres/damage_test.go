// Damaged records, and stores without the right to read or write.

package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
)

func TestDamagedRecords(t *testing.T) {
	s, location := newStore(t, postgres.Options{})
	db := direct(t, location)
	for name, damage := range map[string]string{
		"truncated":         "UPDATE records SET data = substr(data, 1, 9000)",
		"emptied":           "UPDATE records SET data = ''",
		"altered":           "UPDATE records SET data = set_byte(data, 5000, 1)",
		"with another sum":  "UPDATE records SET checksum = checksum + 1",
		"of another's page": "UPDATE records a SET data = b.data, checksum = b.checksum FROM records b WHERE a.id <> b.id",
	} {
		for i, k := range []pages.Key{key("/a"), key("/b")} {
			data := []byte(strings.Repeat("x", 10_000+i))
			if err := s.Put(t.Context(), pages.Record{Key: k, Data: data}, pages.Unfenced); err != nil {
				t.Fatal(err)
			}
		}
		run(t, db, damage)
		if r, err := s.Get(t.Context(), key("/a")); !errors.Is(err, pages.ErrCorrupt) {
			t.Errorf("%s: get gave %d bytes, %v", name, len(r.Data), err)
		}
	}
}

// A user with the right to read can read, and gets ErrReadOnly on writes.
func TestReadOnly(t *testing.T) {
	s, location := newStore(t, postgres.Options{})
	if err := s.Put(t.Context(), pages.Record{Key: key("/a"), Data: []byte("x")}, pages.Unfenced); err != nil {
		t.Fatal(err)
	}
	bump(t, s, "tag:a")
	reader := open(t, at(location, "default_transaction_read_only=on"), postgres.Options{})
	all := calls(t.Context(), reader)
	for _, name := range []string{"Get", "Epochs", "List", "Changes", "Wait", "Lagging"} {
		if err := all[name]; err != nil {
			t.Errorf("%s gave %v", name, err)
		}
	}
	for _, name := range []string{"Put", "Delete", "Bump", "Lease", "Release", "Acknowledge", "Sweep"} {
		if err := all[name]; !errors.Is(err, pages.ErrReadOnly) {
			t.Errorf("%s gave %v", name, err)
		}
	}
	if _, err := reader.Migrate(t.Context()); err != nil {
		t.Errorf("migrating what is migrated gave %v", err)
	}
	fresh := open(t, at(newPlace(t), "default_transaction_read_only=on"), postgres.Options{})
	if _, err := fresh.Migrate(t.Context()); !errors.Is(err, pages.ErrReadOnly) {
		t.Errorf("migrating gave %v", err)
	}
}

// Under another isolation level fences would not work, so calls do nothing.
func TestIsolation(t *testing.T) {
	healthy, location := newStore(t, postgres.Options{})
	bump(t, healthy, "tag:a") // Wait returns at once
	s := open(t, at(location, "default_transaction_isolation=serializable"), postgres.Options{})
	for name, err := range calls(t.Context(), s) {
		switch name {
		case "Put", "Delete", "Bump", "Lease", "Release", "Acknowledge", "Sweep":
			if err == nil || !strings.Contains(err.Error(), "read committed") {
				t.Errorf("%s gave %v", name, err)
			}
		}
	}
}

// A purge waits for the disk even if the server does not, and a page only if
// that is asked for.
func TestDurability(t *testing.T) {
	_, location := newStore(t, postgres.Options{})
	db := direct(t, location)
	run(t, db, "SET synchronous_commit = off")
	for step, want := range map[string]string{
		"bump(true, 2, '{}', '{}', 10, 10, 0, 0)":                 "on",
		"recover(1, 1, '', 10, 10)":                               "on",
		"claim('a', false, 10, 10)":                               "on",
		"lease('\\x0011223344556677', 'a', 1)":                    "on",
		"acknowledge('a', 1, 1, 0, 0)":                            "on",
		"put('a', 1, '', '', '', 1, 1, '', 0, 0, 0, true, 0, 0)":  "on",
		"put('a', 1, '', '', '', 1, 1, '', 0, 0, 0, false, 0, 0)": "off",
		"remove('a', 0, 0)":                                       "on",
	} {
		run(t, db, "BEGIN; SELECT "+step)
		var is string
		if err := db.QueryRow(t.Context(), "SHOW synchronous_commit").Scan(&is); err != nil || is != want {
			t.Errorf("%s: synchronous_commit is %s, %v", step, is, err)
		}
		run(t, db, "ROLLBACK")
	}
}
