// parts: what the program is, for the tool that plans and deploys it.

package command

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/plan"
)

// partsCommand prints a [plan.App]. It reads nothing but GORGON_STORE and
// writes nothing, so that it works wherever the program starts.
func partsCommand(p *program) *cobra.Command {
	c := &cobra.Command{
		Use:    "parts",
		Short:  "Print what the app is and needs, as JSON",
		Args:   noArguments,
		Hidden: true,
		RunE:   func(*cobra.Command, []string) error { return cli.Fail(p.parts()) },
	}
	c.Flags().Bool("json", true, "print JSON, which is all that there is")
	return c
}

func (p *program) parts() error {
	if err := p.app.Validate(); err != nil {
		return err
	}
	if err := p.configure("parts"); err != nil {
		return err
	}
	app := plan.Describe(p.app)
	headers, err := answer.Headers(p.app)
	if err != nil {
		return err
	}
	app.Headers = headers
	for _, d := range p.config.Stores {
		t := plan.Technology{Schemes: d.Schemes, Remote: d.Remote}
		if d.Migrations != nil {
			if t.Migrations, err = migrations(d.Migrations); err != nil {
				return err
			}
		}
		app.Stores = append(app.Stores, t)
	}
	app.Store = p.stores.described()
	if p.config.Settings != nil {
		app.Settings = declared(p.config.Settings.Variables())
	}
	if db := p.config.Database; db != nil {
		app.Parts = append(app.Parts, db.Part())
		if from := db.Migrations(); from != nil {
			if app.Migrations, err = migrations(from); err != nil {
				return err
			}
		}
	}
	if p.config.Auth != nil {
		app.Parts = append(app.Parts, sessionsPart(p.config.Auth))
	}
	if f := p.config.Files; f != nil {
		app.Parts, app.Files = append(app.Parts, filesPart(f)), f.Technologies()
	}
	if p.config.Mail != nil {
		app.Parts = append(app.Parts, plan.Part{Name: plan.MailPart, How: "SMTP"})
	}
	app.Parts = p.roomParts(p.jobParts(app.Parts))
	return p.print(app)
}

// described says what is to be known of the store that was named.
func (s storage) described() plan.Store {
	named := s.named()
	if named == "" || named == "none" {
		return plan.Store{Shown: named}
	}
	scheme, _, _ := strings.Cut(named, ":")
	for _, d := range s.drivers {
		if slices.Contains(d.Schemes, scheme) {
			return plan.Store{Technology: d.Schemes[0], Shown: s.shown()}
		}
	}
	store := plan.Store{Shown: s.shown()}
	if _, err := s.driver(); err != nil {
		store.Fault = err.Error()
	}
	return store
}

// migrations are the files of a folder, by name.
func migrations(from fs.FS) (map[string]string, error) {
	files := map[string]string{}
	err := fs.WalkDir(from, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || path.Ext(name) != ".sql" {
			return err
		}
		data, err := fs.ReadFile(from, name)
		files[path.Base(name)] = string(data)
		return err
	})
	return files, err
}
