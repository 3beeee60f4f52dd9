// The memory that a large upload takes.

package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/testbed"
)

// noughts is a large file of nothing.
type noughts struct{}

func (noughts) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	return len(p), nil
}

// memory is the most memory that the program has had, in bytes.
func (p *uploadsProgram) memory() int64 {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	var kib int64
	for line := range strings.Lines(string(status)) {
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	p.t.Fatal("the system does not say how much memory the program has")
	return 0
}

// TestUploadsTakeLittleMemory sends a large file, of UPLOAD_SIZE bytes, through a
// link that is cut at 30 % and at 60 %.
func TestUploadsTakeLittleMemory(t *testing.T) {
	size := int64(number(t, "UPLOAD_SIZE", 128<<20))
	for name, place := range map[string]func(t *testing.T) (location string, env []string){
		"disk": func(t *testing.T) (string, []string) { return filepath.Join(t.TempDir(), "files"), nil },
		"s3": func(t *testing.T) (string, []string) {
			return testbed.For(t, testbed.S3).URL, []string{"AWS_ACCESS_KEY_ID=" + testbed.S3Key, "AWS_SECRET_ACCESS_KEY=" + testbed.S3Secret, "AWS_REGION=us-east-1"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			const bound, part = 64 << 20, 8 << 20
			location, env := place(t)
			p := newUploadsProgram(t, uploadsFiles, append(env, "FILES="+location, "GOGC=100")...)
			link := newUploadsLink(t, p.addr, 4<<30)
			link.plan(uploadsCut{int(size * 3 / 10), nil}, uploadsCut{int(size * 6 / 10), nil})
			before, begun := p.memory(), time.Now()
			if _, err := uploadsSend(t.Context(), link.url(), noughts{}, size); err != nil {
				t.Fatal(err)
			}
			peak, sent := p.memory(), int64(link.count())
			t.Logf("%d MiB in %v: %d bytes sent beyond the file's %d; at most %d MiB of memory, %d of them before",
				size>>20, time.Since(begun).Round(time.Millisecond), sent-size, size, peak>>20, before>>20)
			if peak > bound {
				t.Errorf("the program has %d MiB of memory; %d are the limit", peak>>20, bound>>20)
			}
			if twice := sent - size; twice < 0 || twice > part+uploadsSlack {
				t.Errorf("%d bytes are sent beyond the file's %d; a part has %d", twice, size, part)
			}
		})
	}
}
