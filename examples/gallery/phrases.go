// Messages: plurals, genders, numbers, money and dates as each language writes them.

package main

import (
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/i18n"
)

var phrases = exhibit{"phrases", "/phrases", []gorgon.Part{
	gorgon.Page[Place]{
		Path:    "/phrases",
		Load:    here,
		HeadFor: head[Place]("phrases"),
		View: func(s Place) gorgon.Component {
			var parts []gorgon.Component
			line := func(c gorgon.Component) { parts = append(parts, markup(`<li>{}</li>`, c)) }
			for _, n := range []int{0, 1, 2, 3, 11, 100} {
				line(t("phrases.stones", "n", n))
			}
			for _, gender := range []string{"female", "male", "other"} {
				line(t("phrases.turned", "gender", gender))
			}
			line(t("phrases.number", "n", 1234567.891))
			line(t("phrases.price", "sum", i18n.Money{Amount: 1299.5, Currency: "EUR"}))
			line(t("phrases.day", "day", time.Date(2026, time.March, 5, 15, 4, 0, 0, time.UTC)))
			return show(s, "phrases", markup(`<ul id="phrases">{}</ul>`, all(parts...)))
		},
	},
}}
