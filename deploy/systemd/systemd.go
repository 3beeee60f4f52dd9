// Package systemd writes what one machine with systemd needs to run a package:
// hardened units with a socket that outlives restarts, a Caddyfile for TLS in
// front of it, a script that installs, upgrades and rolls back on the machine,
// and one that does all of it over ssh.
package systemd

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net"
	"strconv"
	"strings"
	"text/template"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/plan"
)

// Target is a machine of one's own with systemd 247 or later.
func Target() deploy.Target {
	return deploy.Target{
		Target: plan.Target{
			Name: "systemd", Title: "one machine with systemd",
			Offers: plan.Offers{Process: true, Single: true, Disk: plan.KeptFiles, OpenFor: plan.Always, Schedule: "a systemd timer"},
		},
		Write: write,
	}
}

// stores are the locations of local stores, below the state directory.
var stores = map[string]string{"disk": "disk:/var/lib/%s/store", "sqlite": "sqlite:/var/lib/%s/store.db"}

// A unit is what the templates read.
type unit struct {
	App, Program, Build string
	User                string
	Arch                string            // as Go names it
	Listen              string            // the address of the socket
	Trial               string            // where the next release listens while it is tried
	Domain              string            // "" for none
	Environment         []deploy.Variable // known now, and no secret
	Yours               []deploy.Variable // for /etc/APP/env
	Generated           []deploy.Variable // of those, the ones that install.sh fills with random text
	Asked               []deploy.Variable // and the others
	Migrate, Scheduled  bool
}

//go:embed files
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{"assign": assign, "comment": comment, "ready": ready, "shell": deploy.ShellWord}).ParseFS(files, "files/*"))

func write(ctx context.Context, s deploy.Site, folder string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	u, err := describe(s)
	if err != nil {
		return err
	}
	var written []deploy.File
	for _, f := range []struct {
		template, name string
		wanted         bool
	}{
		{"service", u.App + ".service", true},
		{"socket", u.App + ".socket", true},
		{"maintain.service", u.App + "-maintain.service", true},
		{"maintain.timer", u.App + "-maintain.timer", true},
		{"next.service", u.App + "-next.service", true},
		{"ready.service", u.App + "-ready.service", true},
		{"migrate.service", u.App + "-migrate@.service", u.Migrate},
		{"env", "env.example", true},
		{"Caddyfile", "Caddyfile", true},
		{"install.sh", "install.sh", true},
		{"run", "run", true},
		{"ship.sh", "ship.sh", true},
		{"README.md", deploy.ReadmeName, true},
	} {
		if !f.wanted {
			continue
		}
		var b bytes.Buffer
		if err := templates.ExecuteTemplate(&b, f.template, u); err != nil {
			return fmt.Errorf("systemd: %s: %w", f.name, err)
		}
		file := deploy.File{Name: f.name, Data: b.Bytes()}
		switch f.template {
		case "install.sh", "ship.sh", "run":
			file.Mode = 0o755
		case "README.md":
			s.Variables = append(u.Environment[:len(u.Environment):len(u.Environment)], u.Yours...)
			if s.Local() {
				s.Store = fmt.Sprintf(stores[s.Outcome.Setting.Store], u.App)
			}
			file = deploy.Readme(s, b.String())
		}
		written = append(written, file)
	}
	return deploy.WriteFiles(folder, written...)
}

