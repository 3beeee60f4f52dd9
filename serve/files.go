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
	ETag        string    // of Data, without quotes. Default: none
	Modified    time.Time // zero: not told
	Data        []byte
	Gzip        []byte // Data compressed; nil where there is no such twin
	Brotli      []byte
	Zstd        []byte
}

// fileAt finds the file at a path, and makes once what can be made of it.
func (h *Handler) fileAt(path string) (*prepared, bool) {
	if h.files == nil {
		return nil, false
	}
	if known, ok := h.known.Load(path); ok {
		return known.(*prepared), true
	}
	f, ok := h.files(path)
	if !ok {
		return nil, false
	}
	p := h.prepareFile(path, f)
	h.known.Store(path, p)
	return p, true
}

func (h *Handler) prepareFile(path string, f File) *prepared {
	p := &prepared{status: http.StatusOK, vary: valueVary, conditional: f.ETag != ""}
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
	return p
}

// file answers with a file.
func (h *Handler) file(w http.ResponseWriter, r *http.Request, path string, p *prepared) {
	m := match{path: path, locale: h.defaultLocale()}
	if !reads(r.Method) {
		h.methods(w, r, m)
		return
	}
	header := w.Header()
	if r.Method == http.MethodGet && len(r.Header["Range"]) > 0 {
		// Ranges are of the bytes without coding, whatever else is accepted,
		// so that they fit together whoever asked for the parts before.
		for _, fields := range [...][]field{p.fields, p.describing} {
			for _, f := range fields {
				header[f.name] = f.values
			}
		}
		plain := &p.bodies[identity]
		if p.conditional {
			header["Etag"] = plain.etag
		}
		vary(header, p.vary)
		if len(plain.data) > large {
			grant(w, r, len(plain.data))
		}
		http.ServeContent(&writer{ResponseWriter: w, h: h}, r, "", p.validator.modified, bytes.NewReader(plain.data))
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
