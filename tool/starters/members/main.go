// Command starter-members is an app with accounts:
//
//	/             built, the same for all visitors; who is signed in is a fragment
//	/sign-up …    sign-up, confirmation by mail, sign-in, a forgotten password
//	/account …    name, address, password, passkeys, sessions, API tokens, the end
//	/members      for those who are signed in
//	/admin        for those whose role is admin
//	/api/me       for programs with an API token
package main

import (
	"net/http"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/config"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/jobdb"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/sessiondb"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/flash"
	"github.com/gorgon-go/gorgon/mail/smtp"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
	"github.com/gorgon-go/gorgon/redis"
	"github.com/gorgon-go/gorgon/work"
)

const name = "starter-members"

// settings are what differs from place to place: MEMBERS_ORIGIN. Links in
// mails begin with Origin. It never comes from a request: that would let others
// choose where the links lead.
type settings struct {
	Origin string `env:"ORIGIN" default:"https://example.com" doc:"scheme and host of the site, with which links in mails begin"`
}

func main() {
	// DATABASE_URL says where the database is, MAIL_URL and MAIL_FROM who sends
	// mails. Both are used when they are first needed.
	conf := config.Define[settings]("MEMBERS_")
	set, _ := conf.Get() // what is wrong with them the command says, where they matter
	db := database.Open(litedb.Dialect, schema)
	mailer := smtp.New(smtp.Options{})
	queue := jobdb.In(db)
	c := newClub(db, queue, sessiondb.In(db), mailer)
	command.Main(c.app(set.Origin), command.Config{
		Bundler:  bundle.Bundler{},
		Settings: conf,
		Database: db,
		Auth:     c.people,
		Mail:     mailer,
		Jobs:     work.New(work.Options{Store: queue}),
		// Where pages that are made later can be kept, and purges are told: on disk
		// if nothing is said, or --store postgres://… or redis://… for several machines.
		Stores: []pages.Driver{disk.Driver(), postgres.Driver(), redis.Driver()},
	})
}

// guards is a list of guards, the first one outermost.
func guards(all ...func(http.Handler) http.Handler) []func(http.Handler) http.Handler { return all }

func (c *club) app(origin string) gorgon.App {
	return gorgon.App{
		Name:    name,
		Origin:  origin,
		Locales: locales,
		Assets: gorgon.Assets{
			Files:  below("assets"),
			Static: below("static"),
		},
		Layout: layout,
		Error:  failure,
		// What is wrong with a field is said in the visitor's language.
		FieldDetail: messages.FieldDetail,
		// Links change the page without loading another document, where the browser can.
		Navigation: &gorgon.Navigation{},
		Parts: []gorgon.Part{
			still("/", "home"),
			c.whoIsHere(), c.passkeys(), c.letter(),

			open("/sign-up", "sign-up", c.blank), c.signUp(), still("/sign-up/sent", "sign-up-sent"),
			open("/confirm", "confirm", c.blank), c.confirm(),
			gorgon.Group{Guards: guards(flash.Guard), Parts: []gorgon.Part{open("/sign-in", "sign-in", c.atTheDoor)}}, c.signIn(), c.signOut(),
			open("/forgot", "forgot", c.blank), c.forgot(), still("/forgot/sent", "forgot-sent"),
			open("/reset", "reset", c.blank), c.reset(),
			still("/deleted", "deleted"),

			gorgon.Group{Prefix: "/account", Guards: guards(c.people.SignedIn, flash.Guard), Parts: []gorgon.Part{
				open("/", "account", c.account),
				open("/email/confirm", "confirm-email", c.blank), c.confirmEmail(),
				c.rename(), c.endSession(), c.endOthers(),
				gorgon.Group{Guards: guards(c.recent), Parts: []gorgon.Part{
					open("/email", "email", c.account), c.changeEmail(),
					open("/password", "password", c.account), c.changePassword(),
					open("/tokens", "tokens", c.tokens), c.makeToken(), c.endToken(), c.endPasskey(),
					open("/delete", "delete", c.account), c.deleteAccount(),
				}},
			}},
			gorgon.Group{Guards: guards(c.people.SignedIn), Parts: []gorgon.Part{open("/members", "members", c.account)}},
			gorgon.Group{Guards: guards(c.people.Scope("admin")), Parts: []gorgon.Part{open("/admin", "admin", c.everyone)}},
			gorgon.Group{Guards: guards(c.people.Scope("read")), Parts: []gorgon.Part{c.readMe()}},
		},
	}
}
