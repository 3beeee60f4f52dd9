// Fragments: parts of pages with a state of their own, kept and made again by themselves.

package main

import (
	"context"
	"time"

	"github.com/gorgon-go/gorgon"
)

type stoneProps struct{ Stone string }

type stoneState struct {
	Stone string
	Kilos float64
	Made  time.Time
}

// stone holds another fragment.
var stone = gorgon.Fragment[stoneProps, stoneState]{
	Name: "stone",
	BuildState: func(_ context.Context, _ gorgon.Input, p stoneProps) (stoneState, error) {
		return stoneState{Stone: p.Stone, Made: time.Now().UTC()}, nil
	},
	Tags: func(s stoneState) []string { return []string{"stone-" + s.Stone} },
	View: func(s stoneState) gorgon.Component {
		return markup(`<div class="fragment"><h2>{}</h2><p>{}</p>{}</div>`, t("stones."+s.Stone), t("made", "at", s.Made), weight.Use(stoneProps{s.Stone}))
	},
}

// weight is made again after a while, and the page around it is not.
var weight = gorgon.Fragment[stoneProps, stoneState]{
	Name:            "weight",
	RevalidateAfter: 5 * time.Second,
	BuildState: func(_ context.Context, _ gorgon.Input, p stoneProps) (stoneState, error) {
		kilos := map[string]float64{"granite": 2691, "marble": 2711, "slate": 2691}[p.Stone]
		return stoneState{p.Stone, kilos, time.Now().UTC()}, nil
	},
	View: func(s stoneState) gorgon.Component {
		return markup(`<div class="fragment"><p>{}</p><p class="weighed">{}</p></div>`, t("fragments.weight", "kilos", s.Kilos), t("made", "at", s.Made))
	},
}

var fragments = exhibit{"fragments", "/fragments", []gorgon.Route{
	gorgon.Page[Place]{
		Path:       "/fragments",
		BuildState: here,
		Head:       head[Place]("fragments"),
		View: func(s Place) gorgon.Component {
			return show(s, "fragments", stone.Use(stoneProps{"granite"}), stone.Use(stoneProps{"marble"}))
		},
	},
}}
