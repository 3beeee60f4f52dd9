// The browsers that a user is signed in with.

package main

import (
	"context"
	"strings"

	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/flash"
)

// A device is a session, as the account shows it.
type device struct {
	auth.Session
	Browser, System string // "" if they are not known
	This            bool   // the one that asks
}

func (c *club) devices(ctx context.Context, who auth.Who) ([]device, error) {
	list, err := c.people.Sessions(ctx, who.User)
	var all []device
	for _, s := range list {
		d := device{Session: s, This: s.Name == who.Session}
		d.Browser, d.System = browser(s.About)
		if d.This {
			all = append([]device{d}, all...)
		} else {
			all = append(all, d)
		}
	}
	return all, err
}

// browser says what a User-Agent is about, as far as users know it.
func browser(agent string) (name, system string) {
	first := func(pairs ...string) string {
		for i := 0; i < len(pairs); i += 2 {
			if strings.Contains(agent, pairs[i]) {
				return pairs[i+1]
			}
		}
		return ""
	}
	name = first("Edg/", "Edge", "OPR/", "Opera", "SamsungBrowser", "Samsung Internet", "Firefox/", "Firefox", "FxiOS", "Firefox",
		"CriOS", "Chrome", "Chrome/", "Chrome", "Safari/", "Safari", "curl/", "curl")
	system = first("iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "Windows", "Windows", "Mac OS X", "macOS", "CrOS", "ChromeOS", "Linux", "Linux")
	return name, system
}

type sessionInput struct {
	Name string `json:"name" check:"min=1,max=100"`
}

func (c *club) endSession() api.Endpoint[sessionInput, api.None] {
	return api.Endpoint[sessionInput, api.None]{
		Path: "POST /sessions/end", Name: "endSession",
		Handle: func(ctx context.Context, in sessionInput) (api.None, error) {
			who, err := c.people.Who(ctx)
			if err != nil {
				return api.None{}, err
			}
			if in.Name == who.Session {
				return api.None{}, c.people.SignOut(ctx)
			}
			err = c.people.Revoke(ctx, who.User, in.Name)
			if err == nil {
				flash.Add(ctx, "ended", "")
			}
			return api.None{}, err
		},
		Then: func(sessionInput, api.None) string { return "/account" },
	}
}

func (c *club) endOthers() api.Endpoint[api.None, api.None] {
	return api.Endpoint[api.None, api.None]{
		Path: "POST /sessions/end-others", Name: "endOthers",
		Handle: func(ctx context.Context, _ api.None) (api.None, error) {
			who, err := c.people.Who(ctx)
			if err != nil {
				return api.None{}, err
			}
			_, err = c.people.RevokeAll(ctx, who.User, who.Session)
			if err == nil {
				flash.Add(ctx, "endedOthers", "")
			}
			return api.None{}, err
		},
		Then: func(api.None, api.None) string { return "/account" },
	}
}
