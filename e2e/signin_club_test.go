// The starter members as a program, and a visitor of it in Chromium.

package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/gorgon-go/gorgon/testbed"
)

var membersProgram = sync.OnceValues(func() (string, error) { return goBuild("members", "../tool/starters/members", "") })

// A club is the starter, served, with the server that its mails go to.
type club struct {
	*server
	origin string
	mails  *mailbox
	read   int // how many mails were read
}

// openClub migrates, builds and serves the starter below a base path.
func openClub(t *testing.T, base string) *club {
	t.Helper()
	program := release(t, membersProgram)
	addr, err := testbed.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	dir, mails := t.TempDir(), openMailbox(t)
	origin := strings.Replace("http://"+addr, "127.0.0.1", "localhost", 1) // browsers have passkeys there
	command := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(context.Background(), program.path, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "DATABASE_URL=sqlite:"+filepath.Join(dir, "members.db"), "MEMBERS_ORIGIN="+origin, "GORGON_LOG=text", "MAIL_URL=smtp://"+mails.address, "MAIL_FROM=club@example.com", "GORGON_SECRET=of this test alone")
		return cmd
	}
	serve := []string{"serve", "--addr", addr}
	if base != "" {
		serve = append(serve, "--base", base)
	}
	for _, args := range [][]string{{"migrate"}, {"build"}} {
		if said, err := command(args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", args[0], err, said)
		}
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := command(serve...)
	cmd.Stderr = log
	leash, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	v := &server{t: t, cmd: cmd, log: log.Name(), leash: leash, ended: make(chan struct{}), url: origin + base}
	go func() {
		_ = cmd.Wait()
		close(v.ended)
	}()
	t.Cleanup(v.end)
	until(t, "the club serves", func() bool {
		select {
		case <-v.ended:
			t.Fatalf("it ended: %v\n%s", cmd.ProcessState, v.said())
		default:
		}
		return serving.MatchString(v.said())
	})
	return &club{server: v, origin: origin, mails: mails}
}

// A member is a visitor with a browser.
type member struct {
	*testbed.Tab
	t       *testing.T
	club    *club
	scripts bool
}

func (c *club) member(t *testing.T, scripts bool) *member {
	t.Helper()
	g := &member{testbed.NewTab(t), t, c, scripts}
	if !scripts {
		g.WithoutScript()
	}
	return g
}

// fill types into fields by name, sends the form, and waits for what holds then.
func (g *member) fill(values map[string]string, then string) {
	g.t.Helper()
	for name, value := range values {
		g.Run(fmt.Sprintf(`{
			const f = document.querySelector("main input[name=%s]:not([type=hidden])")
			if (f.type === "checkbox") f.checked = true; else f.value = %q
		}`, name, value))
	}
	g.Click("main form:has([name=" + first(values) + "]:not([type=hidden])) button")
	g.wants(then)
}

func first(values map[string]string) string {
	for name := range values {
		return name
	}
	return ""
}

// wants waits until the title or the main part has a text.
func (g *member) wants(text string) {
	g.t.Helper()
	g.Wait(fmt.Sprintf(`document.readyState === "complete" && (document.title + document.querySelector("main")?.innerText).includes(%q)`, text))
}

func (g *member) visit(path string) { g.t.Helper(); g.Open(g.club.url + path) }

const stone = "a stone that turns"

// join signs up, opens the link of the mail and confirms.
func (g *member) join(name string) {
	g.t.Helper()
	email := name + "@example.com"
	g.visit("/sign-up")
	g.fill(map[string]string{"name": name, "email": email, "password": stone}, "Look into your mailbox")
	to, page, code := g.club.mail()
	if to != email || !strings.HasPrefix(page, g.club.url+"/confirm") {
		g.t.Fatalf("the mail to %s leads to %s", to, page)
	}
	g.follow(page, code)
	g.fill(g.withCode(code, map[string]string{"password": stone}), "Member since")
}

// follow opens the link of a mail.
func (g *member) follow(page, code string) {
	g.t.Helper()
	g.Open("about:blank") // a link to the page that is shown would load none
	g.Open(page + "#" + code)
	if g.scripts {
		g.Wait(`document.querySelector("[name=code]").value !== "" && location.hash === ""`)
	}
}

// withCode adds the code where no script has filled it in.
func (g *member) withCode(code string, values map[string]string) map[string]string {
	if !g.scripts {
		values["code"] = code
	}
	return values
}

func (g *member) signIn(name, password, then string) {
	g.t.Helper()
	g.visit("/sign-in")
	g.fill(map[string]string{"email": name + "@example.com", "password": password, "stay": "on"}, then)
}

// accessible reports what axe finds on the page.
func (g *member) accessible(source, what string) {
	g.t.Helper()
	g.Run(source)
	var found []struct {
		ID, Help string
		Nodes    []struct{ HTML, FailureSummary string }
	}
	said := testbed.Eval[string](g.Tab, `axe.run({resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`)
	if err := json.Unmarshal([]byte(said), &found); err != nil {
		g.t.Fatal(err)
	}
	for _, v := range found {
		for _, n := range v.Nodes {
			g.t.Errorf("%s: %s: %s\n%s\n%s", what, v.ID, v.Help, n.HTML, n.FailureSummary)
		}
	}
}

// picture writes a screenshot of the whole page where GORGON_SCREENSHOTS names a
// folder.
func (g *member) picture(name string) {
	folder := os.Getenv("GORGON_SCREENSHOTS")
	if folder == "" {
		return
	}
	size := testbed.Eval[[]int64](g.Tab, `[innerWidth, innerHeight, document.documentElement.scrollHeight]`)
	g.Do(chromedp.EmulateViewport(size[0], max(size[1], size[2])))
	g.Screenshot(filepath.Join(folder, "members-"+name+".png"))
	g.Do(chromedp.EmulateViewport(size[0], size[1]))
}
