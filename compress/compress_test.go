// Compressed variants decode to the page, and are the same every time, whatever
// else is compressed at the same time.

package compress

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// table is a page with a table of n rows, about 100 bytes each.
func table(n int) []byte {
	var b bytes.Buffer
	b.WriteString("<!doctype html><html lang=en><head><title>Products</title></head><body><table>\n")
	for i := range n {
		id := i * 7919 % 10007
		fmt.Fprintf(&b, `<tr class="row"><td>%d</td><td><a href="/products/%d">Product number %d</a></td><td>%d.%02d</td></tr>`+"\n",
			i, id, id, i*31%97, i*37%100)
	}
	b.WriteString("</table></body></html>\n")
	return b.Bytes()
}

// prose is a page of n bytes that is mostly text of a skewed vocabulary.
func prose(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	words := make([]string, 2000)
	for i := range words {
		w := make([]byte, 2+r.IntN(9))
		for j := range w {
			w[j] = "eeeetttaaaooiinnsshhrrdlcumwfgypbvk"[r.IntN(35)]
		}
		words[i] = string(w)
	}
	var b bytes.Buffer
	for b.Len() < n {
		b.WriteString("<p>")
		for range 40 + r.IntN(40) {
			b.WriteString(words[int(float64(len(words))*r.Float64()*r.Float64()*r.Float64())] + " ")
		}
		b.WriteString("<code>go</code></p>\n")
	}
	return b.Bytes()[:n]
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

var inputs = []struct {
	name string
	html []byte
}{
	{"table 20 KB", table(200)},
	{"prose 20 KB", prose(20_000)},
	{"smallest", table(2)[:minSize]},
	{"one block", prose(1 << 16)},
	{"above a block", prose(1<<16 + 1)},
	{"1.2 MB", append(table(10_000), prose(200_000)...)},
	{"zeros", make([]byte, 100_000)},
	{"noise", noise(20_000)},
	{"noise and text", append(noise(70_000), table(300)...)},
}

// largestForBest keeps the tests quick: Best takes 2 ms per KB.
const largestForBest = 20_500

func decode(t testing.TB, coding string, r io.Reader) []byte {
	t.Helper()
	var err error
	switch coding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "br":
		r = brotli.NewReader(r)
	case "zstd":
		var d *zstd.Decoder
		d, err = zstd.NewReader(r, zstd.WithDecoderMaxWindow(MaxWindow), zstd.WithDecoderConcurrency(1))
		if err == nil {
			defer d.Close()
		}
		r = d
	}
	if err != nil {
		t.Fatalf("%s: %v", coding, err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("%s: %v", coding, err)
	}
	return data
}

func TestTwinsDecodeToThePage(t *testing.T) {
	for _, effort := range []Effort{Fast, Good, Best} {
		for _, in := range inputs {
			if effort == Best && len(in.html) > largestForBest {
				continue
			}
			gz, br, zs := effort.Variants(in.html)
			for coding, variant := range map[string][]byte{"gzip": gz, "br": br, "zstd": zs} {
				if variant == nil {
					if in.name != "noise" && in.name != "smallest" {
						t.Errorf("%v %s: %s variant is missing", effort, in.name, coding)
					}
					continue
				}
				if len(variant)+minGain > len(in.html) {
					t.Errorf("%v %s: %s variant of %d bytes is not worth it", effort, in.name, coding, len(variant))
				}
				if cap(variant) > len(variant)+len(variant)/4+64 {
					t.Errorf("%v %s: %s variant of %d bytes holds %d", effort, in.name, coding, len(variant), cap(variant))
				}
				if !bytes.Equal(decode(t, coding, bytes.NewReader(variant)), in.html) {
					t.Errorf("%v %s: %s variant decodes to something else", effort, in.name, coding)
				}
			}
		}
	}
}

func TestNoTwinWhereNotWorthIt(t *testing.T) {
	for _, c := range []struct {
		effort Effort
		html   []byte
	}{
		{None, table(200)},
		{Effort(-1), table(200)},
		{Effort(99), table(200)},
		{Fast, nil},
		{Fast, table(200)[:minSize-1]},
		{Fast, noise(20_000)},
		{Best, noise(300)},
	} {
		if gz, br, zs := c.effort.Variants(c.html); gz != nil || br != nil || zs != nil {
			t.Errorf("%v: %d bytes got variants of %d, %d and %d", c.effort, len(c.html), len(gz), len(br), len(zs))
		}
	}
}

func TestGzipHeaderSaysNothing(t *testing.T) {
	gz, _, _ := Fast.Variants(table(200))
	if !bytes.Equal(gz[3:8], make([]byte, 5)) { // flags and time
		t.Errorf("header % x", gz[:10])
	}
}

// An encoder that has compressed other pages produces the same bytes as a new
// one.
func TestTwinsDependOnThePageAlone(t *testing.T) {
	for _, effort := range []Effort{Fast, Good, Best} {
		used := newEncoders(effort)
		for _, in := range inputs { // so that the first page is not the first
			if effort != Best || len(in.html) <= largestForBest {
				used.all(effort, in.html)
			}
		}
		for _, in := range inputs {
			if effort == Best && len(in.html) > largestForBest {
				continue
			}
			if used.all(effort, in.html) != newEncoders(effort).all(effort, in.html) {
				t.Errorf("%v %s: the variants differ after other pages", effort, in.name)
			}
		}
	}
}

func (p *encoders) all(e Effort, html []byte) (variants [3]string) {
	variants[0] = string(p.stream(p.gzip, html))
	variants[1] = string(p.stream(p.brotliFor(e, html), html))
	variants[2] = string(p.zstd.EncodeAll(html, nil))
	return variants
}

func TestZstdWindow(t *testing.T) {
	big := make([]byte, MaxWindow+1)
	for _, effort := range []Effort{Fast, Good, Best} {
		var h zstd.Header
		if err := h.Decode(newEncoders(effort).zstd.EncodeAll(big, nil)); err != nil {
			t.Fatal(err)
		}
		if h.WindowSize > MaxWindow || h.SingleSegment {
			t.Errorf("%v: window %d, single segment %v", effort, h.WindowSize, h.SingleSegment)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	pages := [][]byte{table(200), prose(20_000), table(30)}
	type variants [3]string
	of := func(html []byte) variants {
		gz, br, zs := Fast.Variants(html)
		return variants{string(gz), string(br), string(zs)}
	}
	var want []variants
	for _, p := range pages {
		want = append(want, of(p))
	}
	var wg sync.WaitGroup
	for g := range 4 * runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range 30 {
				n := (g + i) % len(pages)
				if of(pages[n]) != want[n] {
					t.Errorf("page %d differs", n)
				}
			}
		})
	}
	wg.Wait()
}

