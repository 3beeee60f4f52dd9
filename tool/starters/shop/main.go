// Command starter-shop is a shop that shows each way in which a page comes by
// its state:
//
//	/               built, and again after a minute, or when a commit changes a product
//	/products       built, and again when a commit changes a product
//	/products/{id}  the best sellers built, the rest on their first request; again when a commit changes this product, also in open browsers
//	/offers         built likewise, with what this visitor has in the cart merged in
//	/search, /cart  made for each request
//	/orders …       the same, for those who have signed in; an open order follows its commits
//	/sign-in …      a link by mail, and no passwords
//	/admin …        for the shopkeeper: orders, prices, stock, pictures
package main

import (
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/admin"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/config"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/sessiondb"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/disk/diskblobs"
	"github.com/gorgon-go/gorgon/mail/smtp"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
	"github.com/gorgon-go/gorgon/redis"
	"github.com/gorgon-go/gorgon/s3"
	"github.com/gorgon-go/gorgon/work"
)

const name = "starter-shop"

// settings are what differs from place to place: SHOP_ORIGIN and SHOP_KEEPER. Links in
// mails begin with Origin. It never comes from a request: that would let others
// choose where the links lead.
type settings struct {
	Origin string `env:"ORIGIN" default:"https://example.com" doc:"scheme and host of the site, with which links in mails begin"`
	Keeper string `env:"KEEPER" doc:"the email address of the shopkeeper; without it there is none"`
}

func main() {
	// DATABASE_URL says where the database is, FILES_URL where pictures are, MAIL_URL
	// and MAIL_FROM who sends mails. All are used when they are first needed.
	conf := config.Define[settings]("SHOP_")
	set, _ := conf.Get() // what is wrong with them the command says, where they matter
	db := database.Open(litedb.Dialect, schema)
	files := blobs.At(blobs.Location{Default: "disk:dist/files", Drivers: []blobs.Driver{diskblobs.Driver(), s3.BlobDriver()}})
	mailer := smtp.New(smtp.Options{})
	s := newShop(db, sessiondb.In(db), files, mailer, set.Keeper)
	command.Main(s.app(set.Origin), command.Config{
		Bundler:  bundle.Bundler{},
		Settings: conf,
		Database: db,
		Auth:     s.people,
		Files:    files,
		Mail:     mailer,
		Jobs:     work.New(work.Options{Store: s.queue}),
		// --admin :9465 has pages for those who operate the shop, for this machine alone.
		Admin: admin.New(admin.Config{}),
		// Where pages that are made later can be kept: on disk if nothing is
		// said, or --store postgres://… or redis://… for several machines.
		Stores: []pages.Driver{disk.Driver(), postgres.Driver(), redis.Driver()},
	})
}

// guards is a list of guards, the first one outermost.
func guards(all ...func(http.Handler) http.Handler) []func(http.Handler) http.Handler { return all }

func (s shop) app(origin string) gorgon.App {
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
			gorgon.Page[[]product]{
				Path: "/", Load: s.featured, RevalidateAfter: time.Minute,
				HeadFor: headed[[]product]("home", "/"), View: shows[[]product]("home.html"),
			},
			gorgon.Page[[]product]{
				Path: "/products", Load: s.all,
				HeadFor: headed[[]product]("products", "/products"), View: shows[[]product]("products.html"),
			},
			gorgon.Page[product]{
				Path: "/products/{id}", Paths: s.bestSellers, Load: s.product,
				Incremental: true, HeadFor: productHead, View: shows[product]("product.html"),
				Live: true, // open browsers show a new price, and what is left, as soon as it is committed
			},
			gorgon.Page[offers]{
				Path: "/offers", Load: s.offers, LoadRequest: s.inCart, Merge: notInCart,
				HeadFor: headed[offers]("offers", "/offers"), View: shows[offers]("offers.html"),
			},
			gorgon.Page[search]{
				Path: "/search", LoadRequest: s.search,
				HeadFor: headed[search]("search", ""), View: shows[search]("search.html"),
			},
			gorgon.Page[cart]{
				Path: "/cart", LoadRequest: s.cart,
				HeadFor: headed[cart]("cart", ""), View: shows[cart]("cart.html"),
			},
			s.changeCart(), s.receipt(), s.whoIsHere(), s.pictures, s.small,

			gorgon.Page[door]{
				Path: "/sign-in", LoadRequest: s.atTheDoor,
				HeadFor: headed[door]("sign-in", ""), View: shows[door]("sign-in.html"),
			},
			still("/sign-in/sent", "sign-in-sent"), still("/sign-in/link", "sign-in-link"),
			s.askLink(), s.link(), s.signIn(), s.signOut(),

			gorgon.Group{Prefix: "/orders", Guards: guards(s.people.SignedIn), Parts: []gorgon.Part{
				gorgon.Page[[]order]{
					Path: "/", LoadRequest: s.mine,
					HeadFor: headed[[]order]("orders", ""), View: shows[[]order]("orders.html"),
				},
				gorgon.Page[order]{
					Path: "/{id}", LoadRequest: s.oneOfMine,
					HeadFor: headed[order]("order", ""), View: orderView,
				},
				s.placeOrder(),
			}},
			s.progress(), s.latest(),

			gorgon.Group{Prefix: "/admin", Guards: guards(s.people.Scope("keeper")), Parts: []gorgon.Part{
				gorgon.Page[struct{}]{
					Path: "/", LoadRequest: nothing, HeadFor: headed[struct{}]("admin", ""), View: adminView,
				},
				gorgon.Page[[]product]{
					Path: "/products", LoadRequest: s.stockroom,
					HeadFor: headed[[]product]("stockroom", ""), View: shows[[]product]("stockroom.html"),
				},
				s.sendOrder(), s.changePrice(), s.restock(), s.changePicture(),
			}},
		},
	}
}
