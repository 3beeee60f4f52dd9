//go:build unix

// The effects of the flags and variables of rooms.

package command_test

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/host"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/rooms"
)

// owner runs a program with a room until the room has something, and returns the
// address of its owner.
func (x *trial) owner(args ...string) string {
	x.Helper()
	type note struct {
		Text string `json:"text"`
	}
	store := mem.NewRooms()
	x.rooms = host.New(host.Options{Store: store.Handle()})
	if x.parts == nil {
		x.parts = x.app.Parts
	}
	x.app.Parts = append(slices.Clone(x.parts), gorgon.Part(rooms.Topic[note]{Name: "notes", Path: "/notes", Send: true}))
	s := x.serves(args...)
	defer s.end()
	response, err := http.Post(s.url+"/notes", "application/json", strings.NewReader(`{"client": "client-client-client", "ops": [{"n": 1, "op": {"text": "hello"}}]}`))
	if err != nil {
		x.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		x.Fatalf("the room answers with %d", response.StatusCode)
	}
	other := rooms.Instance{ID: "other", Address: "other:1"}
	if err := store.Beat(x.Context(), other, time.Minute); err != nil {
		x.Fatal(err)
	}
	seat, err := store.Claim(x.Context(), "notes/", rooms.Claim{Instance: other.ID})
	if err != nil {
		x.Fatal(err)
	}
	return seat.Owner.Address
}

func checksOfRooms() map[string]func(*trial) {
	return map[string]func(*trial){
		"serve --advertise": func(x *trial) {
			if got := x.owner("--advertise", "10.0.0.7:80"); got != "10.0.0.7:80" {
				x.Errorf("the owner is at %q", got)
			}
			if got := x.owner(); !strings.HasPrefix(got, "127.0.0.1:") {
				x.Errorf("without it the owner is at %q, and not where it listens", got)
			}
			if got := x.owner("--advertise", "none"); got != "other:1" {
				x.Errorf("an instance that others cannot reach owns: %q", got)
			}
			x.fails(2, "--advertise", "serve", "--advertise", "nonsense")
		},
		"GORGON_ADVERTISE": func(x *trial) {
			x.Setenv("GORGON_ADVERTISE", "https://a.example.com")
			if got := x.owner(); got != "https://a.example.com" {
				x.Errorf("the owner is at %q", got)
			}
			x.Setenv("GORGON_ADVERTISE", "nonsense")
			x.fails(2, "GORGON_ADVERTISE", "serve")
		},
	}
}
