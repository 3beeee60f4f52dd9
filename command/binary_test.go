package command

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestBuildIDIsReadFromTheHead(t *testing.T) {
	const id = "action/content-of-a-program"
	note := func(by order, size uint32, name string) string {
		b := by.AppendUint32(by.AppendUint32(by.AppendUint32(nil, 4), size), 4)
		return "\x7fELF and more" + string(b) + name + id + "\x00the rest"
	}
	for head, want := range map[string]string{
		"code \xff Go build ID: \"" + id + "\"\n \xff code":                     id,
		note(binary.LittleEndian, uint32(len(id)), "Go\x00\x00"):                id,
		note(binary.BigEndian, uint32(len(id)), "Go\x00\x00"):                   id,
		"Go\x00\x00" + note(binary.LittleEndian, uint32(len(id)), "Go\x00\x00"): id,
		note(binary.LittleEndian, uint32(len(id)), "GNU\x00"):                   "",
		note(binary.LittleEndian, 1<<31, "Go\x00\x00"):                          "",
		"code \xff Go build ID: \"" + id:                                        "",
		"":                                                                      "",
	} {
		if got := string(buildID([]byte(head))); got != want {
			t.Errorf("%q: %q, want %q", head, got, want)
		}
	}
}

// A program that the go command links can be told from another without being
// read whole: that takes longer than the rest of a start.
func TestBuildIDOfThisProgram(t *testing.T) {
	name, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "main.go"), []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	small := filepath.Join(folder, "small.exe")
	if out, err := exec.Command("go", "build", "-o", small, filepath.Join(folder, "main.go")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, program := range []string{name, small} {
		data, err := os.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		said, err := exec.Command("go", "tool", "buildid", program).Output()
		if err != nil {
			t.Fatal(err)
		}
		want := strings.TrimSpace(string(said))
		if got := string(buildID(data[:min(len(data), 64<<10)])); want != "" && got != want {
			t.Errorf("%s: %q, want %q", filepath.Base(program), got, want)
		}
	}
}
