// Command starter-shop is a shop that shows each way in which a page comes by
// its state:
//
//	/               built, and again after a minute, or when a commit changes a product
//	/products       built, and again when a commit changes a product
//	/products/{id}  the best sellers built, the rest on their first request; again when a commit changes this product, also in open browsers
//	/offers         built likewise, with what this visitor has in the cart merged in
//	/search, /cart  made for each request
//	/admin          made for each request, behind a password
package main

import (
	"net/http"
	"os"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/admin"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
	"github.com/gorgon-go/gorgon/redis"
)

// Absolute URLs are made of this, in sitemap.xml and robots.txt: put yours.
const origin = "https://example.com"

const name = "starter-shop"

func main() {
	db := database.Open(litedb.Dialect, schema) // DATABASE_URL says where; it is opened when it is first used
	command.Main(app(db, os.Getenv("SHOP_PASSWORD")), command.Config{
		Bundler:  bundle.Bundler{},
		Database: db,
		// --admin :9465 has pages for those who operate the shop, for this machine alone.
		Admin: admin.New(admin.Config{}),
		// Where pages that are made later can be kept: on disk if nothing is
		// said, or --store postgres://… or redis://… for several machines.
		Stores: []pages.Driver{disk.Driver(), postgres.Driver(), redis.Driver()},
	})
}

// app is the whole shop over a database. Without a password there is no /admin.
func app(db *database.DB, password string) gorgon.App {
	s := shop{db, password}
	return gorgon.App{
		Name:   name,
		Origin: origin,
		Assets: gorgon.Assets{
			Files:  below("assets"),
			Static: below("static"),
		},
		Layout: layout,
		Error:  failure,
		// Links change the page without loading another document, where the browser can.
		Navigation: &gorgon.Navigation{},
		Parts: []gorgon.Part{
			gorgon.Page[shelf]{
				Path: "/", Load: s.featured, RevalidateAfter: time.Minute,
				Head: shelfHead, View: homeView,
			},
			gorgon.Page[shelf]{Path: "/products", Load: s.all, Head: shelfHead, View: shelfView},
			gorgon.Page[product]{
				Path: "/products/{id}", Paths: s.bestSellers, Load: s.product,
				Incremental: true, Head: productHead, View: productView,
				Live: true, // open browsers show a new price, and what is left, as soon as it is committed
			},
			gorgon.Page[offers]{
				Path: "/offers", Load: s.offers, LoadRequest: s.inCart, Merge: notInCart,
				Head: offersHead, View: offersView,
			},
			gorgon.Page[search]{Path: "/search", LoadRequest: s.search, Head: searchHead, View: searchView},
			gorgon.Page[cart]{Path: "/cart", LoadRequest: s.cart, Head: cartHead, View: cartView},
			gorgon.Page[shelf]{
				Path: "/admin", LoadRequest: s.prices, Head: adminHead, View: adminView,
				Guards: []func(http.Handler) http.Handler{s.guard},
			},
			s.changeCart(),
			s.changePrice(),
		},
	}
}
