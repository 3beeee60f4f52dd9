package answer_test

import (
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
)

// What can be kept is prepared once, and each request chooses from it.
func Example() {
	w, err := answer.New(gorgon.App{})
	if err != nil {
		fmt.Println(err)
		return
	}
	style := w.PrepareFile("/style.css", answer.File{ContentType: "text/css", ETag: "v1", Data: []byte("body{}"), Gzip: []byte("packed")})

	ask := func(header, value string) {
		r := httptest.NewRequest("GET", "/style.css", nil)
		r.Header.Set(header, value)
		res := httptest.NewRecorder()
		w.File(res, r, style.Choose(r, 0))
		fmt.Println(res.Code, strings.TrimSpace(res.Header().Get("Content-Encoding")+" "+res.Header().Get("Etag")), res.Header().Get("Vary"))
	}
	ask("Accept-Encoding", "gzip")
	ask("If-None-Match", `"v1"`)

	// An answer that a guard decided about is kept by no cache.
	r := httptest.NewRequest("GET", "/style.css", nil)
	res := httptest.NewRecorder()
	w.File(res, r, style.Choose(r, answer.Guarded))
	fmt.Println(res.Code, res.Header().Get("Cache-Control"))
	// Output:
	// 200 gzip "v1-gzip" Accept-Encoding
	// 304 "v1" Accept-Encoding
	// 200 private, no-store
}

// A purge of a CDN writes subjects as the tag header does.
func ExampleEdgeTags() {
	fmt.Println(answer.EdgeTags([]string{"tag:sale", "path:/a b", "all"}))
	// Output: [sale path:/a%20b all]
}
