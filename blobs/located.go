// The store that FILES_URL names.

package blobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/gorgon-go/gorgon"
)

// Variable is the variable of the environment that says where an app's files are:
// "disk:/var/lib/shop/files", or "s3://shop-files?region=eu-central-1".
const Variable = "FILES_URL"

// A Driver opens stores of one technology. Schemes and Open are required.
type Driver struct {
	Schemes []string // the first is the technology's name, such as "disk"
	Remote  bool     // the store is a service that many machines can share, named by a URL. Default: something of this machine

	// Needs are those of an app that has no Remote driver. Default: none.
	Needs []gorgon.Need

	// Check says whether a location can be valid: the part after "disk:", or the
	// whole URL of a Remote store. It asks and writes nothing, and
	// its error repeats no part of a location that may be secret. Default: all
	// are.
	Check func(location string) error

	// Open opens the store at a location. A service that is unavailable now is
	// not an error: the store's methods fail until it is available.
	Open func(ctx context.Context, location string) (Store, error)
}

// form is how a location of the driver is written.
func (d Driver) form() string {
	switch {
	case d.Remote:
		return d.Schemes[0] + "://…"
	case d.Schemes[0] == "mem":
		return "mem:"
	}
	return d.Schemes[0] + ":PATH"
}

// A Location says where an app's files can be.
type Location struct {
	// Default is where they are if the variable FILES_URL is not set, while the
	// app is written: "disk:dist/files". A package does not start without the
	// variable. Default: the variable is required.
	Default string

	// Drivers are the technologies that FILES_URL can name.
	Drivers []Driver
}

// At returns the store that the variable FILES_URL names. It reads and opens
// nothing: the store is opened when it is first used. If that fails, the call
// does, and the next one tries again.
//
//	files := blobs.At(blobs.Location{Default: "disk:dist/files", Drivers: []blobs.Driver{diskblobs.Driver(), s3.BlobDriver()}})
func At(l Location) *Located { return &Located{location: l} }

// Located is a [Store] that is opened when it is first used. Make it with [At].
type Located struct {
	location Location

	mu     sync.Mutex
	store  Store
	closed bool
}

var _ Store = (*Located)(nil)

// Needs lists what the app needs of the place that it runs on: files that
// persist, on a disk or in a bucket, if it has a driver for buckets; otherwise
// what its drivers need.
func (l *Located) Needs() []gorgon.Need {
	var needs []gorgon.Need
	for _, d := range l.location.Drivers {
		if d.Remote {
			return []gorgon.Need{gorgon.NeedFiles}
		}
		if len(needs) == 0 || strings.HasPrefix(l.location.Default, d.Schemes[0]+":") {
			needs = d.Needs
		}
	}
	return needs
}

// Technologies are the names of those that FILES_URL can name.
func (l *Located) Technologies() []string {
	var names []string
	for _, d := range l.location.Drivers {
		names = append(names, d.Schemes[0])
	}
	return names
}

// Check says what is wrong with FILES_URL. It asks and writes nothing.
func (l *Located) Check() error {
	_, _, err := l.find()
	return err
}

