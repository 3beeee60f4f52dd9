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

// An app is given the names of what comes from the file, and of nothing else.
func TestDotenvNames(t *testing.T) {
	t.Setenv("TAKEN", "outer")
	dir := t.TempDir()
	if got, err := Dotenv(dir); err != nil || !slices.Equal(got, []string{"GORGON_DEV_ENV="}) {
		t.Errorf("without a file: %q, %v", got, err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("A=one=1\nTAKEN=inner\nB=\nGORGON_DEV_ENV=C\n")
	if got, err := Dotenv(dir); err != nil || !slices.Equal(got, []string{"A=one=1", "B=", "GORGON_DEV_ENV=C", "GORGON_DEV_ENV=A,B,GORGON_DEV_ENV"}) {
		t.Errorf("%q, %v", got, err)
	}
	write("hunter2\n")
	if got, err := Dotenv(dir); err == nil || got != nil || strings.Contains(err.Error(), "hunter") {
		t.Errorf("%q, %v", got, err)
	}
}
