// Images as they are written, and as others read them.

package oci_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/gorgon-go/gorgon/deploy/oci"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/testbed"
)

var update = flag.Bool("update", false, "write the golden files")

// program is the head of a program for Linux, which is all that is looked at.
func program(machine elf.Machine, needs ...elf.ProgType) []byte {
	h := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Ehsize: 64,
		Phoff: 64, Phentsize: 56, Phnum: uint16(len(needs)),
	}
	var b bytes.Buffer
	_ = binary.Write(&b, binary.LittleEndian, h) // a buffer takes everything
	for _, n := range needs {
		_ = binary.Write(&b, binary.LittleEndian, elf.Prog64{Type: uint32(n)})
	}
	return b.Bytes()
}

var commitTime = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// about is a manifest for linux/amd64 without its files.
func about() pack.Manifest {
	return pack.Manifest{
		Kind: pack.Kind, Format: pack.Format, App: "shop", Build: "4f1cQ-zz", Commit: "0123456789abcdef0123456789abcdef01234567",
		Origin: "https://shop.example.com", MadeAt: commitTime, Go: "go1.26.8", OS: "linux", Arch: "amd64",
		Program: "shop", Seed: "shop.seed", Pages: 2,
		Parts: []plan.Part{{Name: "page /", How: "built"}},
	}
}

// contents are the files of a package for one platform.
func contents(machine elf.Machine) map[string][]byte {
	return map[string][]byte{
		"shop": program(machine), "shop.seed": []byte("pages"), pack.SBOMName: []byte("{}"),
		"licenses/gorgon.txt": []byte("a licence"),
	}
}

// pkg writes a package by hand.
func pkg(t *testing.T, m pack.Manifest, files map[string][]byte) string {
	t.Helper()
	folder := t.TempDir()
	var sums strings.Builder
	for name, data := range files {
		m.Files = append(m.Files, described(name, data))
		put(t, filepath.Join(folder, name), data)
	}
	slices.SortFunc(m.Files, func(a, b pack.File) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range m.Files {
		fmt.Fprintf(&sums, "%s  %s\n", f.SHA256, f.Name)
	}
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(folder, pack.ManifestName), data)
	put(t, filepath.Join(folder, pack.SumsName), []byte(sums.String()))
	return folder
}

