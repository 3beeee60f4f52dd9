// The description of an app that the plan and the deployment are made from.

package plan

import (
	"slices"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/wire"
)

// Format is the version of [App] as JSON. It changes when a field changes its
// meaning, not when a field is added.
const Format = 1

// An App describes an app to the tool, which plans and deploys it. The app's own
// program prints it ('parts --json'); its JSON is the contract between the two.
type App struct {
	Format int    `json:"format"`
	Name   string `json:"name"`
	Origin string `json:"origin,omitempty"`
	Parts  []Part `json:"parts"`

	Locales       []string `json:"locales,omitempty"`
	PrefixDefault bool     `json:"prefixDefault,omitempty"`

	// ErrorView is set if the app has an error view of its own.
	ErrorView bool `json:"errorView,omitempty"`

	// Headers are sent with every response.
	Headers map[string][]string `json:"headers,omitempty"`

	Stores []Technology `json:"stores,omitempty"` // that the program can use
	Store  Store        `json:"store,omitzero"`   // that GORGON_STORE names

	// Migrations are those of the app's own database: files by name.
	Migrations map[string]string `json:"migrations,omitempty"`

	// Settings are the variables of the app's own configuration, without values.
	Settings []wire.Variable `json:"settings,omitempty"`

	// Files are the technologies that FILES_URL can name: "disk", "s3". Default:
	// the program does not say.
	Files []string `json:"files,omitempty"`
}

// A Technology is one kind of store that a program supports.
type Technology struct {
	Schemes    []string          `json:"schemes"` // the first is its name
	Remote     bool              `json:"remote,omitempty"`
	Migrations map[string]string `json:"migrations,omitempty"` // files by name; nil if it needs none
}

// A Store is the store that a program was configured with.
type Store struct {
	Technology string `json:"technology,omitempty"` // its name
	Shown      string `json:"shown,omitempty"`      // the location without its secrets
	Fault      string `json:"fault,omitempty"`      // why the program cannot use it
}

// Describe derives the description from an App value. The program adds its
// stores and headers.
func Describe(app gorgon.App) App {
	return App{
		Format: Format, Name: app.Name, Origin: app.Origin, Parts: Parts(app),
		Locales: app.Locales.Tags, PrefixDefault: app.Locales.PrefixDefault, ErrorView: app.Error != nil,
	}
}

// Prefixes are the app's prefixes of paths.
func (a App) Prefixes() paths.Prefixes {
	return paths.Prefixes{Locales: a.Locales, All: a.PrefixDefault}
}

// Has reports whether a part has a need of this kind.
func (a App) Has(kind Kind) bool {
	return slices.ContainsFunc(a.Parts, func(p Part) bool {
		return slices.ContainsFunc(p.Needs, func(n Need) bool { return n.Kind == kind })
	})
}

// DatabasePart is the name of the part that an app's own database is.
const DatabasePart = "database"

// MailPart is the name of the part that the sending of mails is.
const MailPart = "mail"

// FilesPart is the name of the part that an app's own files are.
const FilesPart = "files"

// FilesOnDisk reports whether an app's files are on the disk of a target, if the
// app has some: otherwise they are in a bucket.
func (a App) FilesOnDisk(o Offers, s Setting) bool {
	return o.Keeps(s) && (len(a.Files) == 0 || slices.Contains(a.Files, "disk"))
}

// HasPart reports whether there is a part of a name.
func (a App) HasPart(name string) bool {
	return slices.ContainsFunc(a.Parts, func(p Part) bool { return p.Name == name })
}

// Every returns the shortest interval of the scheduled services; most if none
// is shorter.
func (a App) Every(most time.Duration) time.Duration {
	for _, p := range a.Parts {
		for _, n := range p.Needs {
			if n.Kind == Schedule {
				most = min(most, n.Every)
			}
		}
	}
	return most
}
