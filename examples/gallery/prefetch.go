// Prefetch: the next page is fetched before the click.

package main

import "github.com/gorgon-go/gorgon"

var prefetch = exhibit{"prefetch", "/prefetch", []gorgon.Part{
	gorgon.Page[Place]{
		Path:    "/prefetch",
		Load:    here,
		HeadFor: head[Place]("prefetch"),
		View: func(s Place) gorgon.Component {
			return show(s, "prefetch", markup(`<ul>
<li><a id="intent" href="{}">{}</a></li>
<li><a id="view" data-gorgon-prefetch="view" href="{}">{}</a></li>
<li><a id="none" data-gorgon-prefetch="none" href="{}">{}</a></li>
<li><a id="reload" data-gorgon="reload" href="{}">{}</a></li></ul>`,
				url("/paths/granite"), t("prefetch.intent"),
				url("/paths/marble"), t("prefetch.view"),
				url("/paths/slate"), t("prefetch.none"),
				url("/built"), t("prefetch.reload")))
		},
	},
}}