// described is a file as a manifest lists it.
func described(name string, data []byte) pack.File {
	sum := sha256.Sum256(data)
	return pack.File{Name: name, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
}

func put(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func amd64(t *testing.T) string { return pkg(t, about(), contents(elf.EM_X86_64)) }

func arm64(t *testing.T) string {
	m := about()
	m.Arch, m.Build = "arm64", "9a8bQ-zz"
	return pkg(t, m, contents(elf.EM_AARCH64))
}

func write(t *testing.T, image oci.Image) (folder string, r oci.Result) {
	t.Helper()
	folder = t.TempDir()
	r, err := oci.Write(t.Context(), image, folder)
	if err != nil {
		t.Fatal(err)
	}
	return folder, r
}

// read reads a layout that was written.
func read(t *testing.T, folder string) v1.ImageIndex {
	t.Helper()
	index, err := layout.ImageIndexFromPath(filepath.Join(folder, oci.LayoutName))
	if err != nil {
		t.Fatal(err)
	}
	m, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Manifests) != 1 {
		t.Fatalf("index.json lists %d images, want 1", len(m.Manifests))
	}
	inner, err := index.ImageIndex(m.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return inner
}

func image(t *testing.T, index v1.ImageIndex, digest string) v1.Image {
	t.Helper()
	h, err := v1.NewHash(digest)
	if err != nil {
		t.Fatal(err)
	}
	i, err := index.Image(h)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestBothPlatforms(t *testing.T) {
	folder, r := write(t, oci.Image{
		Name: "registry.example.com/shop:4f1c", Packages: []string{amd64(t), arm64(t)},
		Env: map[string]string{"GORGON_STORE": "disk:/data/store"}, Labels: map[string]string{"org.opencontainers.image.source": "https://git.example.com/shop"},
	})
	index := read(t, folder)
	if err := validate.Index(index); err != nil {
		t.Fatal(err)
	}
	if d, err := index.Digest(); err != nil || d.String() != r.Digest {
		t.Errorf("the index has digest %s (%v), and Write said %s", d, err, r.Digest)
	}
	m, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"linux/amd64", "linux/arm64"} {
		if got := m.Manifests[i].Platform.String(); got != want || r.Platforms[i].String() != want {
			t.Errorf("image %d is for %s, and Write said %s; want %s", i, got, r.Platforms[i], want)
		}
		if got := m.Manifests[i].Digest.String(); got != r.Platforms[i].Digest {
			t.Errorf("%s has digest %s, and Write said %s", want, got, r.Platforms[i].Digest)
		}
	}
	if _, said := m.Annotations["org.opencontainers.image.version"]; said {
		t.Error("the index of two platforms has the version of one")
	}
	one := image(t, index, r.Platforms[1].Digest)
	file, err := one.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if !file.Created.Equal(commitTime) {
		t.Errorf("created %s, want %s", file.Created, commitTime)
	}
	want := v1.Config{
		User: "65532:65532", Entrypoint: []string{"/app/shop"}, Cmd: []string{"serve"}, WorkingDir: "/", StopSignal: "SIGTERM",
		Env:          []string{"GORGON_HOST=0.0.0.0", "GORGON_PORT=8080", "GORGON_STANDALONE=true", "GORGON_STORE=disk:/data/store"},
		ExposedPorts: map[string]struct{}{"8080/tcp": {}},
		Healthcheck: &v1.HealthConfig{
			Test: []string{"CMD", "/app/shop", "health"}, Interval: 10 * time.Second, Timeout: 3 * time.Second, StartPeriod: 30 * time.Second, Retries: 3,
		},
		Labels: map[string]string{
			"org.opencontainers.image.title": "shop", "org.opencontainers.image.version": "9a8bQ-zz",
			"org.opencontainers.image.revision": about().Commit, "org.opencontainers.image.created": "2026-03-04T05:06:07Z",
			"org.opencontainers.image.url": "https://shop.example.com", "org.opencontainers.image.source": "https://git.example.com/shop",
		},
	}
	if diff := cmp.Diff(want, file.Config); diff != "" {
		t.Errorf("the config differs (-want +got):\n%s", diff)
	}
}

// A base path is the package's, and the program must know it to find its seed.
func TestBasePath(t *testing.T) {
	m := about()
	m.Base = "/docs"
	folder, r := write(t, oci.Image{Packages: []string{pkg(t, m, contents(elf.EM_X86_64))}})
	file, err := image(t, read(t, folder), r.Platforms[0].Digest).ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(file.Config.Env, "GORGON_BASE_PATH=/docs") {
		t.Errorf("the environment is %q: GORGON_BASE_PATH=/docs is missing", file.Config.Env)
	}
	if want := "docker.io/library/shop:latest"; r.Name != want {
		t.Errorf("the name is %s, want %s", r.Name, want)
	}
}

func TestFiles(t *testing.T) {
	folder, r := write(t, oci.Image{Packages: []string{amd64(t)}})
	layers, err := image(t, read(t, folder), r.Platforms[0].Digest).Layers()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i, l := range layers {
		fmt.Fprintf(&b, "layer %d\n", i)
		plain, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		defer plain.Close()
		for r := tar.NewReader(plain); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%c %04o %d:%d %s%s %s\n", h.Typeflag, h.Mode, h.Uid, h.Gid, h.Uname, h.Gname, h.Name)
			if !h.ModTime.Equal(time.Unix(0, 0)) {
				t.Errorf("%s has the time %s, want that of 1970", h.Name, h.ModTime)
			}
		}
	}
	golden(t, "files.txt", []byte(b.String()))
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		put(t, file, got)
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs; -update writes it (-want +got):\n%s", file, diff)
	}
}

func TestTheSameTwice(t *testing.T) {
	var archives [2][]byte
	var results [2]oci.Result
	for i := range archives {
		// Each time in other folders, made at another time.
		packages := []string{amd64(t), arm64(t)}
		if i == 1 {
			old := time.Unix(1e9, 0)
			if err := errors.Join(os.Chtimes(filepath.Join(packages[0], "shop"), old, old), os.Chmod(filepath.Join(packages[0], "shop"), 0o700)); err != nil {
				t.Fatal(err)
			}
		}
		folder, r := write(t, oci.Image{Packages: packages})
		data, err := os.ReadFile(filepath.Join(folder, oci.ArchiveName))
		if err != nil {
			t.Fatal(err)
		}
		archives[i], results[i] = data, r
	}
	if results[0].Digest != results[1].Digest {
		t.Errorf("the digests are %s and %s", results[0].Digest, results[1].Digest)
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("the archives differ")
	}
	if bytes.Contains(archives[0], []byte(filepath.Dir(t.TempDir()))) {
		t.Error("the archive names a folder of this machine")
	}
}