// find finds the driver of FILES_URL, and the location as the driver takes it.
// Errors repeat nothing of it but a scheme: what is written wrongly may be a
// password.
func (l *Located) find() (Driver, string, error) {
	fault := func(format string, args ...any) (Driver, string, error) {
		return Driver{}, "", fmt.Errorf(Variable+": "+format, args...)
	}
	var forms []string
	for _, d := range l.location.Drivers {
		forms = append(forms, d.form())
	}
	known := "this program has " + strings.Join(forms, ", ")
	whole := cmp.Or(os.Getenv(Variable), l.location.Default)
	if whole == "" {
		return fault("it is not set: it says where the app's files are (%s)", known)
	}
	scheme, place, ok := strings.Cut(whole, ":")
	if !ok || !isScheme(scheme) {
		return fault("it does not begin with a technology and a colon (%s)", known)
	}
	for _, d := range l.location.Drivers {
		if !slices.Contains(d.Schemes, scheme) {
			continue
		}
		if d.Remote && strings.HasPrefix(place, "//") {
			place = whole
		}
		if place == "" && scheme != "mem" {
			return fault("nothing follows %q: add where the files are (%s)", scheme+":", known)
		}
		if d.Check != nil {
			if err := d.Check(place); err != nil {
				return fault("%w", err)
			}
		}
		return d, place, nil
	}
	switch scheme {
	case "disk", "s3", "mem":
		return fault("this program has no driver for %s: add it to the Drivers of blobs.At (%s)", scheme, known)
	}
	return fault("what it begins with is not a technology that this program has (%s)", known)
}

func isScheme(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// Ready opens the store, unless it is open.
func (l *Located) Ready(ctx context.Context) error {
	_, err := l.opened(ctx)
	return err
}

// opened is the store, opened now if it was not.
func (l *Located) opened(ctx context.Context) (Store, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return nil, ErrClosed
	case l.store != nil:
		return l.store, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	d, place, err := l.find()
	if err != nil {
		return nil, err
	}
	store, err := d.Open(ctx, place)
	if err != nil {
		return nil, fmt.Errorf(Variable+": %w", err)
	}
	if store == nil {
		return nil, errors.New(Variable + ": the driver of " + d.Schemes[0] + " opened nothing")
	}
	l.store = store
	return store, nil
}

// Close closes the store, if it was opened. A second Close has no effect.
func (l *Located) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	if l.store == nil {
		return nil
	}
	return l.store.Close()
}

// Put is that of the opened store, as are the methods that follow.
func (l *Located) Put(ctx context.Context, key string, r io.Reader, o PutOptions) (Info, error) {
	s, err := l.opened(ctx)
	if err != nil {
		return Info{}, err
	}
	return s.Put(ctx, key, r, o)
}

func (l *Located) Open(ctx context.Context, key string, part Range) (io.ReadCloser, Info, error) {
	s, err := l.opened(ctx)
	if err != nil {
		return nil, Info{}, err
	}
	return s.Open(ctx, key, part)
}

func (l *Located) Stat(ctx context.Context, key string) (Info, error) {
	s, err := l.opened(ctx)
	if err != nil {
		return Info{}, err
	}
	return s.Stat(ctx, key)
}

func (l *Located) Delete(ctx context.Context, key string) error {
	s, err := l.opened(ctx)
	if err != nil {
		return err
	}
	return s.Delete(ctx, key)
}

func (l *Located) List(ctx context.Context, q Query) ([]Info, error) {
	s, err := l.opened(ctx)
	if err != nil {
		return nil, err
	}
	return s.List(ctx, q)
}

func (l *Located) Ticket(ctx context.Context, u Upload) (Ticket, error) {
	s, err := l.opened(ctx)
	if err != nil {
		return Ticket{}, err
	}
	return s.Ticket(ctx, u)
}

func (l *Located) Pending(ctx context.Context, id string) (Pending, error) {
	s, err := l.opened(ctx)
	if err != nil {
		return Pending{}, err
	}
	return s.Pending(ctx, id)
}

func (l *Located) Receive(ctx context.Context, id string, offset int64, r io.Reader) (int64, error) {
	s, err := l.opened(ctx)
	if err != nil {
		return 0, err
	}
	return s.Receive(ctx, id, offset, r)
}

func (l *Located) Complete(ctx context.Context, id string) (Info, error) {
	s, err := l.opened(ctx)
	if err != nil {
		return Info{}, err
	}
	return s.Complete(ctx, id)
}

func (l *Located) Sweep(ctx context.Context) (int, error) {
	s, err := l.opened(ctx)
	if err != nil {
		return 0, err
	}
	return s.Sweep(ctx)
}
