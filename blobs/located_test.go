// The store that FILES_URL names.

package blobs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/blobs/blobstest"
	"github.com/gorgon-go/gorgon/disk/diskblobs"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/s3"
)

var everywhere = []blobs.Driver{diskblobs.Driver(), s3.BlobDriver(), mem.BlobDriver()}

func located(t *testing.T, url string, drivers ...blobs.Driver) *blobs.Located {
	t.Helper()
	t.Setenv(blobs.Variable, url)
	l := blobs.At(blobs.Location{Drivers: drivers})
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// The contract of stores holds through it.
func TestLocated(t *testing.T) {
	t.Run("disk", func(t *testing.T) {
		blobstest.Harness{Place: func(t *testing.T) func() blobs.Store {
			t.Setenv(blobs.Variable, "disk:"+filepath.Join(t.TempDir(), "files"))
			return func() blobs.Store { return blobs.At(blobs.Location{Drivers: everywhere}) }
		}}.Run(t)
	})
	t.Run("mem", func(t *testing.T) {
		blobstest.Harness{Place: func(t *testing.T) func() blobs.Store {
			one := located(t, "mem:", everywhere...)
			return func() blobs.Store { return one }
		}}.Run(t)
	})
}

// It is opened once, when it is first used, where the variable says or the
// default.
func TestLocatedOpensOnce(t *testing.T) {
	var opened []string
	driver := mem.BlobDriver()
	open := driver.Open
	driver.Schemes, driver.Remote = []string{"one", "other"}, true
	driver.Open = func(ctx context.Context, location string) (blobs.Store, error) {
		opened = append(opened, location)
		return open(ctx, location)
	}
	t.Setenv(blobs.Variable, "")
	l := blobs.At(blobs.Location{Default: "one:default", Drivers: []blobs.Driver{driver}})
	if err := l.Check(); err != nil || len(opened) > 0 {
		t.Errorf("%v, opened %q", err, opened)
	}
	t.Setenv(blobs.Variable, "other://user:zq7kvXw9@host/path") // later than At
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := l.List(t.Context(), blobs.Query{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if !slices.Equal(opened, []string{"other://user:zq7kvXw9@host/path"}) {
		t.Errorf("opened %q", opened)
	}
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Error(err)
	}
	unused := blobs.At(blobs.Location{Default: "one:default", Drivers: []blobs.Driver{driver}})
	if err := unused.Close(); err != nil || len(opened) != 1 {
		t.Errorf("%v, opened %q", err, opened)
	}
	for _, closed := range []*blobs.Located{l, unused} {
		if _, err := closed.Stat(t.Context(), "a"); !errors.Is(err, blobs.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
}

// What is wrong with a location is said, with the variable, what can be written
// there, and no part of what could be a password.
func TestLocatedRefuses(t *testing.T) {
	const password = "zq7kvXw9"
	for _, c := range []struct{ url, says string }{
		{"", "it is not set"}, {"nonsense", "does not begin with a technology"}, {":", "does not begin"}, {"/var/lib/files", "does not begin"},
		{"DISK:/a", "does not begin"}, {password + "@host:1", "does not begin"}, {password + ":9", "does not begin"}, {"user:" + password + "@host", "not a technology that this program has"},
		{"postgres://u:" + password + "@h/d", "not a technology"}, {"gs://bucket", "not a technology"}, {"file:///files", "not a technology"},
		{"disk:", "nothing follows"}, {"disk://" + password + "/files", "is a URL, but must be a path"}, {"disk:~/" + password, "only a shell expands"}, {"disk:u:" + password + "@h", "not a plain path"},
		{"s3:bucket", "not of the form s3://"}, {"s3://", "not of the form"}, {"s3://key:" + password + "@bucket", "contains keys"}, {"s3://bucket?secret=" + password, "a parameter is not known"},
		{"s3://bucket?endpoint=https://k:" + password + "@h", "contains keys"}, {"s3://b", "bucket"}, {"s3://bucket/../c", "prefix"},
	} {
		l := located(t, c.url, everywhere...)
		err := l.Check()
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "FILES_URL: ") {
			t.Errorf("%q gives %v, want %q", c.url, err, c.says)
			continue
		}
		if strings.Contains(err.Error(), password) {
			t.Errorf("%q: the error has the password: %v", c.url, err)
		}
		if _, used := l.Stat(t.Context(), "a"); used == nil || used.Error() != err.Error() {
			t.Errorf("%q: Check says %v, and Stat %v", c.url, err, used)
		}
	}
	if err := located(t, "s3://bucket", diskblobs.Driver()).Check(); err == nil || !strings.Contains(err.Error(), "no driver for s3: add it to the Drivers of blobs.At (this program has disk:PATH)") {
		t.Error(err)
	}
	for _, url := range []string{"disk:/var/lib/shop/files", "disk:dist/files", "mem:", "mem:x", "s3://shop-files?region=eu-central-1", "s3://bucket/prefix?endpoint=http://127.0.0.1:9&style=path"} {
		if err := located(t, url, everywhere...).Check(); err != nil {
			t.Errorf("%q: %v", url, err)
		}
	}
}

// A folder that cannot be written now can be later: the store is opened again.
func TestLocatedTriesAgain(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken")
	if err := os.WriteFile(taken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l := located(t, "disk:"+filepath.Join(taken, "files"), everywhere...)
	for range 2 {
		if err := l.Ready(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "FILES_URL: open blobs in ") {
			t.Error(err)
		}
		if _, err := l.Put(t.Context(), "a", strings.NewReader("x"), blobs.PutOptions{}); err == nil {
			t.Error("a file was put where there is no folder")
		}
	}
	if err := os.Remove(taken); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Put(t.Context(), "a", strings.NewReader("x"), blobs.PutOptions{}); err != nil {
		t.Error(err)
	}
}

// Writes fail in a folder that was removed while it is open: it is not made again
// in silence.
func TestLocatedFolderVanishes(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // an open file keeps its folder
	}
	dir := filepath.Join(t.TempDir(), "files")
	l := located(t, "disk:"+dir, everywhere...)
	if _, err := l.Put(t.Context(), "a", strings.NewReader("x"), blobs.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Put(t.Context(), "b", strings.NewReader("x"), blobs.PutOptions{}); err == nil {
		t.Error("a file was put into a folder that is gone")
	}
}

// Two processes have one folder.
func TestLocatedTwice(t *testing.T) {
	url := "disk:" + t.TempDir()
	one, other := located(t, url, everywhere...), located(t, url, everywhere...)
	var all sync.WaitGroup
	for i, l := range []*blobs.Located{one, other} {
		all.Go(func() {
			for n := range 20 {
				if _, err := l.Put(t.Context(), fmt.Sprintf("%d/%d", i, n), strings.NewReader("x"), blobs.PutOptions{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := one.Close(); err != nil {
		t.Error(err)
	}
	if list, err := other.List(t.Context(), blobs.Query{}); err != nil || len(list) != 40 {
		t.Errorf("%d files, %v", len(list), err)
	}
}

func TestLocatedNeeds(t *testing.T) {
	for _, c := range []struct {
		fallback string
		drivers  []blobs.Driver
		want     []gorgon.Need
	}{
		{"disk:dist/files", everywhere, []gorgon.Need{gorgon.NeedFiles}},
		{"", []blobs.Driver{s3.BlobDriver()}, []gorgon.Need{gorgon.NeedFiles}},
		{"", []blobs.Driver{diskblobs.Driver()}, []gorgon.Need{gorgon.NeedDisk}},
		{"", []blobs.Driver{diskblobs.Driver(), mem.BlobDriver()}, []gorgon.Need{gorgon.NeedDisk}},
		{"mem:", []blobs.Driver{diskblobs.Driver(), mem.BlobDriver()}, []gorgon.Need{gorgon.NeedMemory}},
		{"", nil, nil},
	} {
		l := blobs.At(blobs.Location{Default: c.fallback, Drivers: c.drivers})
		if got := l.Needs(); !slices.Equal(got, c.want) {
			t.Errorf("%v: needs %v, want %v", l.Technologies(), got, c.want)
		}
	}
}
