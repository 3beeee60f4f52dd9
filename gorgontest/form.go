// Forms, filled in and sent.

package gorgontest

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"
)

const (
	controls = "input, select, textarea, button"
	buttons  = `button:not([type=button]):not([type=reset]), input[type=submit], input[type=image]`
)

// Submit sends a form of the page and follows redirects. The form is the first
// that matches the CSS selector by, contains a match or is around one, or that
// the button with this text sends. Its fields have the values that they have on
// the page, except for the given ones, which the form must have.
//
// A form is sent as application/x-www-form-urlencoded; for a form with files
// use [Site.Send].
func (r *Response) Submit(by string, values url.Values) *Response {
	r.site.t.Helper()
	form, button := r.form(by)
	fields := r.fields(form, button)
	for name, given := range values {
		if !r.controlsOf(form).Is(`[name="` + strings.ReplaceAll(name, `"`, `\"`) + `"]`) {
			r.fatalf("the form %s has no field %q: it has %s", by, name, strings.Join(r.names(form), ", "))
		}
		fields[name] = given
	}
	said := func(name, otherwise string) string {
		if value, ok := button.Attr("form" + name); ok {
			return value
		}
		return form.AttrOr(name, otherwise)
	}
	to := r.site.resolve(r.URL, said("action", r.URL.String()))
	switch {
	case !strings.EqualFold(said("method", "get"), "post"):
		to.RawQuery = fields.Encode()
		return r.site.follow(r.onward(to))
	case strings.EqualFold(said("enctype", ""), "multipart/form-data"):
		r.fatalf("the form %s is for files: send them with Site.Send", by)
	}
	return r.site.post(to, fields, []string{"Referer", r.URL.String()})
}

// form finds a form and the button that sends it, if it has one.
func (r *Response) form(by string) (form, button *goquery.Selection) {
	r.site.t.Helper()
	found := r.named(by, "form, "+buttons)
	if found.Is("form") {
		return found, r.controlsOf(found).Filter(buttons).Not("[disabled]").First()
	}
	form = found.Closest("form")
	if id, ok := found.Attr("form"); ok {
		form = r.document().Find("form").FilterFunction(func(_ int, s *goquery.Selection) bool { return s.AttrOr("id", "") == id })
	}
	switch {
	case form.Length() == 0:
		r.fatalf("the button %q belongs to no form", by)
	case found.Is("[disabled]"):
		r.fatalf("the button %q is disabled", by)
	}
	return form, found
}

// controlsOf returns the controls in a form, and those elsewhere that name it.
func (r *Response) controlsOf(form *goquery.Selection) *goquery.Selection {
	id, named := form.Attr("id")
	return r.document().Find(controls).FilterFunction(func(_ int, s *goquery.Selection) bool {
		if other, ok := s.Attr("form"); ok {
			return named && other == id
		}
		around := s.Closest("form")
		return around.Length() > 0 && around.Get(0) == form.Get(0)
	})
}

func (r *Response) names(form *goquery.Selection) []string {
	names := map[string]bool{}
	r.controlsOf(form).Each(func(_ int, s *goquery.Selection) {
		if name := s.AttrOr("name", ""); name != "" {
			names[name] = true
		}
	})
	return slices.Sorted(maps.Keys(names))
}

// fields returns what a browser sends for an unchanged form.
func (r *Response) fields(form, button *goquery.Selection) url.Values {
	fields := url.Values{}
	r.controlsOf(form).Each(func(_ int, s *goquery.Selection) {
		name := s.AttrOr("name", "")
		if name == "" || s.Is("[disabled]") || s.Closest("fieldset[disabled]").Length() > 0 {
			return
		}
		switch kind := strings.ToLower(s.AttrOr("type", "")); {
		case s.Is("button"), s.Is("input") && slices.Contains([]string{"submit", "image", "button", "reset"}, kind):
			if button.Length() > 0 && s.Get(0) == button.Get(0) && kind != "image" {
				fields.Add(name, s.AttrOr("value", ""))
			}
		case s.Is("select"):
			chosen := s.Find("option[selected]")
			if _, several := s.Attr("multiple"); !several {
				if chosen.Length() == 0 {
					chosen = s.Find("option:not([disabled])").First()
				}
				chosen = chosen.Last()
			}
			chosen.Each(func(_ int, o *goquery.Selection) { fields.Add(name, o.AttrOr("value", textOf(o))) })
		case s.Is("textarea"):
			fields.Add(name, s.Text())
		case kind == "checkbox" || kind == "radio":
			if _, on := s.Attr("checked"); on {
				fields.Add(name, s.AttrOr("value", "on"))
			}
		case kind != "file":
			fields.Add(name, s.AttrOr("value", ""))
		}
	})
	return fields
}
