// Package fly writes the fly.toml that runs a package's image on Fly.io.
package fly

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/pod"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/wire"
)

// ConfigName is the file that every command of fly reads.
const ConfigName = "fly.toml"

// Target is Fly.io, on machines that are kept running.
func Target() deploy.Target {
	return deploy.Target{
		Target: plan.Target{
			Name: "fly", Title: "Fly.io",
			Offers: plan.Offers{Process: true, Disk: plan.VolumeFiles, OpenFor: plan.Always},
		},
		Image: true,
		Write: write,
	}
}

// drain outlasts what the proxy takes to hear of a machine that goes.
const drain = 5 * time.Second

func write(ctx context.Context, s deploy.Site, folder string) error {
	s.Variables = pod.With(pod.With(s.Variables, pod.Store(s, "/data"), pod.Drain(drain)), append(s.Alone(), s.Files("/data")...)...)
	if err := pod.Check(s.Variables); err != nil {
		return fmt.Errorf("fly: %w", err)
	}
	if s.Migrate && s.Local() { // a release command has no volume
		return fmt.Errorf("fly: a %s store needs tables, which cannot be created without a volume: use a shared one (postgres, redis or s3)", s.Outcome.Setting.Store)
	}
	if s.Migrate && s.App.Has(plan.File) {
		return errors.New("fly: a SQLite database is on a volume, which the command that migrates it does not have: use PostgreSQL (package database/pgdb)")
	}
	for _, v := range s.Variables {
		if strings.HasPrefix(v.Name, "FLY_") {
			return fmt.Errorf("fly: variable %s: names that begin with FLY_ are the platform's: use another", v.Name)
		}
	}
	c := configure(s)
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s on Fly.io: see %s.\n\n", s.Package.App, deploy.ReadmeName)
	e := toml.NewEncoder(&b)
	e.SetIndentTables(true)
	if err := e.Encode(c); err != nil {
		return fmt.Errorf("fly: %s: %w", ConfigName, err)
	}
	return pod.Write(ctx, s, folder, deploy.File{Name: ConfigName, Data: b.Bytes()}, deploy.Readme(s, readme(s, c)))
}

// config is a fly.toml, with the keys that are used.
type config struct {
	App           string            `toml:"app"`
	PrimaryRegion string            `toml:"primary_region"`
	KillSignal    string            `toml:"kill_signal"`
	KillTimeout   string            `toml:"kill_timeout"`
	Build         build             `toml:"build"`
	Deploy        rollout           `toml:"deploy"`
	Env           map[string]string `toml:"env"`
	Mounts        []mount           `toml:"mounts,omitempty"`
	HTTPService   service           `toml:"http_service"`
	VM            []machine         `toml:"vm"`
}

type build struct {
	Image string `toml:"image"`
}

type rollout struct {
	Strategy       string `toml:"strategy"`
	ReleaseCommand string `toml:"release_command,omitempty"`
}

type mount struct {
	Source      string `toml:"source"`
	Destination string `toml:"destination"`
	InitialSize string `toml:"initial_size"`
}

type service struct {
	InternalPort       int         `toml:"internal_port"`
	ForceHTTPS         bool        `toml:"force_https"`
	AutoStopMachines   string      `toml:"auto_stop_machines"`
	AutoStartMachines  bool        `toml:"auto_start_machines"`
	MinMachinesRunning int         `toml:"min_machines_running"`
	Concurrency        concurrency `toml:"concurrency"`
	Checks             []check     `toml:"checks"`
}

type concurrency struct {
	Type      string `toml:"type"`
	SoftLimit int    `toml:"soft_limit"`
	HardLimit int    `toml:"hard_limit"`
}

type check struct {
	Method      string `toml:"method"`
	Path        string `toml:"path"`
	GracePeriod string `toml:"grace_period"`
	Interval    string `toml:"interval"`
	Timeout     string `toml:"timeout"`
}

type machine struct {
	Size   string `toml:"size"`
	Memory string `toml:"memory"`
}

func configure(s deploy.Site) config {
	name := pod.Label(s.Package.App)
	c := config{
		App: name, PrimaryRegion: region(s), KillSignal: "SIGTERM", KillTimeout: pod.Grace(s.Variables).String(),
		Build:  build{Image: image(s)},
		Deploy: rollout{Strategy: "bluegreen"},
		Env:    map[string]string{},
		HTTPService: service{
			InternalPort: pod.Port, ForceHTTPS: true,
			AutoStopMachines: "off", MinMachinesRunning: s.Replicas(),
			Concurrency: concurrency{Type: "requests", SoftLimit: 500, HardLimit: 1000},
			Checks:      []check{{Method: "GET", Path: wire.Ready, GracePeriod: "5s", Interval: "5s", Timeout: "3s"}},
		},
		VM: []machine{{Size: "shared-cpu-1x", Memory: "256mb"}},
	}
	for _, v := range pod.Plain(s.Variables) {
		c.Env[v.Name] = v.Value
	}
	if s.Volume() { // one machine at a time has it
		c.Deploy.Strategy = "rolling"
		c.Mounts = []mount{{Source: "data", Destination: "/data", InitialSize: "1gb"}}
	}
	if s.Migrate {
		c.Deploy.ReleaseCommand = "migrate" // an argument of the image's program
	}
	return c
}

func region(s deploy.Site) string {
	if s.Region != "" {
		return s.Region
	}
	return "fra"
}

// image is the site's, or one in the app's own registry at Fly.io.
func image(s deploy.Site) string {
	if s.Image != "" {
		return s.Image
	}
	return "registry.fly.io/" + pod.Label(s.Package.App) + ":latest"
}