// Skopeo, run by a user, cannot unpack an archive whose folders it has to make
// up: it would give them to root.
func TestArchiveNamesItsFolders(t *testing.T) {
	folder, _ := write(t, oci.Image{Packages: []string{amd64(t)}})
	f, err := os.Open(filepath.Join(folder, oci.ArchiveName))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var names []string
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		parent, _ := path.Split(strings.TrimSuffix(h.Name, "/"))
		if parent != "" && !slices.Contains(names, parent) {
			t.Errorf("%s comes before its folder", h.Name)
		}
		names = append(names, h.Name)
	}
	want := []string{"manifest.json", "oci-layout", "index.json", "blobs/", "blobs/sha256/"}
	if len(names) < len(want) || !slices.Equal(names[:len(want)], want) {
		t.Errorf("the archive begins with %q, want %q", names, want)
	}
}

// What did not change is not pulled again.
func TestLayersStay(t *testing.T) {
	var before []v1.Layer
	for i, kept := range []int{0, 2, 1} {
		m, files := about(), contents(elf.EM_X86_64)
		m.MadeAt = m.MadeAt.Add(time.Duration(i) * time.Hour)
		if i >= 1 {
			files["shop.seed"] = []byte("other pages")
		}
		if i == 2 {
			files["shop"] = append(files["shop"], "other code"...)
		}
		folder, r := write(t, oci.Image{Packages: []string{pkg(t, m, files)}})
		layers, err := image(t, read(t, folder), r.Platforms[0].Digest).Layers()
		if err != nil {
			t.Fatal(err)
		}
		if len(layers) != 3 {
			t.Fatalf("%d layers, want 3", len(layers))
		}
		for j := range before {
			was, _ := before[j].DiffID()
			is, _ := layers[j].DiffID()
			if (was == is) != (j < kept) {
				t.Errorf("change %d: layer %d: was %s, is %s, and %d should stay", i, j, was, is, kept)
			}
		}
		before = layers
	}
}

func TestCertificates(t *testing.T) {
	folder, r := write(t, oci.Image{Packages: []string{amd64(t)}})
	layers, err := image(t, read(t, folder), r.Platforms[0].Digest).Layers()
	if err != nil {
		t.Fatal(err)
	}
	plain, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	archive := tar.NewReader(plain)
	for h, err := archive.Next(); ; h, err = archive.Next() {
		if err != nil {
			t.Fatal("there is no file of certificates: ", err)
		}
		if h.Name == "etc/ssl/certs/ca-certificates.crt" { // the first that crypto/x509 looks for
			break
		}
	}
	data, err := io.ReadAll(archive)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			t.Error(err)
		}
		count++
	}
	if count < 100 {
		t.Errorf("%d certificates, want at least 100", count)
	}
}

// What an image costs beside its package, in bytes.
func TestItAddsLittle(t *testing.T) {
	var packed int64
	for _, name := range []string{pack.ManifestName, pack.SumsName, "shop", "shop.seed", pack.SBOMName, "licenses/gorgon.txt"} {
		info, err := os.Stat(filepath.Join(amd64(t), name))
		if err != nil {
			t.Fatal(err)
		}
		packed += info.Size()
	}
	folder, r := write(t, oci.Image{Packages: []string{amd64(t)}})
	archive, err := os.Stat(filepath.Join(folder, oci.ArchiveName))
	if err != nil {
		t.Fatal(err)
	}
	p := r.Platforms[0]
	t.Logf("beside a package of %d bytes: %d to pull, %d unpacked; the archive has %d", packed, p.Size, p.Unpacked-packed, archive.Size())
	for what, n := range map[string]int64{"to pull": p.Size, "unpacked": p.Unpacked - packed, "in the archive": archive.Size() - packed} {
		if n >= 1e6 {
			t.Errorf("an image adds %d bytes %s, want less than 1 MB", n, what)
		}
	}
}

