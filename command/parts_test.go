// parts answers wherever the program starts.

package command_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gorgon-go/gorgon/plan"
)

func TestPartsNeedsNothing(t *testing.T) {
	program, err := exec.LookPath("site")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := exec.Command(program, "parts", "--json")
	c.Dir = dir
	c.Env = []string{"HOME=" + filepath.Join(dir, "none"), "TMPDIR=" + filepath.Join(dir, "none"), "GORGON_STANDALONE=true", "GORGON_PORT=nonsense"}
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, err.(*exec.ExitError).Stderr)
	}
	var app plan.App
	if err := json.Unmarshal(out, &app); err != nil || app.Format != plan.Format || app.Name != "site" || len(app.Parts) == 0 || len(app.Stores) != 2 {
		t.Errorf("it says %+v, %v", app, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
}
