// Transition: App.Navigation.Transitions shows the change of pages as a view transition.

package main

import "github.com/gorgon-go/gorgon"

// The stone has a view-transition-name in app.css, by which the browser
// recognises it on both pages.
var transition = exhibit{"transition", "/transition", []gorgon.Part{
	stonePage("/transition", "small", "/transition/large"),
	stonePage("/transition/large", "large", "/transition"),
}}

func stonePage(path, size, other string) gorgon.Part {
	return gorgon.Page[Place]{
		Path:    path,
		Load:    here,
		HeadFor: head[Place]("transition"),
		View: func(s Place) gorgon.Component {
			return show(s, "transition", markup(`<p class="stage"><a class="stone `+size+`" href="{}"><span>{}</span></a></p>`, url(other), t("transition."+size)))
		},
	}
}
