// purge: declare pages out of date.

package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/serve"
)

func (p *program) purgeCommand() *cobra.Command {
	var paths, tags, routes, fragments []string
	var all, expire bool
	c := &cobra.Command{
		Use:   "purge",
		Short: "Declare pages out of date, by path, tag or route, or all of them",
		Long: `Declares pages out of date, also for servers that run on the same store: from
now on they serve the old page once more while it is made again, or, with
--expire, let visitors wait for the new one. It returns once every server has
heard of it, and prints the purge's epoch.`,
		Example: "  " + p.app.Name + " purge --path /about --tag news\n  " + p.app.Name + " purge --all --expire",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			subjects, err := p.subjects(paths, tags, routes, fragments, all)
			if err != nil {
				return err
			}
			if p.location() == "none" || strings.HasPrefix(p.location(), "mem:") {
				return misused("there is no store that a server could share with this command: name the server's with --store, or purge over HTTP")
			}
			if p.noStoreYet() {
				return fmt.Errorf("there is no store at %s: name the server's with --store, or run this where the server runs", p.defaultStore())
			}
			store, err := p.open(c.Context())
			if err != nil {
				return err
			}
			defer store.Close()
			verb := pages.Stale
			if expire {
				verb = pages.Expire
			}
			epoch, err := store.Bump(c.Context(), verb, subjects...)
			if err != nil {
				return fmt.Errorf("purge: %w", err)
			}
			if err := pages.Settle(c.Context(), store, epoch); err != nil {
				return fmt.Errorf("purge: the store was told (epoch %d), but not every server may have heard yet: %w", epoch, err)
			}
			if cdn := p.app.CDN; cdn != nil && cdn.Purge != nil {
				if err := cdn.Purge(c.Context(), serve.EdgeTags(subjects)); err != nil {
					return fmt.Errorf("purge: the store was told (epoch %d), the CDN was not: %w: purge again", epoch, err)
				}
			}
			if p.json {
				return p.print(map[string]any{"epoch": epoch, "verb": verb.String(), "subjects": subjects})
			}
			fmt.Fprintf(p.out, "purged %s: epoch %d\n", strings.Join(subjects, ", "), epoch)
			return nil
		},
	}
	c.Flags().StringArrayVar(&paths, "path", nil, "a page's path, in every locale")
	c.Flags().StringArrayVar(&tags, "tag", nil, "a tag")
	c.Flags().StringArrayVar(&routes, "route", nil, "a pattern, as 'routes' lists it")
	c.Flags().StringArrayVar(&fragments, "fragment", nil, "a fragment by its name, with whatever props")
	c.Flags().BoolVar(&all, "all", false, "every page")
	c.Flags().BoolVar(&expire, "expire", false, "let visitors wait for the new page")
	p.distFlag(c, "dist")
	p.storeFlag(c)
	p.jsonFlag(c)
	return c
}

// subjects checks what is named and turns it into what stores know.
func (p *program) subjects(paths, tags, routes, fragments []string, all bool) ([]string, error) {
	var subjects []string
	router := gorgon.NewRouter(p.app.Definitions())
	for _, escaped := range paths {
		_, path, _, err := p.route(router, escaped)
		if err != nil {
			return nil, err
		}
		subjects = append(subjects, pages.PathSubject(path))
	}
	for _, tag := range tags {
		if tag == "" {
			return nil, misused("--tag is empty: name a tag, as the pages' Tags give it")
		}
		subjects = append(subjects, pages.TagSubject(tag))
	}
	known := map[string]bool{}
	for _, d := range p.app.Definitions() {
		known[d.Path] = true
	}
	for _, route := range routes {
		if !known[route] {
			return nil, fmt.Errorf("no page has the pattern %s (see '%s routes')", route, p.app.Name)
		}
		subjects = append(subjects, pages.RouteSubject(route))
	}
	definitions := p.app.FragmentDefinitions()
	for _, name := range fragments {
		i := slices.IndexFunc(definitions, func(d *gorgon.Definition) bool { return d.Fragment == name })
		if i < 0 {
			return nil, fmt.Errorf("no fragment has the name %s (see '%s routes')", name, p.app.Name)
		}
		subjects = append(subjects, pages.RouteSubject(definitions[i].Path))
	}
	if all {
		subjects = append(subjects, pages.All)
	}
	if len(subjects) == 0 {
		return nil, misused("nothing is named: give --path, --tag, --route, --fragment or --all")
	}
	return subjects, nil
}
