// The folder that deploys write: the package, and a folder for each target.

package tool

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gorgon-go/gorgon/pack"
)

// deployedName is the file in a target's folder that says what it is of.
const deployedName = "deployed.json"

// A signature is what that file says.
type signature struct {
	App    string `json:"app"`
	Build  string `json:"build"`
	Commit string `json:"commit,omitempty"`
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	*pack.Deployed
}

func signatureOf(m pack.Manifest) signature {
	return signature{App: m.App, Build: m.Build, Commit: m.Commit, OS: m.OS, Arch: m.Arch, Deployed: m.Deployed}
}

// same says whether two are of the same build.
func (s signature) same(other signature) bool {
	s.Deployed, other.Deployed = nil, nil
	return s == other
}

// sign writes into a target's folder of which build it is.
func (d *deployment) sign(folder string, m pack.Manifest) error {
	data, err := json.MarshalIndent(signatureOf(m), "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, deployedName), append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("deploy: %w", err)
	}
	return nil
}

// keepOthers copies the folders that earlier deploys wrote for other targets
// beside the new package, where they are of the same build, and says which are
// not.
func (d *deployment) keepOthers(whole string, m pack.Manifest) error {
	for _, t := range d.t.targets() {
		at := filepath.Join(d.out, t.Name)
		if _, err := os.Stat(at); t.Name == d.to || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var was signature
		data, err := os.ReadFile(filepath.Join(at, deployedName))
		if err == nil {
			err = json.Unmarshal(data, &was)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // written by an older deploy
			return fmt.Errorf("--out %s: %w", d.out, err)
		}
		if !was.same(signatureOf(m)) {
			fmt.Fprintf(d.t.log, "removed %s, which is of another build: deploy --to %s writes it again\n", at, t.Name)
			continue
		}
		if err := os.CopyFS(filepath.Join(whole, t.Name), os.DirFS(at)); err != nil {
			return fmt.Errorf("--out %s: %w", d.out, err)
		}
		for _, name := range d.added { // which are not in the package
			if strings.HasPrefix(name, t.Name+"/") {
				if err := os.Remove(filepath.Join(whole, filepath.FromSlash(name))); err != nil {
					return fmt.Errorf("--out %s: %w", d.out, err)
				}
			}
		}
		fmt.Fprintf(d.t.log, "kept %s, which is of the same build\n", at)
	}
	return nil
}
