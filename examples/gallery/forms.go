// Forms: input, open elements and scroll positions are restored on going back and after a reload.

package main

import "github.com/gorgon-go/gorgon"

var forms = exhibit{"forms", "/forms", []gorgon.Part{
	gorgon.Page[Place]{
		Path:    "/forms",
		Load:    here,
		HeadFor: head[Place]("forms"),
		View: func(s Place) gorgon.Component {
			return show(s, "forms",
				markup(`<form><p><label>{}<br><textarea name="note" id="note" rows="3"></textarea></label></p>`, t("forms.note")),
				markup(`<p><label><input type="checkbox" name="polished" id="polished"> {}</label></p>`, t("forms.polished")),
				markup(`<p><label>{}<br><input type="password" id="secret" autocomplete="off"></label></p></form>`, t("forms.secret")),
				markup(`<details id="more"><summary>{}</summary><p>{}</p></details>`, t("forms.more"), t("forms.opened")),
				markup(`<p><a href="{}">{}</a></p>`, url("/built"), t("forms.away")))
		},
	},
}}
