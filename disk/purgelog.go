// The log of purges: its format, and this process's copy of it.

package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// The log is the magic, then records: the length of the payload and its CRC-32C
// (4 bytes each, little-endian), then the payload, whose first byte is its
// kind. The first record is a base; in a compacted log, marks follow with what
// it remembers. Each purge appends one record with all its subjects, so that
// the log has all of it or nothing.
const (
	logMagic = "gorgon-purges-1\n"
	logHead  = 8

	kindBase  = 'b' // sequence, then the marks floor and dropped
	kindMark  = 'm' // a mark, then its subject
	kindPurge = 'p' // sequence, time, verb, then subjects with their lengths

	// maxPayload is more than any purge needs; a longer length is damage.
	maxPayload = 256 << 20

	// tailSize is enough for the checksum, the number and the time of a purge.
	tailSize = 64
)

// errLost says that purges were lost: the log has less than it had before.
var errLost = errors.New("the log of purges is lost or damaged")

// purgeLog is the log as this process has read it.
type purgeLog struct {
	pages.Purges
	file      *os.File
	info      os.FileInfo
	end       int64  // the end of the last whole record
	tail      []byte // how that record begins
	tailAt    int64  // and where
	torn      bool   // bytes follow that are not a record: a purge that was cut off
	compactAt int64
}

func (l *purgeLog) close() {
	if l.file != nil {
		_ = l.file.Close() // everything written is synced
		l.file = nil
	}
}

// read catches up with the file at path, from the beginning if the file was
// replaced. It needs no lock: a record is either whole or not yet visible.
func (l *purgeLog) read(path string, readOnly bool) error {
	info, err := os.Stat(path)
	if err != nil {
		return missing(errLost, err)
	}
	if l.file == nil || !os.SameFile(info, l.info) {
		if err := l.reopen(path, readOnly); err != nil {
			return err
		}
		if info, err = l.file.Stat(); err != nil {
			return err
		}
	}
	switch {
	case info.Size() < l.end:
		return fmt.Errorf("%w: it was truncated", errLost)
	}
	if err := l.continues(); err != nil {
		return err
	}
	if info.Size() == l.end {
		l.torn = false
		return nil
	}
	b := make([]byte, info.Size()-l.end)
	n, err := l.file.ReadAt(b, l.end)
	if err != nil && err != io.EOF {
		return err
	}
	return l.replay(b[:n])
}

// continues checks that the file still has the last record that was read. After
// a backup was restored into the same file, another record may end at the same
// place; the tail has the number and the time of its purge.
func (l *purgeLog) continues() error {
	b := make([]byte, len(l.tail))
	n, err := l.file.ReadAt(b, l.tailAt)
	if err != nil && err != io.EOF {
		return err
	}
	if !bytes.Equal(b[:n], l.tail) {
		return fmt.Errorf("%w: other purges have the place of known ones", errLost)
	}
	return nil
}

