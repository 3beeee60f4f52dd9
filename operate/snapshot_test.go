package operate_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/operate"
)

// A desk has kinds, or an error.
type desk struct {
	metrics.Desk

	kinds []metrics.Kind
	err   error
}

func (d desk) Kinds(context.Context) ([]metrics.Kind, error) { return d.kinds, d.err }

// program is one with the state that is given.
func program(s metrics.State) *operate.Program {
	return &operate.Program{
		State:    func() metrics.State { return s },
		Checks:   func(context.Context) []operate.Check { return nil },
		Recorder: operate.NewRecorder(time.Now), Lines: new(operate.Lines), History: new(operate.History),
	}
}

// Each figure of the state is in the document.
func TestSnapshotHasTheState(t *testing.T) {
	var s metrics.State
	fields := reflect.ValueOf(&s).Elem()
	for i := range fields.NumField() {
		switch f := fields.Field(i); {
		case f.CanInt():
			f.SetInt(int64(i+1) * int64(time.Second))
		case f.CanUint():
			f.SetUint(uint64(i + 1))
		case f.Kind() == reflect.Bool:
			f.SetBool(true)
		}
	}
	figures := reflect.ValueOf(program(s).Snapshot(t.Context()).State)
	for i := range fields.NumField() {
		name := fields.Type().Field(i).Name
		if name == "Kinds" || name == "Gates" || name == "Indicators" {
			continue // are lists of their own; indicators are checks
		}
		f := figures.FieldByName(name)
		switch {
		case !f.IsValid():
			t.Errorf("State.%s is not in the snapshot", name)
		case f.CanFloat() && f.Float() != float64(i+1), !f.CanFloat() && !f.Equal(fields.Field(i)):
			t.Errorf("State.%s is %v in the snapshot, and was %v", name, f, fields.Field(i))
		}
	}
}

// The doctor, scripts and others read these names: they are never changed.
func TestSnapshotNames(t *testing.T) {
	p := program(metrics.State{Kinds: []metrics.Kind{{Name: "send", Done: 7}}})
	request(p.Recorder, metrics.Request{Route: "/a", Status: 200, Took: time.Second})
	making(p.Recorder, metrics.Making{Route: "/a", Outcome: metrics.Made, Took: 2 * time.Second})
	p.Jobs = desk{kinds: []metrics.Kind{{Name: "send", Oldest: 3 * time.Second}}}
	p.Rooms = func(context.Context) ([]operate.Room, error) { return nil, errors.New("away") }
	p.Checks = func(context.Context) []operate.Check { return []operate.Check{{Name: "store", Needed: true}} }
	data, err := json.Marshal(p.Snapshot(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		Ready                                                                    *bool
		State                                                                    map[string]any
		About                                                                    map[string]any
		Checks, Changes, Hour, Routes, Slowest, Kinds, Rooms, Folders, Instances []map[string]any
		Parts                                                                    []any
		Faults                                                                   map[string]string
	}
	if err := json.Unmarshal(data, &said); err != nil {
		t.Fatal(err)
	}
	if said.Ready == nil || *said.Ready || said.Faults["rooms"] != "away" || said.Rooms == nil || said.Folders == nil || said.Instances == nil || said.Changes == nil || said.Parts == nil {
		t.Errorf("%s", data)
	}
	for _, one := range []struct {
		of    map[string]any
		names []string
	}{
		{said.Hour[59], []string{"at", "errors", "failed", "hits", "made", "making99", "p50", "p99", "requests"}},
		{said.Routes[0], []string{"bytes", "cache", "cut", "errors", "failed", "longest", "made", "making50", "making99", "makingLongest", "p50", "p99", "pattern", "requests"}},
		{said.Slowest[0], []string{"at", "outcome", "route", "took"}},
		{said.Kinds[0], []string{"dead", "died", "done", "due", "failed", "name", "oldest", "running", "waiting"}},
		{said.Checks[0], []string{"name", "needed", "ok"}},
		{said.About, []string{"app", "build", "go", "process", "role", "started", "store"}},
	} {
		var names []string
		for name := range one.of {
			names = append(names, name)
		}
		if slices.Sort(names); !slices.Equal(names, one.names) {
			t.Errorf("%q, and not %q", names, one.names)
		}
	}
	route, kind := said.Routes[0], said.Kinds[0]
	if route["longest"] != 1.0 || route["makingLongest"] != 2.0 || kind["oldest"] != 3.0 || kind["done"] != 7.0 || said.Slowest[0]["took"] != 2.0 {
		t.Errorf("durations are in seconds: %s", data)
	}
}
