// purge: declare pages out of date.

package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/seed"
)

// A purge declares pages out of date.
type purge struct{ p *program }

func (u purge) command() *cobra.Command {
	p := u.p
	var paths, tags, routes, fragments []string
	var all, expire bool
	c := &cobra.Command{
		Use:   "purge",
		Short: "Purge pages by path, tag or route, or all of them",
		Long: `Declares pages out of date, also for servers that run on the same store: from
now on they serve the old page only while they regenerate it, or, with --expire,
let visitors wait for the new one. It returns once every server has seen it, and prints the purge's epoch. It fails if
a running server cannot see it, because the store was replaced under it.`,
		Example: "  " + p.app.Name + " purge --path /about --tag news\n  " + p.app.Name + " purge --all --expire",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			subjects, err := u.subjects(paths, tags, routes, fragments, all)
			if err != nil {
				return err
			}
			if p.stores.location() == "none" || strings.HasPrefix(p.stores.location(), "mem:") {
				return misused("there is no store that a server could share with this command: name the server's with --store, or purge over HTTP")
			}
			if p.stores.missing() {
				return fmt.Errorf("there is no store at %s: name the server's with --store, or run this where the server runs", p.stores.folder)
			}
			store, err := p.stores.openOwned(c.Context())
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
				return fmt.Errorf("purge: the store has the purge (epoch %d), but some servers may not have seen it yet: %w", epoch, err)
			}
			audience, err := u.audience(c.Context(), store, epoch)
			if err != nil {
				return err
			}
			missing := u.missing(c.Context(), store, subjects)
			if cdn := p.app.CDN; cdn != nil && cdn.Purge != nil {
				if err := cdn.Purge(c.Context(), answer.EdgeTags(subjects)); err != nil {
					return fmt.Errorf("purge: the store has the purge (epoch %d), the CDN does not:  %w: purge again", epoch, err)
				}
			}
			if p.json {
				return p.print(map[string]any{"epoch": epoch, "verb": verb.String(), "subjects": subjects, "missing": missing, "alone": audience.None})
			}
			fmt.Fprintf(p.out, "purged %s: epoch %d\n", listed(subjects), epoch)
			if len(missing) > 0 {
				fmt.Fprintf(p.err, "neither the build nor the store has %s: check the path, and whether the page is stored\n", listed(missing))
			}
			if audience.None {
				fmt.Fprintf(p.err, "no server has the store %s open: servers that open it later apply this purge; a server that still runs on an earlier store there does not\n", p.stores.shown())
			}
			return nil
		},
	}
	c.Flags().StringArrayVar(&paths, "path", nil, "a page's path, in every locale")
	c.Flags().StringArrayVar(&tags, "tag", nil, "a tag")
	c.Flags().StringArrayVar(&routes, "route", nil, "a pattern, as 'routes' lists it")
	c.Flags().StringArrayVar(&fragments, "fragment", nil, "a fragment by its name, with whatever props")
	c.Flags().BoolVar(&all, "all", false, "every page")
	c.Flags().BoolVar(&expire, "expire", false, "make visitors wait for the new page instead of serving the old one")
	p.distFlag(c, "dist")
	p.storeFlag(c)
	p.ownerFlags(c)
	p.jsonFlag(c)
	return c
}

// audience says who hears of a purge, as far as can be seen from here, and
// fails where a server is known that does not.
func (u purge) audience(ctx context.Context, store pages.Store, epoch uint64) (pages.Audience, error) {
	placed, ok := store.(pages.Placed)
	if !ok {
		return pages.Audience{}, nil
	}
	audience, err := placed.Audience(ctx)
	if err != nil {
		return audience, fmt.Errorf("purge: the store has the purge (epoch %d), but it is unknown whether every server sees it:  %w", epoch, err)
	}
	if audience.Deaf {
		return audience, fmt.Errorf("purge: the store has the purge (epoch %d), but a server still uses the store that was at %s before it was replaced, and does not see it:  restart the servers and purge again", epoch, u.p.stores.shown())
	}
	return audience, nil
}

// missing are the paths of which nothing is kept, in any locale, as far as can
// be seen from here.
func (u purge) missing(ctx context.Context, store pages.Store, subjects []string) []string {
	missing := []string{}
	made, err := seed.Open(u.p.seedPath())
	if err == nil {
		defer made.Close()
	}
	router := paths.NewRouter(u.p.app.Definitions(), (*gorgon.Definition).PathPattern)
next:
	for _, subject := range subjects {
		path, ok := strings.CutPrefix(subject, pages.PathSubject(""))
		if !ok {
			continue
		}
		page := router.Match(path)
		if page == nil {
			missing = append(missing, path)
			continue
		}
		for _, locale := range append([]string{""}, u.p.app.Locales.Tags...) {
			key := pages.Key{Route: page.Path, Path: path, Locale: locale}
			if made != nil {
				if _, err := made.Entry(key); err == nil {
					continue next
				}
			}
			if _, err := store.Get(ctx, key); !errors.Is(err, pages.ErrNotFound) {
				continue next
			}
		}
		missing = append(missing, path)
	}
	return missing
}

// subjects checks what is named and turns it into what stores know.
func (u purge) subjects(escapedPaths, tags, routes, fragments []string, all bool) ([]string, error) {
	var subjects []string
	router := paths.NewRouter(u.p.app.Definitions(), (*gorgon.Definition).PathPattern)
	for _, escaped := range escapedPaths {
		if strings.ContainsAny(escaped, "?#") {
			return nil, misused("--path %s: a page's path has no query and no fragment: leave them out, or write a ? in a name as %%3F and a # as %%23", quoted(escaped))
		}
		_, path, _, err := u.p.route(router, escaped)
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
	for _, d := range u.p.app.Definitions() {
		known[d.Path] = true
	}
	for _, route := range routes {
		if !known[route] {
			return nil, fmt.Errorf("no page has the pattern %s (see '%s routes')", quoted(route), u.p.app.Name)
		}
		subjects = append(subjects, pages.RouteSubject(route))
	}
	definitions := u.p.app.FragmentDefinitions()
	for _, name := range fragments {
		i := slices.IndexFunc(definitions, func(d *gorgon.Definition) bool { return d.Fragment == name })
		if i < 0 {
			return nil, fmt.Errorf("no fragment has the name %s (see '%s routes')", quoted(name), u.p.app.Name)
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
