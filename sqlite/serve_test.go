// Another process that has the file open, and obeys commands.

package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/sqlite"
)

// serve obeys commands: to put some data as /a, or to purge tag:a.
func serve(ctx context.Context, s *sqlite.Store) error {
	fmt.Println("ready")
	for orders := bufio.NewScanner(os.Stdin); orders.Scan(); fmt.Println("done") {
		var err error
		if data, ok := strings.CutPrefix(orders.Text(), "put "); ok {
			err = s.Put(ctx, pages.Record{Key: key("/a"), Data: []byte(data)}, pages.Unfenced)
		} else {
			_, err = s.Bump(ctx, pages.Expire, "tag:a")
		}
		if err != nil {
			return err
		}
	}
	return s.Close()
}

// another starts a process that serves. Within one process SQLite shares its
// open files, so that nothing would be read-only.
func another(t *testing.T, path string) (order func(string), end func()) {
	t.Helper()
	c := command(t, "serve", path)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	replies := bufio.NewScanner(out)
	await := func(want string) {
		if !replies.Scan() || replies.Text() != want {
			t.Fatalf("the other process says %q", replies.Text())
		}
	}
	await("ready")
	return func(what string) {
			_, _ = io.WriteString(in, what+"\n")
			await("done")
		}, func() {
			_ = in.Close()
			if err := c.Wait(); err != nil {
				t.Error(err)
			}
		}
}
