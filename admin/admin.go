// Package admin is the pages for operators of a program: what it answers, makes,
// stores and waits for, and where it is in trouble. They are for one address that
// visitors do not reach:
//
//	command.Main(app, command.Config{Admin: admin.New(admin.Config{})})
//
//	shop serve --admin :9465
//
// The pages are a Gorgon app inside the program: they are made for each request,
// and their figures are live fragments, which are made every two seconds while a
// page is open, and not otherwise. Nothing of the app, of its store or of its
// database is used for them.
//
// # Who may see them
//
// Each user of the machine, as long as there is no Guard: command.Main refuses
// addresses that others could reach. Requests for a host that is neither an IP
// address nor localhost are refused, so that no page of the web can read along.
// With a Guard, the app says who may.
//
// They show neither the environment nor passwords, and the arguments and keys of
// jobs only where a kind says Show. Without --admin-write nothing can be changed;
// with it, pages can be purged, and jobs retried, cancelled and removed, by forms of
// these pages alone.
package admin

import (
	"context"
	"net/http"

	"github.com/gorgon-go/gorgon/operate"
)

// Config says who sees the pages. The zero Config is for an address of the same
// machine.
type Config struct {
	// Guard is around everything, and answers requests of visitors that may not
	// see the pages: what a Scope of package auth returns, for example. With one,
	// the address may be one that others reach. Default: none.
	Guard func(http.Handler) http.Handler

	// Hosts are names by which the address is reached, without ports. Default:
	// localhost and IP addresses, and all with a Guard.
	Hosts []string
}

// An Admin opens the pages. Make it with [New].
type Admin struct{ config Config }

// New returns the pages for operators, for Admin of command.Config.
func New(config Config) *Admin { return &Admin{config} }

// Guarded says whether there is a Guard.
func (a *Admin) Guarded() bool { return a.config.Guard != nil }

// Open returns the pages of a program. They end with the context.
func (a *Admin) Open(ctx context.Context, p *operate.Program) (http.Handler, error) {
	shown, err := open(ctx, p)
	if err != nil {
		return nil, err
	}
	return a.config.around(shown, p), nil
}
