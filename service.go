// Services: background work of an app.

package gorgon

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// A Service is background work: a queue consumer, a hub, a nightly import. It
// runs on instances that run workers, so not with --role=web.
type Service struct {
	// Name names the service in logs and plans: lower-case letters, digits
	// and dashes.
	Name string

	// Run works until ctx ends, on each instance. If it fails, panics or
	// returns before that, it is restarted after a pause.
	Run func(ctx context.Context) error

	// Every makes the service a scheduled job: Run is called once in each such
	// period, on one of the instances that share a store, or by the maintain
	// command. Default: Run works until the instance stops.
	Every time.Duration

	// Needs lists what Run requires of the target it runs on. Default:
	// nothing.
	Needs []Need
}

// minEvery is the shortest period of a scheduled service.
const minEvery = time.Second

func (s Service) validate() []string {
	var faults []string
	if s.Name == "" || strings.Trim(s.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		faults = append(faults, fmt.Sprintf("Name %q: use lower-case letters, digits and dashes, such as \"mailer\"", s.Name))
	}
	if s.Run == nil {
		faults = append(faults, "there is no Run: add one, a func(context.Context) error")
	}
	if s.Every != 0 && s.Every < minEvery {
		faults = append(faults, fmt.Sprintf("Every is %s: use a second or more", s.Every))
	}
	if err := checkNeeds(s.Needs); err != nil {
		faults = append(faults, err.Error())
	}
	return faults
}
