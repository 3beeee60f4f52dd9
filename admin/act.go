// What operators may change: asked for on a page, and done by its form alone.

package admin

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/gorgon-go/gorgon"
)

// doing is where forms lead.
const doing = "/do"

// The acts.
const (
	actPurge  = "purge"
	actNow    = "now"
	actRetry  = "retry"
	actCancel = "cancel"
	actRemove = "remove"
)

// notices are what is said after an act.
func notices() map[string]string {
	return map[string]string{
		actPurge: "It is out of date now, and is made again when it is asked for.", actRetry: "The job runs again as soon as there is room.",
		actNow:    "The job runs as soon as there is room.",
		actCancel: "The job is cancelled.", actRemove: "The job is removed.", "none": "There is no such job any more, or it is in another state by now.",
	}
}

// An act is what a form asks for.
type act struct {
	do, kind, name string
	id             int64
}

func actOf(get func(string) string) (a act, ok bool) {
	a = act{do: get("act"), kind: get("kind"), name: cut(get("name"), maxText)}
	a.id, _ = strconv.ParseInt(get("id"), 10, 64)
	switch a.do {
	case actPurge:
		switch a.kind {
		case "all":
			return a, true
		case "path", "tag", "route", "fragment":
			return a, a.name != ""
		}
		return a, false
	case actNow, actRetry, actCancel, actRemove:
		return a, a.id > 0
	}
	return a, false
}

// An asked is the state of the page before an act.
type asked struct {
	Title, Lead   string
	Refused       string
	Blocks        []block
	Fields        []fact // hidden
	Button, Other string
	Harm          bool // it cannot be taken back
	Back          string
}

// confirmation is the page before an act. It changes nothing.
func (s *site) confirmation() gorgon.Page[asked] {
	return gorgon.Page[asked]{
		Path: "/confirm",
		LoadRequest: func(ctx context.Context, _ gorgon.Input, r *http.Request) (asked, error) {
			a, ok := actOf(r.URL.Query().Get)
			if !ok {
				return asked{}, gorgon.NotFound()
			}
			return s.ask(ctx, a)
		},
		View: gorgon.View(askView),
		Head: func(a asked) gorgon.Head {
			return gorgon.Head{Title: a.Title + " · " + s.p.About.App, Robots: "noindex"}
		},
	}
}

func (s *site) ask(ctx context.Context, a act) (asked, error) {
	page := asked{Fields: []fact{{Name: "act", Value: a.do}}, Back: "/jobs/" + strconv.FormatInt(a.id, 10)}
	if a.do == actPurge {
		page.Title, page.Button, page.Other, page.Back = "Purge", "Purge", "Purge, and let visitors wait for what is new", "/why"
		page.Lead = "Visitors are served what is stored until what is new is made."
		what := fact{Name: map[string]string{"path": "Page", "tag": "Tag", "route": "Route", "fragment": "Fragment", "all": "What"}[a.kind], Value: cmp.Or(a.name, "everything that is stored")}
		page.Blocks = []block{{Facts: []fact{what}}}
		page.Fields = append(page.Fields, fact{Name: "kind", Value: a.kind}, fact{Name: "name", Value: a.name})
		if back := map[string]string{"all": "/caches", "tag": "/caches", "fragment": "/fragments"}[a.kind]; back != "" {
			page.Back = back
		}
	} else {
		words := map[string][2]string{
			actNow:   {"Run", "It is due now. A series then waits for the next time of its schedule."},
			actRetry: {"Retry", "It runs again, as if it had just been added."}, actCancel: {"Cancel", "If it waits it never runs; if it runs it is stopped."},
			actRemove: {"Remove", "Nothing is left of it afterwards, and it cannot be taken back."},
		}[a.do]
		page.Title, page.Lead = fmt.Sprintf("%s job #%d", words[0], a.id), words[1]
		page.Button, page.Harm = words[0], a.do == actCancel || a.do == actRemove
		page.Fields = append(page.Fields, fact{Name: "id", Value: strconv.FormatInt(a.id, 10)})
		if s.p.Jobs == nil {
			return page, gorgon.NotFound()
		}
		j, found, err := find(ctx, s.p.Jobs, a.id)
		switch {
		case err != nil:
			page.Refused = "The job cannot be looked at now: " + err.Error()
		case !found:
			page.Refused = notices()["none"]
		default:
			page.Blocks = []block{{Facts: []fact{{Name: "Kind", Value: j.Kind}, {Name: "State", Value: j.State, Tone: toneOfJob(j.State)}}}}
		}
	}
	if !s.p.Writes {
		page.Refused = "These pages only show: start the program with --admin-write to change something."
	}
	return page, nil
}

// do does what a form asks for. What is asked before is that of secure.go: it is a
// POST of these pages, and changes are allowed.
func (s *site) do(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form cannot be read.", http.StatusBadRequest)
		return
	}
	a, ok := actOf(r.PostForm.Get)
	if !ok || !s.p.Writes {
		http.Error(w, "There is no such action.", http.StatusBadRequest)
		return
	}
	to, err := s.perform(r.Context(), a, r.PostForm.Get("expire") == "true")
	if err != nil {
		http.Error(w, "It could not be done: "+err.Error(), http.StatusBadGateway)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// perform does it, and says where to go then.
func (s *site) perform(ctx context.Context, a act, expire bool) (to string, err error) {
	if a.do == actPurge {
		if s.p.Purge == nil {
			return "", fmt.Errorf("this program purges nothing")
		}
		if err := s.p.Purge(ctx, a.kind, a.name, expire); err != nil {
			return "", err
		}
		if a.kind == "path" {
			return link("/why", "what", a.name, "done", a.do), nil
		}
		if a.kind == "fragment" {
			return link("/fragments", "done", a.do), nil
		}
		return link("/caches", "done", a.do), nil
	}
	if s.p.Jobs == nil {
		return "", fmt.Errorf("this program runs no jobs")
	}
	done := map[string]func(context.Context, int64) (bool, error){actNow: s.p.Jobs.RunNow, actRetry: s.p.Jobs.Revive, actCancel: s.p.Jobs.Cancel, actRemove: s.p.Jobs.Remove}[a.do]
	found, err := done(ctx, a.id)
	switch {
	case err != nil:
		return "", err
	case !found:
		return link("/jobs", "done", "none"), nil
	}
	return link("/jobs", "done", a.do), nil
}
