// What a package says about itself.

package pack

import (
	"time"

	"github.com/gorgon-go/gorgon/plan"
)

// Names of the files of a package, beside the program and its seed.
const (
	ManifestName = "manifest.json"
	SumsName     = "SHA256SUMS"
	SBOMName     = "sbom.spdx.json"
)

// Format is the version of [Manifest] that this package writes and reads.
const Format = 1

// Kind distinguishes Gorgon's manifests from other files of that name.
const Kind = "gorgon package"

// A Manifest describes a package.
type Manifest struct {
	Kind   string    `json:"kind"` // "gorgon package"
	Format int       `json:"format"`
	App    string    `json:"app"`
	Build  string    `json:"build"` // the seed's id
	Base   string    `json:"base,omitempty"`
	Origin string    `json:"origin,omitempty"`
	Commit string    `json:"commit,omitempty"`
	MadeAt time.Time `json:"made"`          // the commit's time
	DataAt time.Time `json:"data,omitzero"` // when the data of the pages was read
	Go     string    `json:"go"`            // the toolchain: "go1.26.8"
	OS     string    `json:"os"`
	Arch   string    `json:"arch"`

	Program string `json:"program"`        // its file; for a single executable the package itself
	Seed    string `json:"seed,omitempty"` // its file; "" where it is within the program
	Files   []File `json:"files"`          // all except the manifest and the sums, sorted by name

	Pages    int         `json:"pages"`             // how many the seed holds
	Parts    []plan.Part `json:"parts"`             // routes, strategies, needs
	Modules  []Module    `json:"modules,omitempty"` // of the program, those taken from a folder, and go.work
	Stores   []string    `json:"stores,omitempty"`
	Deployed *Deployed   `json:"deployed,omitempty"` // the target it was planned for
}

// A File is a file of a package.
type File struct {
	Name   string `json:"name"` // with slashes, below the package's folder
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// A Module is one that go.work or a replace line takes from a folder.
type Module struct {
	Path     string `json:"path"`
	Commit   string `json:"commit,omitempty"`   // of its repository; "" if git reports none
	Modified bool   `json:"modified,omitempty"` // the folder differed from the commit
}

// Deployed is the target that a package was planned for.
type Deployed struct {
	Target   string         `json:"target"`
	Setting  plan.Setting   `json:"setting"`
	Role     string         `json:"role,omitempty"`
	Accepted []string       `json:"accepted,omitempty"` // what --accept let pass
	Verdicts []plan.Verdict `json:"verdicts,omitempty"` // the conditions, and what was accepted
}
