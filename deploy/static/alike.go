// Files that have the same headers: one rule does for all of them.

package static

import (
	"maps"
	"slices"
	"strings"
)

// alike are patterns, "/tags/*" or "/tags/*/index.xml", of which all files have the
// same headers. That of a folder is also that of the folder's page, "/tags", if
// there is one.
type alike map[string]bool

// patterns finds them among the headers of files by path. No path matches two.
func patterns(all map[string][]header) alike {
	a := folders(all)
	type content struct {
		headers []header
		files   int
		mixed   bool
	}
	found := map[string]*content{}
	for path, own := range all {
		for _, pattern := range namesakes(path) {
			c := found[pattern]
			if c == nil {
				c = &content{headers: own}
				found[pattern] = c
			}
			c.files++
			c.mixed = c.mixed || !slices.Equal(c.headers, own) || a.folder(path) != ""
		}
	}
	outermost := map[string]bool{}
	for path := range all {
		for _, pattern := range namesakes(path) {
			if c := found[pattern]; !c.mixed && c.files > 1 && len(c.headers) > 0 {
				outermost[pattern] = true
				break
			}
		}
	}
	maps.Copy(a, outermost)
	return a
}

// namesakes are the patterns of the files with a path's name in a folder above, the
// outermost one first. A page is asked for by more than one path, and has none.
func namesakes(path string) (list []string) {
	name := path[strings.LastIndexByte(path, '/')+1:]
	if !strings.Contains(name, ".") || !literal(path) {
		return nil
	}
	for at := range path {
		if path[at] == '/' && at > 0 && strings.Contains(path[at+1:], "/") {
			list = append(list, path[:at+1]+"*/"+name)
		}
	}
	return list
}

// folders finds folders.
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
			a[folder+"*"] = true
		}
	}
	return a
}

// of is the pattern that a path matches; "" for none.
func (a alike) of(path string) string {
	if folder := a.folder(path); folder != "" {
		return folder
	}
	for _, pattern := range namesakes(path) {
		if a[pattern] {
			return pattern
		}
	}
	return ""
}

// folder is that of the outermost folder that a path lies in; "" for none.
func (a alike) folder(path string) string {
	for at := range path {
		if path[at] == '/' && a[path[:at+1]+"*"] {
			return path[:at+1] + "*"
		}
	}
	return ""
}
