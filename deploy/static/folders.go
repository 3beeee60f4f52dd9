// Folders whose pages all have the same headers: one rule does for all of them.

package static

import (
	"slices"
	"strings"
)

// alike are folders, "/tags/", in which all files have the same headers, and the
// page of the folder itself, "/tags", too, if there is one.
type alike map[string]bool

// folders finds them among the headers of files by path.
func folders(all map[string][]header) alike {
	type content struct {
		headers []header
		files   int
		mixed   bool
	}
	found := map[string]*content{}
	see := func(folder string, own []header) {
		c := found[folder]
		if c == nil {
			c = &content{headers: own}
			found[folder] = c
		}
		c.files++
		c.mixed = c.mixed || !slices.Equal(c.headers, own)
	}
	for path, own := range all {
		if _, folder := all[path+"/"]; !strings.HasSuffix(path, "/") && !folder {
			see(path+"/", own) // which is a folder only if something lies in it
		}
		for at := range path {
			if path[at] == '/' && at > 0 {
				see(path[:at+1], own)
			}
		}
	}
	a := alike{}
	for folder, c := range found {
		if !c.mixed && c.files > 1 && len(c.headers) > 0 && literal(folder) {
			a[folder] = true
		}
	}
	return a
}

// of is the outermost of them that a path lies in; "" for none.
func (a alike) of(path string) string {
	for at := range path {
		if path[at] == '/' && a[path[:at+1]] {
			return path[:at+1]
		}
	}
	return ""
}
