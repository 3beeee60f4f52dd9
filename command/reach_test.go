// How long the round trips of a program take.

package command_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/wire"
)

// A far store is one whose answers take a while, or fail from some trip on.
type far struct {
	pages.Store
	away  time.Duration
	fault error
	from  int
	trips *int
}

func (s far) Epochs(ctx context.Context, subjects ...string) (pages.Epochs, error) {
	time.Sleep(s.away)
	if *s.trips++; s.fault != nil && *s.trips >= s.from {
		return pages.Epochs{}, s.fault
	}
	return s.Store.Epochs(ctx, subjects...)
}

func TestReach(t *testing.T) {
	trips := 0
	reach := func(s far, opens error) wire.Reach {
		t.Helper()
		x := newTrial(t)
		t.Setenv("GORGON_STORE", "far://u:hunter2@there/x")
		trips, s.trips = 0, &trips
		driver := pages.Driver{Schemes: []string{"far"}, Remote: true, Open: func(context.Context, string) (pages.Store, error) {
			s.Store = mem.Open(mem.Options{})
			return s, opens
		}}
		var out, log screen
		code := command.Run(t.Context(), x.app, command.Config{Stores: []pages.Driver{driver}}, []string{"reach"}, &out, &log)
		var list []wire.Reach
		if err := json.Unmarshal([]byte(out.String()), &list); code != 0 || err != nil || len(list) != 1 {
			t.Fatalf("%d, %v: %s%s", code, err, &out, &log)
		}
		if r := list[0]; r.What != "store" || r.Where != "far://***@there/x" || r.Local {
			t.Errorf("%+v", r)
		}
		return list[0]
	}
	const away = 2 * time.Millisecond
	if r := reach(far{away: away}, nil); r.Fault != "" || r.Trips != 20 || trips != 21 || r.Least < away || r.Median < r.Least {
		t.Errorf("%+v after %d trips", r, trips)
	}
	if r := reach(far{fault: fmt.Errorf("postgres: %w", pages.ErrLayout)}, nil); r.Fault != "" || r.Trips != 20 {
		t.Errorf("without its tables: %+v", r)
	}
	if r := reach(far{fault: errors.New("away")}, nil); r.Fault != "away" || r.Trips != 0 {
		t.Errorf("away: %+v", r)
	}
	if r := reach(far{fault: errors.New("away"), from: 2}, nil); r.Fault != "away" || r.Trips != 0 {
		t.Errorf("away once connected: %+v", r)
	}
	if r := reach(far{fault: errors.New("away"), from: 5}, nil); r.Fault != "" || r.Trips != 3 {
		t.Errorf("away later: %+v", r)
	}
	if r := reach(far{}, errors.New("it cannot be opened")); r.Fault == "" || tells(r.Fault, "hunter2") != "" {
		t.Errorf("closed: %+v", r)
	}
}

// What is not named is not measured, and files of this machine are not made.
func TestReachOpensNothing(t *testing.T) {
	x := newTrial(t)
	for _, named := range []string{"", "none"} {
		t.Setenv("GORGON_STORE", named)
		if said := x.does("reach"); said != "[]\n" {
			t.Errorf("%q: %s", named, said)
		}
	}
	for _, named := range []string{"disk:s", "sqlite:s.db", "mem:"} {
		t.Setenv("GORGON_STORE", named)
		x.says(`"local": true`, "reach")
	}
	t.Setenv("GORGON_STORE", "etcd://u:hunter2@there")
	x.says("there is no technology", "reach")
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
}
