// Work beside requests.

package gorgon

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// A Service is work beside requests: a consumer of a queue, a hub, a nightly
// import. It runs where the app runs with its workers, so not with
// --role=web.
type Service struct {
	// Name names the service in logs and plans: lower-case letters, digits
	// and dashes.
	Name string

	// Run works until ctx ends, on each instance. Where it fails, panics or
	// returns before that, it is started again after a pause.
	Run func(ctx context.Context) error

	// Every makes it work that is done and over: Run is called once in each
	// such period, on one of the instances that share a store, or by the
	// maintain command. Default: Run is to go on until the end.
	Every time.Duration

	// Needs are what Run asks of the place it runs in. Default: nothing.
	Needs []Need
}

// minEvery bounds how often scheduled work may be asked for.
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
