// Adding colour descriptions to files, and removing everything else.

package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
)

// attachToJPEG inserts the profile after the start of the file, in as many
// segments as needed.
func attachToJPEG(file []byte, meta metadata) []byte {
	const most = 65533 - len(iccHeader) - 2
	if len(meta.profile) == 0 || len(meta.profile) > 255*most {
		return file
	}
	count := (len(meta.profile) + most - 1) / most
	out := append([]byte{}, file[:2]...)
	for n := range count {
		part := meta.profile[n*most : min((n+1)*most, len(meta.profile))]
		out = append(out, 0xff, 0xe2)
		out = binary.BigEndian.AppendUint16(out, uint16(2+len(iccHeader)+2+len(part)))
		out = append(out, iccHeader...)
		out = append(out, byte(n+1), byte(count))
		out = append(out, part...)
	}
	return append(out, file[2:]...)
}

// attachToPNG inserts profile and chunks after the header, before the palette
// and the pixels.
func attachToPNG(file []byte, meta metadata) []byte {
	chunks := meta.chunks
	if len(meta.profile) > 0 {
		var b bytes.Buffer
		b.WriteString("icc\x00\x00")
		z := zlib.NewWriter(&b)
		_, _ = z.Write(meta.profile) // to memory
		_ = z.Close()
		chunks = append([]pngChunk{{"iCCP", b.Bytes()}}, chunks...)
	}
	if len(chunks) == 0 {
		return file
	}
	header := len(pngSignature) + 12 + 13
	out := append([]byte{}, file[:header]...)
	for _, c := range chunks {
		out = appendPNG(out, c)
	}
	return append(out, file[header:]...)
}

func appendPNG(out []byte, c pngChunk) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(c.body)))
	at := len(out)
	out = append(append(out, c.kind...), c.body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[at:]))
}

// attachToWebP converts a file with only pixels to the extended form, with the
// profile before the pixels.
func attachToWebP(file []byte, meta metadata) []byte {
	if len(meta.profile) == 0 {
		return file
	}
	for c := range webpChunks(file) {
		if c.kind != "VP8L" || len(c.body) < 5 {
			continue
		}
		bits := binary.LittleEndian.Uint32(c.body[1:])
		extended := make([]byte, 10)
		extended[0] = webpProfile
		if bits&(1<<28) != 0 {
			extended[0] |= webpAlpha
		}
		put24(extended[4:], bits&0x3fff)     // width - 1
		put24(extended[7:], bits>>14&0x3fff) // height - 1
		return webpOf([]pngChunk{{"VP8X", extended}, {"ICCP", meta.profile}, c})
	}
	return file
}

func put24(b []byte, n uint32) { b[0], b[1], b[2] = byte(n), byte(n>>8), byte(n>>16) }

func webpOf(chunks []pngChunk) []byte {
	out := []byte("RIFF\x00\x00\x00\x00WEBP")
	for _, c := range chunks {
		out = append(out, c.kind...)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(c.body)))
		out = append(out, c.body...)
		if len(c.body)%2 == 1 {
			out = append(out, 0)
		}
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out
}

// bare returns the file without the parts that do not affect how it is shown:
// it is what the author saved, and may be smaller than an encoding of its
// pixels. It is nil if the file is damaged.
func (p *Picture) bare() []byte {
	switch p.format {
	case "jpeg":
		return bareJPEG(p.data)
	case "png":
		return barePNG(p.data)
	case "webp":
		return bareWebP(p.data)
	}
	return nil
}

func bareJPEG(data []byte) []byte {
	out := []byte("\xff\xd8")
	scans := 0
	for s := range jpegSegments(data) {
		switch {
		case s.marker == 0xe2 && !bytes.HasPrefix(s.body, []byte(iccHeader)):
			continue
		case s.marker == 0xfe, s.marker >= 0xe0 && s.marker <= 0xef && s.marker != 0xe0 && s.marker != 0xe2 && s.marker != 0xee:
			continue // a comment, or an application's own data: Exif, XMP, thumbnails
		case s.marker == markerStartOfScan:
			scans++
		}
		out = append(out, s.whole...)
	}
	if scans == 0 {
		return nil
	}
	return append(out, 0xff, markerEnd)
}

func barePNG(data []byte) []byte {
	out := []byte(pngSignature)
	for c := range pngChunks(data) {
		switch c.kind {
		case "IHDR", "PLTE", "tRNS", "IDAT", "iCCP", "sRGB", "gAMA", "cHRM", "cICP", "mDCV", "cLLI", "sBIT":
			out = appendPNG(out, c)
		case "IEND":
			return appendPNG(out, c)
		}
	}
	return nil
}

func bareWebP(data []byte) []byte {
	var chunks []pngChunk
	for c := range webpChunks(data) {
		switch c.kind {
		case "EXIF", "XMP ":
			continue
		case "VP8X":
			if len(c.body) < 10 {
				return nil
			}
			c.body = bytes.Clone(c.body)
			c.body[0] &^= webpExif | webpXMP
		}
		chunks = append(chunks, c)
	}
	return webpOf(chunks)
}