func TestEffortIsAFlag(t *testing.T) {
	var e Effort
	if e != Fast || e.String() != "fast" {
		t.Errorf("the zero effort is %v", e)
	}
	for _, name := range strings.Split(e.Type(), "|") {
		if err := e.Set(name); err != nil || e.String() != name {
			t.Errorf("%s: %v, %v", name, e, err)
		}
	}
	if err := e.Set("Slow"); err == nil || !strings.Contains(err.Error(), "none, fast, good or best") {
		t.Errorf("error %v", err)
	}
	if s := Effort(7).String(); s != "Effort(7)" {
		t.Error(s)
	}
}

func BenchmarkTwins(b *testing.B) {
	for _, effort := range []Effort{Fast, Good, Best} {
		for _, in := range inputs[:2] {
			b.Run(effort.String()+"/"+strings.ReplaceAll(in.name, " ", "-"), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(in.html)))
				var gz, br, zs []byte
				for b.Loop() {
					gz, br, zs = effort.Variants(in.html)
				}
				part := func(variant []byte) float64 { return 100 * float64(len(variant)) / float64(len(in.html)) }
				b.ReportMetric(part(gz), "gzip-%")
				b.ReportMetric(part(br), "br-%")
				b.ReportMetric(part(zs), "zstd-%")
			})
		}
	}
}
