// Rooms with their types erased.

package rooms

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/shape"
	"github.com/gorgon-go/gorgon/viewctx"
)

// A Definition is a [Room] with its types erased, for package host and for
// packages that describe an app. In an app it is the Handler of a gorgon.Handler.
type Definition struct {
	Name       string
	Path       string // without the prefixes of groups
	Summary    string
	Keep       time.Duration // 0: forever
	History    int
	MaxOp      int
	Rate       int
	MaxMembers int

	States *shape.Type // nil if a type has faults
	Ops    *shape.Type
	Outs   *shape.Type

	// New is the state of a room that nothing has happened in.
	New func(key string) State

	// Check reads an operation that a client sent, and writes it as it is stored.
	// It refuses what is not an Op.
	Check func(data []byte) ([]byte, error)

	// Enter says who a caller is; nil: everyone may enter.
	Enter func(ctx context.Context, r *http.Request, key string) (Member, error)

	faults []error
	host   atomic.Pointer[Host]
}

// A State is the state of a room. It is not safe for concurrent use.
type State interface {
	// Apply does what an entry says, and returns what members are told, as a JSON
	// array; nil for nothing. After [ErrPanic] the state must not be used.
	Apply(seq uint64, e *Entry) (outs []byte, err error)

	// Snapshot is the state as JSON, and Restore reads it.
	Snapshot() ([]byte, error)
	Restore(data []byte) error
}

// ErrPanic says that Apply of an app has panicked.
var ErrPanic = errors.New("Apply panicked")

// A Host runs the rooms of an app: what package host has.
type Host interface {
	// Serve answers a member.
	Serve(w http.ResponseWriter, r *http.Request, d *Definition)

	// Do does an operation as the app itself.
	Do(ctx context.Context, d *Definition, key string, op []byte) error

	// Look reads the state of a room, as JSON.
	Look(ctx context.Context, d *Definition, key string) ([]byte, Position, error)
}

// Defaults and bounds of rooms.
const (
	maxKey         = 100
	maxName        = 60
	defaultHistory = 1000
	defaultOp      = 16 << 10
	maxOp          = 32 << 10
	defaultRate    = 50
	defaultMembers = 10_000
)

func (r Room[S, Op, Out]) definition() *Definition {
	d := &Definition{
		Name: r.Name, Path: r.Path, Summary: r.Summary, Keep: r.Keep, Enter: r.Enter,
		History: cmp.Or(r.History, defaultHistory), MaxOp: cmp.Or(r.MaxOp, defaultOp), Rate: cmp.Or(r.Rate, defaultRate),
		MaxMembers: cmp.Or(r.MaxMembers, defaultMembers),
	}
	if strings.Trim(r.Name, letters+"0123456789") != "" || r.Name == "" || strings.Trim(r.Name[:1], letters) != "" || len(r.Name) > maxName {
		d.fault("Name %q: use letters and digits, with a letter first, %d at most, such as \"canvas\"", r.Name, maxName)
	}
	if p, err := paths.ParsePattern(r.Path); err == nil && len(p.Wildcards()) > 1 {
		d.fault("Path %q has more than one wildcard: the key of a room is one segment", r.Path)
	}
	if r.New == nil || r.Apply == nil {
		d.fault("New or Apply is missing: add both")
	}
	if r.Keep < 0 || r.History < 0 || r.Rate < 0 || r.MaxMembers < 0 || r.MaxOp < 0 || r.MaxOp > maxOp {
		d.fault("Keep, History, Rate, MaxMembers and MaxOp must not be negative, and MaxOp at most %d", maxOp)
	}
	d.States, d.Ops, d.Outs = d.shapeOf("state", reflect.TypeFor[S]()), d.shapeOf("operation", reflect.TypeFor[Op]()), d.shapeOf("outcome", reflect.TypeFor[Out]())
	d.Check = func(data []byte) ([]byte, error) { return checked[Op](d.Ops, data) }
	d.New = func(key string) State { return &state[S, Op, Out]{d: d, apply: r.Apply, state: r.New(key)} }
	return d
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

func (d *Definition) fault(format string, args ...any) {
	d.faults = append(d.faults, fmt.Errorf(format, args...))
}

func (d *Definition) shapeOf(role string, t reflect.Type) *shape.Type {
	s, err := shape.Of(t)
	if err != nil {
		d.fault("the %s %s: %w", role, t, err)
		return nil
	}
	if t.Kind() != reflect.Struct {
		d.fault("the %s is %s: use a struct", role, t)
		return nil
	}
	return s
}

// Word is what a room is called in lists of the parts of an app.
func (d *Definition) Word() string { return "room" }

// Validate says what is wrong with it.
func (d *Definition) Validate() error { return errors.Join(d.faults...) }

// WantsProblem says that errors are answered to programs.
func (d *Definition) WantsProblem(*http.Request) bool { return true }

// SetHost sets what runs the rooms. It is called before the app serves.
func (d *Definition) SetHost(h Host) { d.host.Store(&h) }

// Host is what runs the rooms.
func (d *Definition) Host() Host {
	if h := d.host.Load(); h != nil {
		return *h
	}
	return absent{}
}

// ServeHTTP answers a member.
func (d *Definition) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.Host().Serve(w, r, d) }

// Key is the key of the room that a request is about; false if it cannot be one.
func (d *Definition) Key(r *http.Request) (string, bool) {
	p, err := paths.ParsePattern(d.Path)
	if err != nil || len(p.Wildcards()) == 0 {
		return "", err == nil
	}
	key := r.PathValue(p.Wildcards()[0])
	return key, d.CheckKey(key) == nil
}

// CheckKey says what is wrong with the key of a room.
func (d *Definition) CheckKey(key string) error {
	p, err := paths.ParsePattern(d.Path)
	switch keyed := err == nil && len(p.Wildcards()) > 0; {
	case err != nil:
		return err
	case !keyed && key != "":
		return errors.New("there is one room of this kind, without a key")
	case keyed && key == "":
		return errors.New("the key of the room is missing")
	case len(key) > maxKey:
		return fmt.Errorf("the key of the room has more than %d bytes", maxKey)
	}
	return nil
}

// Room is the name of a room in a store.
func (d *Definition) Room(key string) string { return d.Name + "/" + key }

// find finds the room in the app of a context.
func (r Room[S, Op, Out]) find(ctx context.Context, op string) (*Definition, error) {
	path := "room " + r.Name
	look := viewctx.SiteOf(ctx).Find
	if look == nil {
		return nil, &gorgon.Error{Op: op, Path: path, Err: errors.New("the context is not one of an app"),
			Hint: "pass the context of a loader, a request or a job"}
	}
	if named, ok := look(path); ok {
		if d, ok := named.Handler.(*Definition); ok && d.States != nil && d.Ops != nil {
			return d, nil
		}
	}
	return nil, &gorgon.Error{Op: op, Path: path, Err: errors.New("the app does not list it"), Hint: "add it to App.Parts"}
}

// absent is the host of an app that has none.
type absent struct{}

var errAbsent = &gorgon.Error{Op: "room", Kind: gorgon.KindUnavailable, Err: errors.New("nothing runs the rooms of the app"),
	Hint: "set command.Config.Rooms: host.New(host.Options{Store: roomdb.In(db)})"}

func (absent) Serve(w http.ResponseWriter, _ *http.Request, _ *Definition) {
	http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
}
func (absent) Do(context.Context, *Definition, string, []byte) error { return errAbsent }
func (absent) Look(context.Context, *Definition, string) ([]byte, Position, error) {
	return nil, Position{}, errAbsent
}
