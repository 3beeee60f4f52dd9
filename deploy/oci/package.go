// Packages as they go into an image.

package oci

import (
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"

	"github.com/gorgon-go/gorgon/pack"
)

// An opened is a package's folder that is being read.
type opened struct {
	folder   string
	root     *os.Root
	manifest pack.Manifest
	said     []entry // the manifest and the sums, as they are in the folder
}

func (p *opened) Close() error { return p.root.Close() }

// open opens the packages of an image, which must belong together.
func open(folders []string) (packages []*opened, err error) {
	defer func() {
		if err != nil {
			for _, p := range packages {
				_ = p.Close() // it was only read
			}
			packages = nil
		}
	}()
	if len(folders) == 0 {
		return nil, errors.New("an image of no package: name a folder in Image.Packages")
	}
	for _, folder := range folders {
		p, err := openPackage(folder)
		if err != nil {
			return packages, fmt.Errorf("package %s: %w", folder, err)
		}
		packages = append(packages, p)
		m, first := p.manifest, packages[0].manifest
		switch {
		case m.App != first.App:
			return packages, fmt.Errorf("package %s: it is of the app %s, and %s is of %s: use packages of one app", folder, m.App, folders[0], first.App)
		case m.Commit != first.Commit:
			return packages, fmt.Errorf("package %s: it is of commit %q, and %s is of %q: pack both from one commit", folder, m.Commit, folders[0], first.Commit)
		}
		for _, other := range packages[:len(packages)-1] {
			if other.manifest.OS == m.OS && other.manifest.Arch == m.Arch {
				return packages, fmt.Errorf("package %s: it is for %s/%s, and so is %s: use one for each platform", folder, m.OS, m.Arch, other.folder)
			}
		}
	}
	return packages, nil
}

const again = "pack it again with the deploy command"

func openPackage(folder string) (_ *opened, err error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	p := &opened{folder: folder, root: root}
	defer func() {
		if err != nil {
			err = errors.Join(err, root.Close())
		}
	}()
	for _, name := range []string{pack.ManifestName, pack.SumsName} {
		data, err := root.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, again)
		}
		p.said = append(p.said, entry{name: "app/" + name, mode: 0o644, data: data})
	}
	m := &p.manifest
	if err := json.Unmarshal(p.said[0].data, m); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w: %s", pack.ManifestName, err, again)
	}
	switch {
	case m.Format != pack.Format:
		return nil, fmt.Errorf("%s has format %d, and this program reads %d: %s", pack.ManifestName, m.Format, pack.Format, again)
	case m.OS != "linux":
		return nil, fmt.Errorf("it is for %s/%s, and images are for Linux: pack it with --os linux", m.OS, m.Arch)
	case !slices.ContainsFunc(m.Files, func(f pack.File) bool { return f.Name == m.Program }):
		return nil, fmt.Errorf("%s does not list the program %q: %s", pack.ManifestName, m.Program, again)
	}
	for _, f := range m.Files {
		if !fs.ValidPath(f.Name) {
			return nil, fmt.Errorf("%s lists %q, which is not the name of a file in it: %s", pack.ManifestName, f.Name, again)
		}
	}
	return p, p.alone()
}

// machines are the platforms that ELF has another name for.
var machines = map[string]elf.Machine{
	"386": elf.EM_386, "amd64": elf.EM_X86_64, "arm": elf.EM_ARM, "arm64": elf.EM_AARCH64, "loong64": elf.EM_LOONGARCH,
	"ppc64le": elf.EM_PPC64, "riscv64": elf.EM_RISCV, "s390x": elf.EM_S390,
}

// alone says whether the program runs where there is nothing but itself. The
// kernel's own message for one that does not is "no such file".
func (p *opened) alone() error {
	m := p.manifest
	file, err := p.root.Open(m.Program)
	if err != nil {
		return fmt.Errorf("%w: %s", err, again)
	}
	defer file.Close()
	program, err := elf.NewFile(file)
	if err != nil {
		return fmt.Errorf("%s is not a program for Linux: %w: %s", m.Program, err, again)
	}
	if program.Machine != machines[m.Arch] {
		return fmt.Errorf("%s is for %s, and %s says %s: %s", m.Program, program.Machine, pack.ManifestName, m.Arch, again)
	}
	for _, part := range program.Progs {
		if part.Type == elf.PT_INTERP {
			return fmt.Errorf("%s needs the C library, which an image does not have: build it with CGO_ENABLED=0", m.Program)
		}
	}
	return nil
}

// program is the layer that changes with the code.
func (p *opened) program() []entry {
	return p.entries(func(f pack.File) bool { return f.Name == p.manifest.Program })
}

// rest is the layer that changes with what is served too.
func (p *opened) rest() []entry {
	list := p.entries(func(f pack.File) bool { return f.Name != p.manifest.Program })
	return append(list, p.said...)
}

func (p *opened) entries(chosen func(pack.File) bool) (list []entry) {
	list = append(list, directory("app"))
	made := map[string]bool{".": true}
	var parents func(dir string)
	parents = func(dir string) {
		if !made[dir] {
			parents(path.Dir(dir))
			made[dir] = true
			list = append(list, directory("app/"+dir))
		}
	}
	for _, f := range p.manifest.Files {
		if !chosen(f) {
			continue
		}
		parents(path.Dir(f.Name))
		e := entry{name: "app/" + f.Name, mode: 0o644, file: f}
		if f.Name == p.manifest.Program {
			e.mode = 0o755
		}
		list = append(list, e)
	}
	return list
}

// altered says that a file is not the one that was packed.
func altered(name string) error {
	return fmt.Errorf("%s is not the file that was packed: %s", name, again)
}

// copyOf copies a file of a package and checks it.
func (e entry) copyOf(to io.Writer, from io.Reader, sum func() string) error {
	n, err := io.Copy(to, io.LimitReader(from, e.file.Size))
	if err != nil {
		return err
	}
	more, err := from.Read(make([]byte, 1))
	if n != e.file.Size || more != 0 || sum() != e.file.SHA256 {
		return altered(e.file.Name)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
