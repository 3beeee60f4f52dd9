// What doctor checks of the project in its folder.

package tool

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

func (e *examination) project() {
	const check = "project"
	if e.noGo {
		e.add(check, skipped, "there is no go command to ask", "")
		return
	}
	name := e.goEnv("GOMOD")
	text, err := os.ReadFile(name)
	if err != nil || name == os.DevNull {
		e.add(check, advice, "this is not the folder of a project, and only the machine was looked at", "run doctor in one, or begin one with gorgon new NAME")
		return
	}
	mod, err := modfile.ParseLax(name, text, nil)
	if err != nil {
		e.add(check, bad, err.Error(), "correct go.mod")
		return
	}
	if !e.framework(mod) {
		return
	}
	e.repository()
	e.migrations()
	program := e.compiles()
	if program == "" {
		e.add("app", skipped, "it does not build", "")
		return
	}
	defer os.RemoveAll(filepath.Dir(program))
	if e.app(program) {
		e.surroundings(program)
	}
}

// framework says which Gorgon the project uses; false where it uses none.
func (e *examination) framework(mod *modfile.File) bool {
	const check = "project"
	module := "?"
	if mod.Module != nil {
		module = mod.Module.Mod.Path
	}
	if module == framework {
		e.add(check, good, "this is Gorgon itself", "")
		return false
	}
	var used string
	for _, r := range mod.Require {
		if r.Mod.Path == framework {
			used = r.Mod.Version
		}
	}
	if used == "" {
		e.add(check, bad, "the module "+module+" does not require Gorgon", "go get "+framework+", or begin a project with gorgon new NAME")
		return false
	}
	// What is really compiled, after all replacements.
	said, err := says(e.ctx, "", nil, "go", "list", "-m", "-json", framework)
	var listed struct {
		Replace *struct{ Path, Version string }
	}
	if err == nil {
		err = json.Unmarshal([]byte(said), &listed)
	}
	if err != nil {
		e.add(check, bad, "the module "+module+" requires Gorgon "+used+", which cannot be had: "+err.Error(), "go mod tidy, or correct its replace line in go.mod")
		return true
	}
	uses := origin{version: used}
	if r := listed.Replace; r != nil {
		if uses = (origin{version: r.Version}); r.Version == "" {
			if uses.folder = r.Path; !filepath.IsAbs(r.Path) {
				uses.folder = filepath.Join(filepath.Dir(e.goEnv("GOMOD")), r.Path)
			}
			err = isGorgon(uses.folder)
		}
		if err != nil {
			e.add(check, bad, "the module "+module+" replaces Gorgon by "+r.Path+": "+err.Error(), "correct the replace line in go.mod")
			return true
		}
	}
	own, err := findOrigin(e.ctx, "")
	switch {
	case err != nil:
		e.add(check, good, fmt.Sprintf("%s uses Gorgon from %s", module, uses), "")
	case !own.same(uses):
		e.add(check, advice, fmt.Sprintf("%s uses Gorgon from %s, and this tool is of %s", module, uses, own), "install the tool that belongs to it, or bring go.mod to the same Gorgon")
	default:
		e.add(check, good, fmt.Sprintf("%s uses Gorgon from %s, as this tool does", module, uses), "")
	}
	return true
}

// repository says whether deploy will find what it wants.
func (e *examination) repository() {
	const check = "repository"
	head, err := git(e.ctx, "", "log", "-1", "--format=%H")
	if err != nil {
		e.add(check, advice, "git reports no commit, and deploy wants one: "+err.Error(), "git init && git add . && git commit; where the folder belongs to another user, git config --global --add safe.directory PATH")
		return
	}
	var written []string
	for _, folder := range []string{"dist", "pkg", "public"} {
		if _, err := git(e.ctx, "", "check-ignore", "--quiet", folder+"/x"); err != nil {
			written = append(written, folder+"/")
		}
	}
	if len(written) > 0 {
		e.add("ignored", advice, "git does not ignore "+strings.Join(written, ", ")+", which builds, deploys and exports write", "add a line for each to .gitignore")
	} else {
		e.add("ignored", good, "git ignores what builds, deploys and exports write", "")
	}
	changes, err := git(e.ctx, "", "status", "--porcelain", "--", ".")
	switch {
	case err != nil:
		e.add(check, advice, err.Error(), "")
	case changes != "":
		e.add(check, advice, "files differ from the commit, and deploy refuses that; the first is: "+strings.TrimSpace(firstLine(changes)), "commit them, or ignore them")
	default:
		e.add(check, good, fmt.Sprintf("everything is in commit %.12s", head), "")
	}
	e.packed(head)
}

// packed says whether the package is of the commit that is checked out.
func (e *examination) packed(head string) {
	const check = "package"
	text, err := os.ReadFile(filepath.Join("pkg", "manifest.json"))
	if err != nil {
		return // there need be none
	}
	var manifest struct {
		Commit string `json:"commit"`
	}
	switch err := json.Unmarshal(text, &manifest); {
	case err != nil:
		e.add(check, advice, "pkg/manifest.json: "+err.Error(), runTool+" deploy")
	case manifest.Commit != head:
		e.add(check, advice, fmt.Sprintf("pkg/ is of commit %.12s, and %.12s is checked out", manifest.Commit, head), runTool+" deploy")
	default:
		e.add(check, good, "pkg/ is of this commit", "")
	}
}

// compiles builds the project and returns the program, in a temporary folder
// of its own; "" where it does not build.
func (e *examination) compiles() string {
	const check = "build"
	kind, err := says(e.ctx, "", nil, "go", "list", "-f", "{{.Name}}", ".")
	switch {
	case err != nil:
		e.add(check, bad, err.Error(), "see 'go build'")
		return ""
	case kind != "main":
		e.add(check, advice, "the package here is "+kind+", and no program", "run doctor in the folder of the app's main package")
		return ""
	}
	folder, err := os.MkdirTemp("", "gorgon-doctor-*")
	if err == nil {
		program := filepath.Join(folder, "app.exe")
		if _, err = says(e.ctx, "", nil, "go", "build", "-o", program, "."); err == nil {
			e.add(check, good, "the program builds", "")
			return program
		}
		_ = os.RemoveAll(folder)
	}
	e.add(check, bad, err.Error(), "see 'go build'")
	return ""
}

// app asks the program whether it can work.
func (e *examination) app(program string) bool {
	const check = "app"
	a, err := ask(e.ctx, program, "")
	if err != nil {
		e.add(check, bad, firstLine(err.Error()), "see 'go run . routes'")
		return false
	}
	count := map[string]int{}
	for _, p := range a.Parts {
		kind, _, _ := strings.Cut(p.Name, " ")
		count[kind]++
	}
	var kinds []string
	for _, kind := range []string{"page", "resource", "read", "redirect", "endpoint", "stream", "handler"} {
		if n := count[kind]; n > 0 || kind == "page" {
			if n != 1 {
				kind += "s"
			}
			kinds = append(kinds, fmt.Sprint(n, " ", kind))
		}
	}
	e.add(check, good, "it can work: "+strings.Join(kinds, ", "), "")
	return true
}
