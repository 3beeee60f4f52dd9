// What git reports about a folder.

package compile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// git runs git in a folder. Its error is in git's own words.
func git(ctx context.Context, dir, input string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, "git", args...)
	c.Dir, c.Stdin = dir, strings.NewReader(input)
	c.Env = append(environment(), "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0")
	out, err := c.Output()
	if e, ok := errors.AsType[*exec.ExitError](err); ok && len(bytes.TrimSpace(e.Stderr)) > 0 {
		err = errors.New(strings.Join(strings.Fields(string(e.Stderr)), " "))
	}
	return string(out), err
}

// read gets the module's commit and what differs from it from git, and reports
// whether other files differ too. m.Unread says why git could not answer.
func (m *module) read(ctx context.Context, ignored []string) (foreign bool, err error) {
	unread := func(err error) (bool, error) {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		m.Commit, m.Time, m.Unread = "", time.Time{}, err.Error()
		return false, nil
	}
	top, err := git(ctx, m.Dir, "", "rev-parse", "--show-toplevel")
	if err != nil {
		return unread(err)
	}
	top = filepath.FromSlash(strings.TrimSuffix(top, "\n"))
	said, err := git(ctx, m.Dir, "", "log", "-1", "--format=%H %ct")
	if err != nil {
		return unread(err)
	}
	commit, seconds, _ := strings.Cut(strings.TrimSpace(said), " ")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return unread(fmt.Errorf("git log: %q is not a time", seconds))
	}
	m.Commit, m.Time = commit, time.Unix(unix, 0).UTC()
	// A folder that the repository around it ignores is in no commit.
	mark := "go.mod"
	if m.file != "" {
		mark = m.file
	}
	status, err := git(ctx, top, "", "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--ignore-submodules=none")
	if err != nil {
		return unread(err)
	}
	base, err := filepath.EvalSymlinks(m.Dir)
	if err != nil {
		return unread(err)
	}
	tracked, err := git(ctx, m.Dir, "", "ls-files", "--", mark)
	if err != nil {
		return unread(err)
	}
	for entry := range strings.SplitSeq(status, "\x00") {
		if len(entry) < 4 {
			continue
		}
		name := filepath.Join(top, filepath.FromSlash(entry[3:]))
		if isBelow(name, ignored) {
			foreign = true
			continue
		}
		rel, err := filepath.Rel(base, name)
		if err != nil || !filepath.IsLocal(rel) || nested(base, rel) || !m.counts(filepath.ToSlash(rel)) {
			foreign = true
			continue
		}
		m.Changes = append(m.Changes, strings.TrimSpace(entry))
	}
	if tracked == "" && len(m.Changes) == 0 {
		return unread(fmt.Errorf("git has no %s in the repository %s", mark, top))
	}
	for _, look := range []func(context.Context) ([]string, error){m.hidden, m.unwatched} {
		found, err := look(ctx)
		if err != nil {
			return false, err
		}
		m.Changes = append(m.Changes, found...)
	}
	return foreign, nil
}

// unwatched are the files that git is set not to look at (assume-unchanged,
// skip-worktree) and that differ from the commit all the same. A sparse checkout
// has none of its own there.
func (m *module) unwatched(ctx context.Context) ([]string, error) {
	out, err := git(ctx, m.Dir, "", "ls-files", "-v", "-z", "--", ".")
	if err != nil {
		return nil, fmt.Errorf("git ls-files in %s: %w", m.Dir, err)
	}
	var changed []string
	for entry := range strings.SplitSeq(out, "\x00") {
		tag, name, _ := strings.Cut(entry, " ")
		if tag == "" || tag != "S" && tag == strings.ToUpper(tag) || !m.counts(name) || nested(m.Dir, name) {
			continue
		}
		if _, err := os.Lstat(filepath.Join(m.Dir, filepath.FromSlash(name))); err != nil {
			continue
		}
		is, err := git(ctx, m.Dir, "", "hash-object", "--", name)
		if err != nil {
			return nil, fmt.Errorf("git hash-object in %s: %w", m.Dir, err)
		}
		if was, err := git(ctx, m.Dir, "", "rev-parse", "HEAD:./"+name); err != nil || was != is {
			changed = append(changed, tag+" "+name+" (git is set not to look at it)")
		}
	}
	return changed, nil
}

// generated is how a Go file says that it can be made again.
var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// hidden are the Go files of the program that git ignores, unless they say that
// they are generated: status does not show them, and they are in no commit.
func (m *module) hidden(ctx context.Context) ([]string, error) {
	if len(m.code) == 0 {
		return nil, nil
	}
	out, err := git(ctx, m.Dir, strings.Join(m.code, "\x00"), "check-ignore", "-z", "--stdin")
	if e, ok := errors.AsType[*exec.ExitError](err); ok && e.ExitCode() == 1 {
		return nil, nil // it ignores none
	}
	if err != nil {
		return nil, fmt.Errorf("git check-ignore in %s: %w", m.Dir, err)
	}
	var hidden []string
	for name := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(m.Dir, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		if !generated.Match(text) {
			hidden = append(hidden, "!! "+name+" (git ignores it)")
		}
	}
	return hidden, nil
}

// nested says whether a file below a module's folder belongs to another module
// in it.
func nested(base, rel string) bool {
	for at := path.Dir(filepath.ToSlash(rel)); at != "."; at = path.Dir(at) {
		if _, err := os.Stat(filepath.Join(base, filepath.FromSlash(at), "go.mod")); !errors.Is(err, fs.ErrNotExist) && err == nil {
			return true
		}
	}
	return false
}

// isBelow says whether a file lies in one of the folders, or is one.
func isBelow(name string, folders []string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		folder, err := filepath.Abs(folder)
		if err != nil {
			return false
		}
		// What does not exist yet has no symbolic links of its own.
		if parent, err := filepath.EvalSymlinks(filepath.Dir(folder)); err == nil {
			folder = filepath.Join(parent, filepath.Base(folder))
		}
		rel, err := filepath.Rel(folder, name)
		return err == nil && filepath.IsLocal(rel)
	})
}
