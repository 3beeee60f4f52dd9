// The manifest: how a seed describes itself.

package seed

import (
	"time"

	"github.com/gorgon-go/gorgon/viewctx"
)

// A Manifest describes a seed. It is decoded at every start, so it contains
// nothing that grows with the number of pages.
type Manifest struct {
	Format        int       `json:"format"` // [Version]; set by [Writer.Commit]
	App           string    `json:"app"`    // its name
	Build         string    `json:"build"`  // the build's id
	Binary        string    `json:"binary"` // the id of the executable that built it
	Base          string    `json:"base,omitempty"`
	Origin        string    `json:"origin,omitempty"`
	Locales       []string  `json:"locales,omitempty"`
	PrefixDefault bool      `json:"prefixDefault,omitempty"` // the first locale has a prefix in paths too
	MadeAt        time.Time `json:"made"`
	Pages         int       `json:"pages"` // how many; set by [Writer.Commit]
	Files         int       `json:"files"` // how many; set by [Writer.Commit]

	Effort string         `json:"effort,omitempty"` // of the codings that are made of its pages when they are asked for. Default: that of [compress.Fast]
	Values []string       `json:"values,omitempty"` // the names as written; set by [Writer.Commit]
	Sealed string         `json:"sealed,omitempty"` // for a program to check whether it has the secret that fragments were sealed with
	Assets viewctx.Assets `json:"assets,omitzero"`  // where they are served
	Routes []string       `json:"routes,omitempty"` // the patterns, as declared
}