func TestRefusals(t *testing.T) {
	with := func(change func(*pack.Manifest, map[string][]byte)) string {
		m, files := about(), contents(elf.EM_X86_64)
		change(&m, files)
		return pkg(t, m, files)
	}
	spoilt := func(change func(folder string) error) string {
		folder := amd64(t)
		if err := change(folder); err != nil {
			t.Fatal(err)
		}
		return folder
	}
	in := func(name, data string) func(string) error {
		return func(folder string) error { return os.WriteFile(filepath.Join(folder, name), []byte(data), 0o644) }
	}
	without := func(name string) func(string) error {
		return func(folder string) error { return os.Remove(filepath.Join(folder, name)) }
	}
	for name, c := range map[string]struct {
		image oci.Image
		says  string
	}{
		"nothing":           {oci.Image{}, "an image of no package: name a folder"},
		"no folder":         {oci.Image{Packages: []string{filepath.Join(t.TempDir(), "pkg")}}, "no such file or directory"},
		"no manifest":       {oci.Image{Packages: []string{spoilt(without(pack.ManifestName))}}, "manifest.json: no such file or directory: pack it again"},
		"no sums":           {oci.Image{Packages: []string{spoilt(without(pack.SumsName))}}, "SHA256SUMS: no such file or directory: pack it again"},
		"no JSON":           {oci.Image{Packages: []string{spoilt(in(pack.ManifestName, "?"))}}, "manifest.json cannot be read"},
		"another format":    {oci.Image{Packages: []string{with(func(m *pack.Manifest, _ map[string][]byte) { m.Format = 99 })}}, "has format 99"},
		"no seed":           {oci.Image{Packages: []string{spoilt(without("shop.seed"))}}, "shop.seed: no such file or directory: pack it again"},
		"no program":        {oci.Image{Packages: []string{spoilt(without("shop"))}}, "shop: no such file or directory: pack it again"},
		"unlisted program":  {oci.Image{Packages: []string{with(func(_ *pack.Manifest, f map[string][]byte) { delete(f, "shop") })}}, `does not list the program "shop"`},
		"a flipped byte":    {oci.Image{Packages: []string{spoilt(in("shop.seed", "pagez"))}}, "shop.seed is not the file that was packed"},
		"a longer file":     {oci.Image{Packages: []string{spoilt(in("shop.seed", "pages!"))}}, "shop.seed is not the file that was packed"},
		"a shorter file":    {oci.Image{Packages: []string{spoilt(in("shop.seed", "page"))}}, "shop.seed is not the file that was packed"},
		"a file outside":    {oci.Image{Packages: []string{with(func(m *pack.Manifest, _ map[string][]byte) { m.Files = append(m.Files, pack.File{Name: "../x"}) })}}, `lists "../x"`},
		"another system":    {oci.Image{Packages: []string{with(func(m *pack.Manifest, _ map[string][]byte) { m.OS = "darwin" })}}, "it is for darwin/amd64, and images are for Linux: pack it with --os linux"},
		"another processor": {oci.Image{Packages: []string{with(func(m *pack.Manifest, _ map[string][]byte) { m.Arch = "arm64" })}}, "shop is for EM_X86_64, and manifest.json says arm64"},
		"no ELF":            {oci.Image{Packages: []string{with(func(_ *pack.Manifest, f map[string][]byte) { f["shop"] = []byte("MZ") })}}, "shop is not a program for Linux"},
		"the C library": {oci.Image{Packages: []string{with(func(_ *pack.Manifest, f map[string][]byte) { f["shop"] = program(elf.EM_X86_64, elf.PT_INTERP) })}},
			"needs the C library, which an image does not have: build it with CGO_ENABLED=0"},
		"two of a platform": {oci.Image{Packages: []string{amd64(t), amd64(t)}}, "use one for each platform"},
		"two apps":          {oci.Image{Packages: []string{amd64(t), with(func(m *pack.Manifest, _ map[string][]byte) { m.App = "blog" })}}, "use packages of one app"},
		"two commits":       {oci.Image{Packages: []string{amd64(t), with(func(m *pack.Manifest, _ map[string][]byte) { m.Commit = "f" })}}, "pack both from one commit"},
		"no name":           {oci.Image{Name: "Shop:a b", Packages: []string{amd64(t)}}, "write it as registry/name:tag"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			r, err := oci.Write(t.Context(), c.image, folder)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("the error is %v, and should say %q", err, c.says)
			}
			if r.Digest != "" {
				t.Errorf("a digest %s in spite of the error", r.Digest)
			}
			if left, _ := os.ReadDir(folder); len(left) > 0 {
				t.Errorf("%s was left behind", left[0].Name())
			}
		})
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	for _, name := range []string{oci.LayoutName, oci.ArchiveName} {
		folder := t.TempDir()
		put(t, filepath.Join(folder, name), []byte("mine"))
		if _, err := oci.Write(t.Context(), oci.Image{Packages: []string{amd64(t)}}, folder); !errors.Is(err, os.ErrExist) {
			t.Errorf("%s was there, and the error is %v", name, err)
		}
		left, err := os.ReadDir(folder)
		if err != nil || len(left) != 1 {
			t.Errorf("%d things are in the folder (%v), want 1", len(left), err)
		}
		if data, err := os.ReadFile(filepath.Join(folder, name)); string(data) != "mine" {
			t.Errorf("%s now holds %q (%v)", name, data, err)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	folder := t.TempDir()
	if _, err := oci.Write(ctx, oci.Image{Packages: []string{amd64(t)}}, folder); err == nil || !strings.Contains(err.Error(), "enough") {
		t.Errorf("the error is %v, and should say why it was cancelled", err)
	}
	if left, _ := os.ReadDir(folder); len(left) > 0 {
		t.Errorf("%s was left behind", left[0].Name())
	}
}

// tool runs a program that is not part of Go.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s: %v", name, testbed.ErrMissing)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, &complaints)
	}
	return string(out)
}

