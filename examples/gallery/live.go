// Live: a fragment made for every request, in a page that is built. The page
// is sent up to it without waiting, and no JavaScript is needed.

package main

import (
	"context"
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon"
)

type clockState struct{ At time.Time }

var clock = gorgon.Fragment[struct{}, clockState]{
	Name: "clock",
	LoadRequest: func(ctx context.Context, _ gorgon.Input, _ struct{}, _ *http.Request) (clockState, error) {
		select { // something slow
		case <-time.After(300 * time.Millisecond):
			return clockState{time.Now().UTC()}, nil
		case <-ctx.Done():
			return clockState{}, ctx.Err()
		}
	},
	View: func(s clockState) gorgon.Component {
		return markup(`<p class="fragment" id="clock">{}</p>`, t("both.asked", "at", s.At))
	},
}

var live = exhibit{"live", "/live", []gorgon.Part{
	gorgon.Page[builtState]{
		Path:             "/live",
		Load:             makeBuilt,
		AllowRequestTime: true, // without it, the build refuses the page and names the fragment
		HeadFor:          head[builtState]("live"),
		View: func(s builtState) gorgon.Component {
			return show(s, "live", markup(`<p id="made">{}</p>`, t("made", "at", s.Made)), clock.Use(struct{}{}), markup(`<p>{}</p>`, t("live.after")))
		},
	},
}}
