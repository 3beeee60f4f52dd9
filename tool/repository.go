// The first commit of a new project.

package tool

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// fallback is who makes the first commit where git does not know its user. It
// is said for that one commit alone.
var fallback = []string{"-c", "user.name=gorgon", "-c", "user.email=gorgon@localhost"}

// commit makes a repository of a folder, with all of it as the first commit,
// and says what it did. A repository around the folder is left alone.
func commit(ctx context.Context, folder, message string) string {
	if _, err := exec.LookPath("git"); err != nil {
		return "there is no git, and deploy wants a commit: install git, then run 'git init && git add . && git commit'"
	}
	if top, err := git(ctx, folder, "rev-parse", "--show-toplevel"); err == nil {
		return "the repository at " + top + " is around it: commit the folder there"
	}
	as := "you"
	var identity []string
	if _, err := git(ctx, folder, "-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT"); err != nil {
		as = "gorgon, since git does not know you: set user.name and user.email, then run 'git commit --amend --reset-author'"
		identity = fallback
	}
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch=main"},
		{"add", "--all"},
		// No hook, no key: nothing is to ask anything.
		append(identity[:len(identity):len(identity)], "commit", "--quiet", "--no-verify", "--no-gpg-sign", "--message", message),
	} {
		if _, err := git(ctx, folder, args...); err != nil {
			return fmt.Sprintf("the first commit could not be made (%s), and deploy wants one: run 'git init && git add . && git commit'", err)
		}
	}
	return "first commit, by " + as
}

// git runs git in a folder, whatever repository a hook around it speaks of.
func git(ctx context.Context, folder string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, "git", args...)
	c.Dir = folder
	for _, v := range os.Environ() {
		switch name, _, _ := strings.Cut(v, "="); name {
		case "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX":
		default:
			c.Env = append(c.Env, v)
		}
	}
	out, err := c.CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil && text != "" {
		err = fmt.Errorf("git %s: %s", args[0], firstLine(text))
	}
	return text, err
}