// Skopeo reads the layout, and the archive both as today's docker does and as
// the first that had docker load with a manifest.json.
func TestSkopeo(t *testing.T) {
	folder, r := write(t, oci.Image{Name: "example.com/shop:4f1c", Packages: []string{amd64(t), arm64(t)}})
	at := func(kind, name string) string { return kind + ":" + filepath.Join(folder, name) }
	platforms := map[string]string{"amd64": r.Platforms[0].Digest, "arm64": r.Platforms[1].Digest}
	for _, ref := range []string{at("oci", oci.LayoutName), at("oci", oci.LayoutName) + ":4f1c", at("oci-archive", oci.ArchiveName)} {
		raw := sha256.Sum256([]byte(tool(t, "skopeo", "inspect", "--raw", ref)))
		if got := "sha256:" + hex.EncodeToString(raw[:]); got != r.Digest {
			t.Errorf("%s has digest %s, want %s", ref, got, r.Digest)
		}
		for arch := range platforms {
			var got struct {
				Architecture string
				Layers       []string
				Labels       map[string]string
			}
			said := tool(t, "skopeo", "--override-os", "linux", "--override-arch", arch, "inspect", ref)
			if err := json.Unmarshal([]byte(said), &got); err != nil {
				t.Fatal(err)
			}
			if got.Architecture != arch || len(got.Layers) != 3 || got.Labels["org.opencontainers.image.title"] != "shop" {
				t.Errorf("%s for %s is %+v", ref, arch, got)
			}
		}
	}
	// Copying reads every layer and checks each digest.
	tool(t, "skopeo", "copy", "--all", at("oci", oci.LayoutName)+":4f1c", "dir:"+t.TempDir())
	tool(t, "skopeo", "copy", "--all", at("oci-archive", oci.ArchiveName), "dir:"+t.TempDir())
	old := at("docker-archive", oci.ArchiveName)
	if said := tool(t, "skopeo", "inspect", "--config", "--raw", old); !strings.Contains(said, `"architecture":"amd64"`) || !strings.Contains(said, `"Healthcheck"`) {
		t.Errorf("the archive for an old docker load says %s", said)
	}
	if said := tool(t, "skopeo", "list-tags", old); !strings.Contains(said, "example.com/shop:4f1c") {
		t.Errorf("the archive for an old docker load has the tags %s", said)
	}
	tool(t, "skopeo", "copy", old, "dir:"+t.TempDir())
}

func TestUmoci(t *testing.T) {
	folder, _ := write(t, oci.Image{Name: "shop:4f1c", Packages: []string{amd64(t)}})
	bundle := filepath.Join(t.TempDir(), "bundle")
	args := []string{"unpack", "--image", filepath.Join(folder, oci.LayoutName) + ":4f1c", bundle}
	if os.Getuid() != 0 {
		args = slices.Insert(args, 1, "--rootless")
	}
	tool(t, "umoci", args...)
	for name, want := range contents(elf.EM_X86_64) {
		if got, err := os.ReadFile(filepath.Join(bundle, "rootfs", "app", name)); !bytes.Equal(got, want) {
			t.Errorf("/app/%s was packed as %q and unpacked as %q (%v)", name, want, got, err)
		}
	}
	var spec struct {
		Process struct {
			Args, Env []string
			User      struct{ UID, GID int }
		}
	}
	data, err := os.ReadFile(filepath.Join(bundle, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &spec); err != nil {
		t.Fatal(err)
	}
	if p := spec.Process; !slices.Equal(p.Args, []string{"/app/shop", "serve"}) || p.User.UID != 65532 || p.User.GID != 65532 {
		t.Errorf("a runtime would start %+v", p)
	}
}
