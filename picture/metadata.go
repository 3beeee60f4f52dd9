// The metadata of an image file.

package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
	"iter"
)

// metadata is the part that affects how an image is shown.
type metadata struct {
	orientation int // Exif's number, from 1 to 8; 0 for unknown
	animated    bool
	profile     []byte     // ICC; nil for none
	chunks      []pngChunk // of a PNG: colours described in other ways than by a profile
}

// maxProfile limits the size of a colour profile; those of cameras and screens
// have a few kilobytes, those for print up to two megabytes.
const maxProfile = 4 << 20

// profileSpace returns the colour space of the profile: "RGB ", "GRAY", "CMYK";
// "" without a profile.
func (m metadata) profileSpace() string {
	if len(m.profile) < 128 {
		return ""
	}
	return string(m.profile[16:20])
}

// setProfile keeps a profile that browsers apply.
func (m *metadata) setProfile(icc []byte) {
	if len(icc) >= 128 && string(icc[36:40]) == "acsp" {
		m.profile = icc
	}
}

// read finds the metadata of a JPEG, PNG or WebP. Damaged metadata counts as
// none: whether the image itself is valid is for its decoder to decide.
func read(data []byte) (metadata, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8")):
		return readJPEG(data), nil
	case bytes.HasPrefix(data, []byte(pngSignature)):
		return readPNG(data)
	case isWebP(data):
		return readWebP(data), nil
	}
	return metadata{}, nil
}

// A jpegSegment is one part of a JPEG: a marker and its content.
type jpegSegment struct {
	marker byte
	body   []byte // without marker and length
	whole  []byte // with both, and for a scan with the pixels after it
}

const (
	markerStartOfScan = 0xda
	markerEnd         = 0xd9
	exifHeader        = "Exif\x00\x00"
	iccHeader         = "ICC_PROFILE\x00"
)

// jpegSegments are the segments between start and end of image, up to the first
// damage.
func jpegSegments(data []byte) iter.Seq[jpegSegment] {
	return func(yield func(jpegSegment) bool) {
		for i := 2; i+4 <= len(data) && data[i] == 0xff && data[i+1] != markerEnd; {
			if data[i+1] == 0xff { // fill byte
				i++
				continue
			}
			size := int(binary.BigEndian.Uint16(data[i+2:]))
			if size < 2 || i+2+size > len(data) {
				return
			}
			end := i + 2 + size
			if data[i+1] == markerStartOfScan {
				end = scanEnd(data, end)
			}
			if !yield(jpegSegment{data[i+1], data[i+4 : i+2+size], data[i:end]}) {
				return
			}
			i = end
		}
	}
}

// scanEnd returns the end of the compressed pixels that begin at an offset.
func scanEnd(data []byte, at int) int {
	for ; at+1 < len(data); at++ {
		if next := data[at+1]; data[at] == 0xff && next != 0 && next != 0xff && (next < 0xd0 || next > 0xd7) {
			return at
		}
	}
	return len(data)
}

func readJPEG(data []byte) metadata {
	var m metadata
	parts := map[byte][]byte{}
	var count byte
	for s := range jpegSegments(data) {
		switch {
		case s.marker == 0xe1 && bytes.HasPrefix(s.body, []byte(exifHeader)) && m.orientation == 0:
			m.orientation = orientationOf(s.body[len(exifHeader):])
		case s.marker == 0xe2 && bytes.HasPrefix(s.body, []byte(iccHeader)) && len(s.body) > len(iccHeader)+2:
			part := s.body[len(iccHeader):]
			parts[part[0]], count = part[2:], part[1]
		}
	}
	if int(count) == len(parts) && count > 0 {
		var icc []byte
		for n := byte(1); n != 0 && n <= count; n++ {
			icc = append(icc, parts[n]...)
		}
		m.setProfile(icc)
	}
	return m
}

const pngSignature = "\x89PNG\r\n\x1a\n"

// A pngChunk is one part of a PNG.
type pngChunk struct {
	kind string
	body []byte
}

func pngChunks(data []byte) iter.Seq[pngChunk] {
	return func(yield func(pngChunk) bool) {
		for at := len(pngSignature); at+12 <= len(data); {
			size := int64(binary.BigEndian.Uint32(data[at:]))
			if size > int64(len(data)-at-12) {
				return
			}
			if !yield(pngChunk{string(data[at+4 : at+8]), data[at+8 : at+8+int(size)]}) {
				return
			}
			at += 12 + int(size)
		}
	}
}

func readPNG(data []byte) (metadata, error) {
	var m metadata
	described := false // by sRGB or a profile, which override gAMA and cHRM
	for c := range pngChunks(data) {
		switch c.kind {
		case "acTL":
			m.animated = true
		case "eXIf":
			m.orientation = orientationOf(c.body)
		case "sRGB":
			described = true
		case "iCCP":
			icc, err := unpackProfile(c.body)
			if err != nil {
				return m, err
			}
			m.setProfile(icc)
			described = described || m.profile != nil
		case "gAMA", "cHRM", "cICP", "mDCV", "cLLI":
			m.chunks = append(m.chunks, c)
		}
	}
	if described {
		kept := m.chunks[:0]
		for _, c := range m.chunks {
			if c.kind != "gAMA" && c.kind != "cHRM" {
				kept = append(kept, c)
			}
		}
		m.chunks = kept
	}
	return m, nil
}

// unpackProfile reads the body of iCCP: a name, a zero byte, the method, and
// the compressed profile.
func unpackProfile(body []byte) ([]byte, error) {
	name := bytes.IndexByte(body, 0)
	if name < 0 || len(body) < name+2 || body[name+1] != 0 {
		return nil, nil
	}
	r, err := zlib.NewReader(bytes.NewReader(body[name+2:]))
	if err != nil {
		return nil, nil
	}
	icc, err := io.ReadAll(io.LimitReader(r, maxProfile+1))
	switch {
	case len(icc) > maxProfile:
		return nil, errors.New("its colour profile is larger than 4 MiB: save it as sRGB")
	case err != nil:
		return nil, nil
	}
	return icc, nil
}

func isWebP(data []byte) bool {
	return len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP"
}

// webpChunks are the chunks of a WebP, without their padding.
func webpChunks(data []byte) iter.Seq[pngChunk] {
	return func(yield func(pngChunk) bool) {
		for at := 12; at+8 <= len(data); {
			size := int64(binary.LittleEndian.Uint32(data[at+4:]))
			if size > int64(len(data)-at-8) {
				return
			}
			if !yield(pngChunk{string(data[at : at+4]), data[at+8 : at+8+int(size)]}) {
				return
			}
			at += 8 + int(size+size%2)
		}
	}
}

// Flags of the chunk VP8X.
const (
	webpAnimated = 0x02
	webpXMP      = 0x04
	webpExif     = 0x08
	webpAlpha    = 0x10
	webpProfile  = 0x20
)

func readWebP(data []byte) metadata {
	var m metadata
	for c := range webpChunks(data) {
		switch c.kind {
		case "VP8X":
			m.animated = len(c.body) > 0 && c.body[0]&webpAnimated != 0
		case "ANIM":
			m.animated = true
		case "ICCP":
			m.setProfile(c.body)
		case "EXIF":
			m.orientation = orientationOf(bytes.TrimPrefix(c.body, []byte(exifHeader)))
		}
	}
	return m
}
