// The picture as a PNG, and its colors.

package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strings"

	"github.com/gorgon-go/gorgon"
)

// A shade is a color of the palette.
type shade struct {
	Name string `json:"name"`
	RGB  string `json:"rgb"`
}

// palette has the colors by their numbers. New pixels have the first one.
var palette = [16]shade{
	{"White", "#ffffff"}, {"Silver", "#c8ced8"}, {"Slate", "#6c7689"}, {"Ink", "#1e2434"},
	{"Red", "#d63a42"}, {"Orange", "#ee8a2e"}, {"Yellow", "#f8d24e"}, {"Lime", "#a2d152"},
	{"Green", "#2f9a5d"}, {"Teal", "#1d8589"}, {"Sky", "#67bfe9"}, {"Blue", "#2e62c6"},
	{"Violet", "#7650bd"}, {"Pink", "#f096b8"}, {"Brown", "#875739"}, {"Sand", "#eccda5"},
}

// colors is the palette for package image.
func colors() color.Palette {
	var list color.Palette
	for _, s := range palette {
		var r, g, b uint8
		if _, err := fmt.Sscanf(s.RGB, "#%02x%02x%02x", &r, &g, &b); err != nil {
			panic(err) // the table above is part of the program
		}
		list = append(list, color.RGBA{r, g, b, 255})
	}
	return list
}

// swatches are a style for each color.
func swatches() gorgon.Style {
	var b strings.Builder
	for i, s := range palette {
		fmt.Fprintf(&b, ".c%d{--c:%s}", i, s.RGB)
	}
	return gorgon.Style(b.String())
}

// drawn is a picture with pixels of a size.
func drawn(pixels []byte, size int) ([]byte, error) {
	m := image.NewPaletted(image.Rect(0, 0, side*size, side*size), colors())
	for y := range side * size {
		for x := range side * size {
			m.SetColorIndex(x, y, pixels[y/size*side+x/size])
		}
	}
	var b bytes.Buffer
	err := png.Encode(&b, m)
	return b.Bytes(), err
}

// showPicture answers with the picture as it is now.
func showPicture(w http.ResponseWriter, r *http.Request) {
	key := r.PathValue("key")
	if !isKey(key) {
		http.NotFound(w, r)
		return
	}
	c, at, err := canvas.Look(r.Context(), key)
	if err != nil {
		http.Error(w, "The picture cannot be read at the moment.", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=2")
	w.Header().Set("ETag", `"`+at.String()+`"`)
	if r.Header.Get("If-None-Match") == `"`+at.String()+`"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	data, err := drawn(c.Pixels, 12)
	if err != nil {
		http.Error(w, "The picture cannot be drawn.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(data) // the browser may have left
}