func (l *purgeLog) reopen(path string, readOnly bool) error {
	mode := os.O_RDWR
	if readOnly {
		mode = os.O_RDONLY
	}
	f, err := os.OpenFile(path, mode, 0)
	if err != nil {
		return missing(errLost, err)
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	magic := make([]byte, len(logMagic))
	if _, err := f.ReadAt(magic, 0); err != nil && err != io.EOF {
		return errors.Join(err, f.Close())
	}
	if string(magic) != logMagic {
		return errors.Join(fmt.Errorf("%w: it does not begin like a log", errLost), f.Close())
	}
	l.close()
	*l = purgeLog{file: f, info: info, end: int64(len(magic)), compactAt: max(minCompact, 2*info.Size())}
	return nil
}

// replay reads records as far as they are whole.
func (l *purgeLog) replay(b []byte) error {
	for {
		payload, size := cutRecord(b)
		if size == 0 || !l.apply(payload) {
			break
		}
		l.tail, l.tailAt = bytes.Clone(b[:min(size, tailSize)]), l.end
		l.end += int64(size)
		b = b[size:]
	}
	l.torn = len(b) > 0
	if l.end == int64(len(logMagic)) {
		return fmt.Errorf("%w: its base is missing", errLost)
	}
	return nil
}

// cutRecord splits off the first record; size is 0 if there is no whole one.
func cutRecord(b []byte) (payload []byte, size int) {
	if len(b) < logHead {
		return nil, 0
	}
	n := binary.LittleEndian.Uint32(b)
	if n == 0 || n > maxPayload || int64(n) > int64(len(b)-logHead) {
		return nil, 0
	}
	payload = b[logHead : logHead+n]
	if checksum(payload) != binary.LittleEndian.Uint32(b[4:]) {
		return nil, 0
	}
	return payload, logHead + int(n)
}

// apply applies one record; false if it is not valid at this position.
func (l *purgeLog) apply(payload []byte) bool {
	first := l.end == int64(len(logMagic))
	r := reader{b: payload[1:]}
	switch kind := payload[0]; {
	case kind == kindBase && first:
		l.Sequence, l.Floor, l.Dropped = r.number(), r.mark(), r.number()
	case kind == kindMark && !first:
		if mark := r.mark(); !r.bad {
			l.Put(string(r.b), mark)
		}
	case kind == kindPurge && !first:
		c := pages.Change{Sequence: r.number(), At: r.time(), Verb: pages.Verb(r.number())}
		if r.bad {
			return false
		}
		for len(r.b) > 0 && !r.bad {
			c.Subject = r.text()
			l.Add(c)
		}
		l.Sequence = max(l.Sequence, c.Sequence)
	default:
		return false
	}
	return !r.bad
}

func appendRecord(b []byte, payload []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	b = binary.LittleEndian.AppendUint32(b, checksum(payload))
	return append(b, payload...)
}

func purgePayload(n uint64, at time.Time, verb pages.Verb, subjects []string) []byte {
	p := binary.AppendUvarint([]byte{kindPurge}, n)
	p = appendTime(p, at)
	p = binary.AppendUvarint(p, uint64(verb))
	for _, subject := range subjects {
		p = binary.AppendUvarint(p, uint64(len(subject)))
		p = append(p, subject...)
	}
	return p
}

// bytes returns a log with the same content in as few records as there are
// subjects and changes.
func logBytes(m *pages.Purges) []byte {
	base := binary.AppendUvarint([]byte{kindBase}, m.Sequence)
	base = binary.AppendUvarint(appendMark(base, m.Floor), m.Dropped)
	b := appendRecord([]byte(logMagic), base)
	for subject, mark := range m.Last {
		b = appendRecord(b, append(appendMark([]byte{kindMark}, mark), subject...))
	}
	for i := 0; i < len(m.Latest); {
		c := m.Latest[i]
		var subjects []string
		for ; i < len(m.Latest) && m.Latest[i].Sequence == c.Sequence; i++ {
			subjects = append(subjects, m.Latest[i].Subject)
		}
		b = appendRecord(b, purgePayload(c.Sequence, c.At, c.Verb, subjects))
	}
	return b
}

func appendMark(b []byte, m pages.Mark) []byte {
	b = appendTime(binary.AppendUvarint(b, m.Sequence), m.At)
	return appendTime(binary.AppendUvarint(b, m.Expired), m.ExpiredAt)
}

// appendTime appends Unix nanoseconds, 0 for no time.
func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return binary.AppendVarint(b, 0)
	}
	return binary.AppendVarint(b, t.UnixNano())
}

// A reader splits values off a byte slice; bad is set once there are not enough
// bytes.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) {
	if n <= 0 {
		r.bad, r.b = true, nil
		return
	}
	r.b = r.b[n:]
}

func (r *reader) number() uint64 {
	v, n := binary.Uvarint(r.b)
	r.take(n)
	return v
}

func (r *reader) time() time.Time {
	v, n := binary.Varint(r.b)
	r.take(n)
	if v == 0 {
		return time.Time{}
	}
	return time.Unix(0, v).UTC()
}

func (r *reader) mark() pages.Mark {
	return pages.Mark{Sequence: r.number(), At: r.time(), Expired: r.number(), ExpiredAt: r.time()}
}

func (r *reader) text() string {
	n := r.number()
	if r.bad || n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}
