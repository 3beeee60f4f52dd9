// Build paths: one pattern, a page for each path that is listed for the build.

package main

import (
	"context"
	"slices"

	"github.com/gorgon-go/gorgon"
)

type pathsState struct {
	Place
	Stone string
}

var stones = []string{"granite", "marble", "slate"}

var paths = exhibit{"paths", "/paths/granite", []gorgon.Part{
	gorgon.Page[pathsState]{
		Path: "/paths/{stone}",
		Paths: func(context.Context, gorgon.Input) ([]string, error) {
			var list []string
			for _, s := range stones {
				list = append(list, "/paths/"+s)
			}
			return list, nil
		},
		Load: func(_ context.Context, in gorgon.Input) (pathsState, error) {
			stone := in.PathValue("stone")
			if !slices.Contains(stones, stone) {
				return pathsState{}, gorgon.NotFound()
			}
			return pathsState{placeOf(in), stone}, nil
		},
		HeadFor: head[pathsState]("paths"),
		View: func(s pathsState) gorgon.Component {
			links := []gorgon.Component{markup(`<p class="big" id="stone">{}</p>`, t("stones."+s.Stone))}
			for _, stone := range stones {
				links = append(links, markup(`<p><a href="{}">{}</a></p>`, url("/paths/"+stone), t("stones."+stone)))
			}
			return show(s, "paths", links...)
		},
	},
}}
