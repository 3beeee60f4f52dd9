// Files: assets that never change, and static ones.

package answer

import (
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// A File is what is served at one path.
type File struct {
	ContentType string
	Immutable   bool      // its path names its content: caches need not ask again
	ETag        string    // of Data, without quotes. Default: none
	Modified    time.Time // zero: not told
	Data        []byte
	Gzip        []byte // Data compressed; nil where there is no such twin
	Brotli      []byte
	Zstd        []byte
}

// PrepareFile makes what of the answer for a file need not be made for every
// request.
func (w *Writer) PrepareFile(path string, f File) *Prepared {
	p := &Prepared{status: http.StatusOK, vary: valueVary, conditional: f.ETag != ""}
	o := &p.offer
	*o = offer{control: valuePublic, browser: valueBrowser, edge: valueYear}
	if f.Immutable {
		o.control, o.browser, o.edge = valueImmutable, valueOwnAsset, valueImmutable
	}
	if f.ContentType != "" {
		p.describing = append(p.describing, Field{"Content-Type", []string{f.ContentType}})
	}
	p.fields = append(p.fields, Field{"Accept-Ranges", []string{"bytes"}})
	if w.tagHeader != "" {
		o.tags = joinTags(w.tagHeader, []string{pages.All, pages.PathSubject(path)})
	}
	p.validate(f.ETag, f.Modified)
	p.bodies = bodiesOf(f.ETag, f.Data, f.Gzip, f.Brotli, f.Zstd)
	return p
}