// describe finds what the units say. What is the target's to decide comes
// first; then the site's own variables.
func describe(s deploy.Site) (unit, error) {
	u := unit{
		App: s.Package.App, Program: cmp.Or(s.Package.Program, s.Package.App), Build: s.Package.Build, Arch: s.Package.Arch,
		User: user(s.Package.App), Domain: s.Domain, Migrate: s.Migrate, Scheduled: s.Scheduled(),
	}
	known := map[string]string{"GORGON_HOST": "127.0.0.1", "GORGON_PORT": "8080"}
	for _, v := range s.Variables {
		if _, ours := known[v.Name]; ours && v.Value != "" && !v.Secret {
			known[v.Name] = v.Value
		}
	}
	u.Listen, u.Trial = net.JoinHostPort(known["GORGON_HOST"], known["GORGON_PORT"]), trial(known["GORGON_HOST"], known["GORGON_PORT"])
	variables := []deploy.Variable{
		{Name: "GORGON_STANDALONE", Value: "true", For: "refuse to run from a source tree"},
		{Name: "GORGON_HOST", Value: known["GORGON_HOST"], For: "where it listens: for the proxy alone"},
		{Name: "GORGON_PORT", Value: known["GORGON_PORT"], For: "where it listens"},
	}
	switch place, local := stores[s.Outcome.Setting.Store]; {
	case local:
		variables = append(variables, deploy.Variable{Name: "GORGON_STORE", Value: fmt.Sprintf(place, u.App), For: "the store for pages generated at run time"})
	case s.Store == "" || s.Store == "none":
		// Said aloud, since a program that carries a disk store would use it.
		variables = append(variables, deploy.Variable{Name: "GORGON_STORE", Value: "none", For: "the store for pages generated at run time"})
	case strings.ContainsAny(s.Store, "*…"): // the rest of it is not known here
		variables = append(variables, deploy.Variable{Name: "GORGON_STORE", Secret: true, For: "the store for pages generated at run time, as in " + s.Store})
	default:
		variables = append(variables, deploy.Variable{Name: "GORGON_STORE", Value: s.Store, For: "the store for pages generated at run time"})
	}
	// So that connections which the proxy keeps are closed by answers, not
	// under a request.
	variables = append(variables, deploy.Variable{Name: "GORGON_DRAIN", Value: "1s", For: "how long to keep accepting requests after SIGTERM"})
	variables = append(variables, deploy.Variable{Name: "GORGON_TRUSTED_PROXIES", Value: "127.0.0.1/32,::1/128", For: "proxies whose forwarding headers are trusted"})
	variables = append(variables, s.Files("/var/lib/"+u.App)...)
	at := map[string]int{}
	for i, v := range variables {
		at[v.Name] = i
	}
	for _, v := range s.Variables {
		if v.Name == "DATABASE_URL" && s.App.Has(plan.File) {
			// A file of this machine needs no password, so it is named here.
			v.Value, v.Secret = fmt.Sprintf("sqlite:/var/lib/%s/%[1]s.db", u.App), false
		}
		i, ours := at[v.Name]
		switch {
		case !ours:
			variables = append(variables, v)
		case (v.Name == "GORGON_TRUSTED_PROXIES" || v.Name == "FILES_URL") && v.Value != "":
			variables[i] = v
		}
	}
	for _, v := range variables {
		if strings.ContainsAny(v.Value, "\n\r\x00") {
			return u, fmt.Errorf("systemd: variable %s: its value has more than one line, which a unit cannot hold: leave it out and set it in /etc/%s/env", v.Name, u.App)
		}
		if v.Secret || v.Value == "" {
			v.Value = ""
			u.Yours = append(u.Yours, v)
			if v.Random {
				u.Generated = append(u.Generated, v)
			} else {
				u.Asked = append(u.Asked, v)
			}
		} else {
			u.Environment = append(u.Environment, v)
		}
	}
	return u, nil
}

// trial is an address for the next release while the present one serves: the
// same port at another address of the loopback, or the next port where the
// present one takes the port at every address.
func trial(host, port string) string {
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		if n, err := strconv.Atoi(port); err == nil {
			port = strconv.Itoa(n%65535 + 1)
		}
	}
	return net.JoinHostPort("127.0.0.2", port)
}

// ready is a line of shell, as a unit holds it, that waits until a release is
// ready: 30 s, or READY_WITHIN of the operator's. What keeps it from that is said
// once.
func ready(link, addr string, u unit) string {
	return fmt.Sprintf(`n=0; said=; until now=$$(/opt/%s/%s/%s health --addr %s 2>&1); do [ "$$now" = "$$said" ] || echo "$$now"; said=$$now; `+
		`n=$$((n+1)); [ $$n -lt $${READY_WITHIN:-30} ] || exit 1; sleep 1; done; echo "$$now"`, u.App, link, u.Program, addr)
}

// user is the dynamic user that the units share, since they share files. It
// has a prefix: a user of the app's own name may be there, and be root.
func user(app string) string {
	const longest = 31 // that systemd takes everywhere
	name := "app-" + app
	if len(name) <= longest {
		return name
	}
	sum := sha256.Sum256([]byte(app))
	return name[:longest-9] + "-" + hex.EncodeToString(sum[:4])
}

// assign writes a variable as a value of Environment=.
func assign(v deploy.Variable) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%", "\t", `\t`).Replace(v.Name+"="+v.Value) + `"`
}

// Properties are the settings of the units, as arguments of systemd-run. Variables
// have an argument of their own.
func (u unit) Properties() ([]string, error) {
	var text strings.Builder
	if err := templates.ExecuteTemplate(&text, "hardening", u); err != nil {
		return nil, err
	}
	var list []string
	for line := range strings.Lines(text.String()) {
		line = strings.TrimSpace(line)
		if name, _, setting := strings.Cut(line, "="); setting && name != "Environment" && !strings.HasPrefix(line, "#") {
			list = append(list, line)
		}
	}
	return list, nil
}

// comment keeps a text on its line.
func comment(text string) string { return strings.Join(strings.Fields(text), " ") }
