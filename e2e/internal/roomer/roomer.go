// Package roomer is a program that runs rooms.
package roomer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/database/roomdb"
	"github.com/gorgon-go/gorgon/host"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/redis"
	"github.com/gorgon-go/gorgon/rooms"
)

// The environment of the program.
const (
	URL    = "ROOMER_URL"
	Direct = "ROOMER_DIRECT" // true: instances cannot reach each other
	Bug    = "ROOMER_BUG"    // AckFirst, NoFence, or none
	Addr   = "ROOMER_ADDR"   // where it listens; default: a free port
)

// The bugs.
const (
	AckFirst = "ack first" // what could not be appended is acknowledged
	NoFence  = "no fence"  // it appends wherever the room is, whatever instance owns it
)

// Lease is that of the program.
const Lease = 2 * time.Second

// A Tape is the state of a room: how many operations there were. What they said is
// in the log.
type Tape struct {
	Count uint32 `json:"count"`
}

// A Say is an operation, and Heard what members hear of it.
type Say struct {
	Text string `json:"text"`
}

// Heard has the number of the operation in the room.
type Heard struct {
	Seq  uint32 `json:"seq"`
	Text string `json:"text"`
}

// Room is the kind of room.
func Room() rooms.Room[Tape, Say, Heard] {
	return rooms.Room[Tape, Say, Heard]{
		Name: "tape", Path: "/tapes/{key}/room", History: 1 << 30, Rate: 1 << 20, MaxMembers: 1 << 20,
		New: func(string) Tape { return Tape{} },
		Apply: func(s *Tape, do rooms.Act[Say]) ([]Heard, error) {
			s.Count++
			return []Heard{{uint32(do.Seq), do.Op.Text}}, nil
		},
	}
}

// Open opens the store of rooms at a URL.
func Open(ctx context.Context, url string) (store rooms.Log, migrate func(context.Context) error, err error) {
	if strings.HasPrefix(url, "redis") {
		store, err = redis.OpenRooms(ctx, url, redis.RoomsOptions{Log: slog.New(slog.DiscardHandler)})
		return store, func(context.Context) error { return nil }, err
	}
	dialect := litedb.Dialect
	if strings.HasPrefix(url, "postgres") {
		dialect = pgdb.Dialect
	}
	db := database.Open(dialect, database.Options{URL: url})
	db.Use(slog.New(slog.DiscardHandler), false)
	store = both{roomdb.In(db), db}
	return store, func(ctx context.Context) error { _, err := db.Migrate(ctx); return err }, nil
}

// both closes the store and its database.
type both struct {
	rooms.Log
	db *database.DB
}

func (b both) Close() error { return errors.Join(b.Log.Close(), b.db.Close()) }

// Main is the program. It serves until it is interrupted or killed, and never
// returns.
func Main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	store, _, err := Open(ctx, os.Getenv(URL))
	if err != nil {
		return err
	}
	switch os.Getenv(Bug) {
	case AckFirst:
		store = ackFirst{store}
	case NoFence:
		store = noFence{store}
	}
	level := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	h := host.New(host.Options{Store: store, Lease: Lease, Log: level})
	app := gorgon.App{Name: "roomer", Parts: []gorgon.Part{Room()}}.Erased()
	h.Use(nil, app, "one")
	listener, err := net.Listen("tcp", cmp.Or(os.Getenv(Addr), "127.0.0.1:0"))
	if err != nil {
		return err
	}
	if os.Getenv(Direct) != "true" {
		h.SetAddress(listener.Addr().String())
	}
	h.Start(ctx)
	mux := http.NewServeMux()
	for _, handler := range app.Handlers() {
		mux.Handle(handler.Pattern, handler.Handler)
	}
	mux.HandleFunc("/_gorgon/rooms/", h.ServePeer)
	mux.HandleFunc("/owned", func(w http.ResponseWriter, _ *http.Request) {
		var s metrics.State
		h.State(&s)
		fmt.Fprintln(w, s.RoomsOwned, s.RoomMembers, s.RoomOps)
	})
	new(bare).serve(mux)
	profiles(mux)
	server := listen.Server{Listener: listener, Handler: mux, Log: level}
	fmt.Println("ready", listener.Addr())
	return errors.Join(server.Run(ctx), h.Close())
}

// ackFirst is a store with the bug.
type ackFirst struct{ rooms.Log }

func (l ackFirst) Append(ctx context.Context, room string, a rooms.Append) (rooms.Position, error) {
	at := a.After.After(a.Entries)
	go func() {
		time.Sleep(20 * time.Millisecond) // it is on its way
		_, _ = l.Log.Append(context.WithoutCancel(ctx), room, a)
	}()
	return at, nil
}

// noFence is a store with the bug.
type noFence struct{ rooms.Log }

func (l noFence) Append(ctx context.Context, room string, a rooms.Append) (rooms.Position, error) {
	for {
		at, err := l.Log.Append(ctx, room, a)
		if !errors.Is(err, rooms.ErrMoved) {
			return at, err
		}
		list, err := l.Positions(ctx, []string{room})
		if err != nil {
			return at, err
		}
		a.After, a.Token = list[0], 0
	}
}
