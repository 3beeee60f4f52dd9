package static

import (
	"maps"
	"slices"
	"testing"
)

func TestPatterns(t *testing.T) {
	noindex, other := []header{{"X-Robots-Tag", "noindex"}}, []header{{"X-Robots-Tag", "none"}}
	for name, c := range map[string]struct {
		all  map[string][]header
		want []string
	}{
		"all alike":                {map[string][]header{"/": nil, "/tags/a": noindex, "/tags/b/c": noindex}, []string{"/tags/*"}},
		"with the folder's page":   {map[string][]header{"/tags": noindex, "/tags/a": noindex}, []string{"/tags/*"}},
		"whose page has none":      {map[string][]header{"/tags": nil, "/tags/a": noindex, "/tags/b": noindex}, nil},
		"one has none":             {map[string][]header{"/tags/a": noindex, "/tags/b": nil}, nil},
		"one has another":          {map[string][]header{"/tags/a": noindex, "/tags/b": other}, nil},
		"alike below":              {map[string][]header{"/t/x/a": noindex, "/t/x/b": noindex, "/t/y": nil}, []string{"/t/x/*"}},
		"one page, not a folder":   {map[string][]header{"/tags/a": noindex}, nil},
		"a name that is a pattern": {map[string][]header{"/a:b/1": noindex, "/a:b/2": noindex}, nil},
		"feeds beside pages":       {map[string][]header{"/tags/a/": nil, "/tags/a/f.xml": noindex, "/tags/b/f.xml": noindex, "/f.xml": nil}, []string{"/tags/*/f.xml"}},
		"feeds deeper":             {map[string][]header{"/x/tags/a/f.xml": noindex, "/x/y/f.xml": noindex, "/x/y": nil}, []string{"/x/*/f.xml"}},
		"one feed has none":        {map[string][]header{"/tags/a/f.xml": noindex, "/tags/b/f.xml": nil, "/tags/c/f.xml": noindex}, nil},
		"one feed":                 {map[string][]header{"/tags/a/f.xml": noindex, "/tags/a/": nil}, nil},
		"feeds in an alike folder": {map[string][]header{"/t/a/f.xml": noindex, "/t/a/g.xml": noindex, "/t/b/f.xml": noindex, "/t/b": nil}, []string{"/t/a/*"}},
		"pages":                    {map[string][]header{"/tags/a/more": noindex, "/tags/b/more": noindex, "/tags/b": nil}, nil},
		"the whole site":           {map[string][]header{"/": noindex, "/a": noindex, "/b": noindex}, nil},
	} {
		got := slices.Sorted(maps.Keys(patterns(c.all)))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
