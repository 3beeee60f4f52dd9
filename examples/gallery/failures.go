// Errors: one view for every status and every place where something can fail.

package main

import (
	"context"
	"errors"
	"fmt"
	"html"

	"github.com/gorgon-go/gorgon"
)

// failure is App.Error. Causes go to the log: visitors see an identifier.
func failure(f gorgon.Failure) gorgon.Component {
	what := "errors.other"
	if f.Status == 404 || f.Status == 403 || f.Status == 410 {
		what = fmt.Sprintf("errors.%d", f.Status)
	}
	id := gorgon.HTML("")
	if f.ID != "" {
		id = gorgon.HTML(`<p class="id"><code>` + html.EscapeString(f.ID) + `</code></p>`)
	}
	switch f.Position {
	case gorgon.InPopup:
		return markup(`<p>{}</p>`, t("errors.popup"))
	case gorgon.InFragment:
		return markup(`<div class="failed"><p>{}</p>{}</div>`, t("errors.fragment"), id)
	default:
		return markup(`<div class="failed"><p class="status">`+fmt.Sprint(f.Status)+`</p><h1>{}</h1>{}<p><a href="{}">{}</a></p></div>`,
			t(what), id, url("/"), t("home.title"))
	}
}

var failures = exhibit{"failures", "/failures", []gorgon.Part{
	gorgon.Page[Place]{
		Path:    "/failures",
		Load:    here,
		HeadFor: head[Place]("failures"),
		View: func(s Place) gorgon.Component {
			return show(s, "failures", markup(`<p><a id="page" href="{}">{}</a></p><p><a id="popup-page" href="{}">{}</a></p>`,
				url("/failures/broken"), t("failures.page"), url("/failing"), t("failures.popup")))
		},
	},
	gorgon.Page[Place]{
		Path:        "/failures/{what}",
		Incremental: true,
		Load: func(context.Context, gorgon.Input) (Place, error) {
			return Place{}, errors.New("the cause that only the log knows")
		},
		View: func(Place) gorgon.Component { return gorgon.Text("") },
	},
}}
