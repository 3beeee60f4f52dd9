// Revalidated: kept, and regenerated in the background once it is too old.

package main

import (
	"time"

	"github.com/gorgon-go/gorgon"
)

var revalidated = exhibit{"revalidated", "/revalidated", []gorgon.Part{
	gorgon.Page[builtState]{
		Path:            "/revalidated",
		Load:            makeBuilt,
		RevalidateAfter: 5 * time.Second,
		HeadFor:         head[builtState]("revalidated"),
		View: func(s builtState) gorgon.Component {
			return show(s, "revalidated",
				markup(`<p class="big">{}</p><p><a data-gorgon-prefetch="none" href="{}">{}</a></p>`, t("made", "at", s.Made), url("/revalidated"), t("revalidated.again")))
		},
	},
}}
