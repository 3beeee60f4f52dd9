// A page's tags, as a CDN reads them.

package answer

import (
	"strconv"
	"strings"

	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/pages"
)

// EdgeTag is how a subject of a purge is written in a tag header: a tag by
// its name, "route:…", "path:…" and "all" as they are. What tag headers use
// as separators, and what is not visible ASCII, is percent-encoded. A purge of
// a CDN has to write its tags the same way.
func EdgeTag(subject string) string {
	subject = strings.TrimPrefix(subject, "tag:")
	plain := func(c byte) bool { return c > ' ' && c < 0x7f && c != ',' && c != '%' }
	for i := 0; i < len(subject); i++ {
		if plain(subject[i]) {
			continue
		}
		var b strings.Builder
		for j := 0; j < len(subject); j++ {
			if c := subject[j]; plain(c) {
				b.WriteByte(c)
			} else {
				b.WriteString("%" + strings.ToUpper(strconv.FormatInt(int64(c)+0x100, 16)[1:]))
			}
		}
		return b.String()
	}
	return subject
}

// EdgeTags is [EdgeTag] for each of several subjects.
func EdgeTags(subjects []string) []string {
	tags := make([]string, len(subjects))
	for i, s := range subjects {
		tags[i] = EdgeTag(s)
	}
	return tags
}

// joinTags is the value of a tag header.
func joinTags(header string, subjects []string) []string {
	separator := " "
	if header == "Cache-Tag" {
		separator = ","
	}
	return []string{strings.Join(EdgeTags(subjects), separator)}
}

// maxTagLine is how many bytes of subjects a tag header may have before rows of a
// database are named by their tables: proxies refuse headers of 8 KiB and more.
const maxTagLine = 2048

// edgeSubjects are the subjects of an entry for a tag header.
func edgeSubjects(e *pages.Entry) []string {
	subjects := e.Subjects()
	size := 0
	for _, s := range subjects {
		size += len(s) + 1
	}
	if size <= maxTagLine {
		return subjects
	}
	seen := map[string]bool{}
	var coarse []string
	for _, s := range subjects {
		if tag, ok := strings.CutPrefix(s, pages.TagSubject("")); ok {
			s = pages.TagSubject(dataflow.Coarse(tag))
		}
		if !seen[s] {
			seen[s] = true
			coarse = append(coarse, s)
		}
	}
	return coarse
}

// tagsFor is the tag header's value for an entry, made at its first use.
func (w *Writer) tagsFor(p *Prepared, e *pages.Entry) []string {
	if t := p.tags.Load(); t != nil && t.of == w {
		return t.values
	}
	t := &tagLine{of: w, values: joinTags(w.tagHeader, edgeSubjects(e))}
	p.tags.Store(t)
	return t.values
}
