// Laws of ownership.

package pagestest

import (
	"errors"
	"fmt"

	"github.com/gorgon-go/gorgon/pages"
)

// foreign checks that a claim is refused in favour of another owner.
func (e *env) foreign(s pages.Store, claims, owner string) error {
	err := s.Claim(e.ctx, claims, false)
	if err := want(err, pages.ErrForeign, "claim"); err != nil {
		return err
	}
	if f, ok := errors.AsType[*pages.ForeignError](err); !ok || f.Owner != owner {
		return fmt.Errorf("the refusal %q does not say that the owner is %q", err, owner)
	}
	return nil
}

// owns checks that a claim succeeds.
func (e *env) owns(s pages.Store, owner string) error {
	if err := s.Claim(e.ctx, owner, false); err != nil {
		return fmt.Errorf("claim for %q: %w", owner, err)
	}
	return nil
}

func ownerLaws() []law {
	k, tag := key("a"), pages.TagSubject("t")
	return []law{
		{"the owner of a store may claim it again, through any handle", func(e *env) error {
			return first(e.owns(e.Store, "shop/production"), e.owns(e.Store, "shop/production"), e.owns(e.another(), "shop/production"),
				e.Claim(e.ctx, "shop/production", true), e.marks(e.Store, 0, []string{pages.All}, [2]uint64{}))
		}},
		{"another owner is refused and told the owner's name, and nothing changes", func(e *env) error {
			const owner = "shop/\"ünïcode\"\n"
			return first(e.owns(e.Store, owner), e.write(e.Store, k, "kept", 1),
				e.foreign(e.Store, "shop/", owner), e.foreign(e.another(), "shop", owner), e.foreign(e.another(), owner+"/", owner), e.foreign(e.another(), "SHOP/\"ünïcode\"\n", owner),
				e.owns(e.another(), owner), e.marks(e.Store, 0, []string{pages.All}, [2]uint64{}), e.of(e.Store, k, "kept", 1))
		}},
		{"a store that was used before it had an owner is adopted as it is", func(e *env) error {
			return first(e.write(e.Store, k, "kept", 1), e.bump(e.Store, 1, pages.Stale, tag), e.owns(e.another(), "shop/"),
				e.of(e.Store, k, "kept", 1), e.marks(e.Store, 1, []string{pages.All, tag}, [2]uint64{}, [2]uint64{1}),
				e.foreign(e.Store, "blog/", "shop/"))
		}},
		{"an app that takes a store over owns it, and everything in it is purged and expired", func(e *env) error {
			other := e.another()
			if err := first(e.owns(e.Store, "shop/"), e.write(e.Store, k, "kept", 1), e.bump(e.Store, 1, pages.Stale, tag)); err != nil {
				return err
			}
			if err := other.Claim(e.ctx, "blog/", true); err != nil {
				return fmt.Errorf("take over: %w", err)
			}
			return first(e.foreign(e.Store, "shop/", "blog/"), e.owns(e.Store, "blog/"),
				e.marks(e.Store, 2, []string{pages.All, tag}, [2]uint64{2, 2}, [2]uint64{1}), e.bump(e.Store, 3, pages.Stale, tag))
		}},
	}
}
