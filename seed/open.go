// Opening a seed: the file is mapped, its index checked, its records not read.

package seed

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"time"

	"github.com/edsrzf/mmap-go"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/compress"
)

// A Seed is an opened seed. It is safe for concurrent use, apart from Close.
type Seed struct {
	path     string
	mapping  mmap.MMap // nil if the file could not be mapped
	data     []byte    // from the header to the end of the footer
	records  []byte    // the part of data before the index
	tables   [kinds]table
	manifest Manifest
	shift    time.Duration   // the shift of the entries' times; see Date
	effort   compress.Effort // of codings that are made here
	hash     func(digest [sha256.Size]byte) uint64
}

// Open opens the seed at path, or at the end of the file at path. It reads the
// index and the manifest, not the records. If the system cannot map the file,
// Open reads it into memory. Errors: fs.ErrNotExist, [ErrNotSeed], [ErrCut],
// [ErrAltered], [ErrVersion].
func Open(path string) (*Seed, error) {
	mapping, data, err := load(path)
	if err != nil {
		return nil, err
	}
	s, err := OpenBytes(data)
	if err != nil {
		if mapping != nil {
			err = errors.Join(err, mapping.Unmap())
		}
		return nil, fault("open seed", path, err)
	}
	s.path, s.mapping = path, mapping
	return s, nil
}

// load maps the file, or reads it.
func load(path string) (mmap.MMap, []byte, error) {
	f, err := os.Open(path)
	if err != nil {
		if cause, ok := errors.AsType[*fs.PathError](err); ok {
			err = cause.Err // the error already names the path
		}
		hint := ""
		if errors.Is(err, fs.ErrNotExist) {
			hint = "build first"
		}
		return nil, nil, &gorgon.Error{Op: "open seed", Path: path, Err: err, Hint: hint}
	}
	defer f.Close() // a mapping outlives its file
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, nil, fault("open seed", path, err)
	case !info.Mode().IsRegular():
		return nil, nil, fault("open seed", path, ErrNotSeed)
	case info.Size() == 0: // mapping is not supported
		return nil, nil, fault("open seed", path, fmt.Errorf("%w: it is empty", ErrCut))
	}
	if mapping, err := mmap.Map(f, mmap.RDONLY, 0); err == nil {
		return mapping, mapping, nil
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, nil, fault("open seed", path, err)
	}
	return nil, data, nil
}

// OpenBytes opens a seed that is in memory, or at the end of data, as [Open]
// does. The caller must not change data.
func OpenBytes(data []byte) (_ *Seed, err error) {
	defer rescue(debug.SetPanicOnFault(true), ErrAltered, &err)
	data, f, err := unpack(data)
	if err != nil {
		return nil, err
	}
	s := &Seed{data: data, records: data[:f.index:f.index], hash: prefix}
	var manifest []byte
	s.tables, manifest = f.tables(data)
	if err := json.Unmarshal(manifest, &s.manifest); err != nil {
		return nil, fmt.Errorf("%w: its manifest cannot be read: %v", ErrAltered, err)
	}
	if e := s.manifest.Effort; e != "" {
		if err := s.effort.Set(e); err != nil {
			return nil, fmt.Errorf("%w: its manifest names the effort %q", ErrAltered, e)
		}
	}
	return s, nil
}

// rescue turns the fault of reading a mapped file that was truncated meanwhile,
// or whose disk fails, into an error; without it the process would end. It is
// deferred with the state of debug.SetPanicOnFault to restore.
func rescue(was bool, kind error, err *error) {
	debug.SetPanicOnFault(was)
	r := recover()
	if r == nil {
		return
	}
	if _, ok := r.(interface{ Addr() uintptr }); !ok {
		panic(r)
	}
	*err = fmt.Errorf("%w: the file cannot be read, or was cut while it was open", kind)
}

// Close unmaps the file. It is for tools: slices that the seed returned must no
// longer be used, and there must be no readers. A server never closes its seed.
func (s *Seed) Close() error {
	mapping := s.mapping
	s.mapping, s.data, s.records, s.tables = nil, nil, nil, [kinds]table{}
	if mapping == nil {
		return nil
	}
	if err := mapping.Unmap(); err != nil {
		return &gorgon.Error{Op: "close seed", Path: s.path, Err: err}
	}
	return nil
}

// Path returns the path of the file, as opened; "" for a seed in memory.
func (s *Seed) Path() string { return s.path }

// Size returns the size of the seed in bytes.
func (s *Seed) Size() int64 { return int64(len(s.data)) }

// Manifest returns the build's description of the seed. The caller must not
// change it.
func (s *Seed) Manifest() Manifest { return s.manifest }
