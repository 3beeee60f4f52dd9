package develop

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestDotenv(t *testing.T) {
	t.Setenv("TAKEN", "outer")
	file := filepath.Join(t.TempDir(), ".env")
	read := func(text string) ([]string, error) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return readDotenv(file)
	}
	if got, err := readDotenv(file); got != nil || err != nil {
		t.Errorf("without a file: %q, %v", got, err)
	}
	got, err := read("# a comment\n\nA=one\nexport B = two words # the rest\r\nC=\"a\\nb # c\" # d\nD='$A \\n'\nE=\nF=a#b\nTAKEN=inner\n")
	want := []string{"A=one", "B=two words", "C=a\nb # c", "D=$A \\n", "E=", "F=a#b"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v\nwant %q", got, err, want)
	}
	for _, text := range []string{"A=1\nhunter2", "A=1\nB=\"hunter2", "A=1\nB='hunter2' more", "A=1\n1=hunter2", "A=1\nB=\"\\hunter2\""} {
		_, err := read(text)
		if err == nil || !strings.HasPrefix(err.Error(), "line 2 of .env: ") || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
