// Files: assets that never change, and static ones.

package serve

import (
	"bytes"
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// A File is what is served at one path.
type File struct {
	ContentType string
	Immutable   bool      // its path names its content: it may be kept for ever
	ETag        string    // of Data, without quotes; it changes whenever Data does
	Modified    time.Time // zero: not told
	Data        []byte
	Gzip        []byte // Data compressed; nil where there is no such twin
	Brotli      []byte
	Zstd        []byte
}

// A preparedFile is what is made of a file at its first request.
type preparedFile struct {
	*prepared
	etag      string // of the file it was made of
	immutable bool
}

// preparedFor finds or makes what can be made once of a file.
func (h *Handler) preparedFor(path string, f File) *preparedFile {
	if known, ok := h.known.Load(path); ok {
		if p := known.(*preparedFile); p.etag == f.ETag && p.immutable == f.Immutable {
			return p
		}
	}
	p := &preparedFile{prepared: &prepared{status: http.StatusOK, vary: valueVary, conditional: f.ETag != ""}, etag: f.ETag, immutable: f.Immutable}
	control, edge := valuePublic, valueYear
	if f.Immutable {
		control, edge = valueImmutable, valueImmutable
	}
	if f.ContentType != "" {
		p.describing = append(p.describing, field{"Content-Type", []string{f.ContentType}})
	}
	p.fields = append(p.fields, field{"Cache-Control", control}, field{"Accept-Ranges", []string{"bytes"}})
	if h.cdn {
		p.fields = append(p.fields, field{"Cdn-Cache-Control", edge})
		if h.tagHeader != "" {
			p.fields = append(p.fields, field{h.tagHeader, joinTags(h.tagHeader, []string{pages.All, pages.PathSubject(path)})})
		}
	}
	p.validate(f.ETag, f.Modified)
	p.bodies = bodiesOf(f.ETag, f.Data, f.Gzip, f.Brotli, f.Zstd)
	if f.ETag != "" {
		// Without a tag nobody could say when this is out of date.
		h.known.Store(path, p)
	}
	return p
}

// file answers with a file.
func (h *Handler) file(w http.ResponseWriter, r *http.Request, path string, f File) {
	m := match{path: path, locale: h.defaultLocale()}
	if !reads(r.Method) {
		h.methods(w, r, m)
		return
	}
	p := h.preparedFor(path, f)
	header := w.Header()
	if r.Method == http.MethodGet && len(r.Header["Range"]) > 0 {
		// Ranges are of the bytes without coding, whatever else is accepted,
		// so that they fit together whoever asked for the parts before.
		for _, fields := range [...][]field{p.fields, p.describing} {
			for _, f := range fields {
				header[f.name] = f.values
			}
		}
		if p.conditional {
			header["Etag"] = p.bodies[identity].etag
		}
		vary(header, p.vary)
		if len(f.Data) > large {
			grant(w, r, len(f.Data))
		}
		http.ServeContent(&writer{ResponseWriter: w, h: h}, r, "", f.Modified, bytes.NewReader(f.Data))
		return
	}
	b, verdict := p.choose(r)
	if verdict == http.StatusPreconditionFailed {
		h.fail(w, r, m, errPrecondition)
		return
	}
	for i := range p.fields {
		header[p.fields[i].name] = p.fields[i].values
	}
	p.send(w, r, b, verdict)
}
