// Incremental: pages that the build did not make are made on their first request, and kept.

package main

import (
	"context"
	"strconv"
	"time"

	"github.com/gorgon-go/gorgon"
)

type incrementalState struct {
	Place
	Number  int
	Factors []int
	Made    time.Time
}

var incremental = exhibit{"incremental", "/incremental/60", []gorgon.Part{
	gorgon.Page[incrementalState]{
		Path: "/incremental/{number}",
		Paths: func(context.Context, gorgon.Input) ([]string, error) {
			return []string{"/incremental/60"}, nil
		},
		Incremental: true,
		Load: func(_ context.Context, in gorgon.Input) (incrementalState, error) {
			n, err := strconv.Atoi(in.PathValue("number"))
			if err != nil || n < 2 || n > 1000 || strconv.Itoa(n) != in.PathValue("number") {
				return incrementalState{}, gorgon.NotFound()
			}
			return incrementalState{placeOf(in), n, factors(n), time.Now().UTC()}, nil
		},
		HeadFor: head[incrementalState]("incremental"),
		View: func(s incrementalState) gorgon.Component {
			text := strconv.Itoa(s.Number) + " = " + strconv.Itoa(s.Factors[0])
			for _, f := range s.Factors[1:] {
				text += " × " + strconv.Itoa(f)
			}
			return show(s, "incremental",
				markup(`<p class="big" dir="ltr">{}</p><p>{}</p><p><a id="next" rel="nofollow" href="{}">{}</a></p>`,
					gorgon.Text(text), t("made", "at", s.Made), url("/incremental/"+strconv.Itoa(min(s.Number+1, 1000))), t("incremental.next")))
		},
	},
}}

func factors(n int) (list []int) {
	for f := 2; n > 1; f++ {
		for ; n%f == 0; n /= f {
			list = append(list, f)
		}
	}
	return list
}
