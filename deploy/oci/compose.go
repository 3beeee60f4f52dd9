// A compose.yaml for one machine.

package oci

import (
	"fmt"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/deploy"
)

// A backend is the server of a store, as a second service.
type backend struct {
	service string
	store   string // GORGON_STORE
	yaml    string // the service and nothing else
	volume  string
	readme  string
}

var backends = map[string]backend{
	"postgres": {
		service: "db",
		store:   "postgres://app:${POSTGRES_PASSWORD:?set it in .env}@db:5432/app?sslmode=disable",
		volume:  "db",
		yaml: `  db:
    image: postgres:17
    restart: unless-stopped
    environment:
      POSTGRES_USER: app
      POSTGRES_DB: app
      POSTGRES_PASSWORD: "${POSTGRES_PASSWORD:?set it in .env}"
    security_opt: ["no-new-privileges:true"]
    volumes: ["db:/var/lib/postgresql/data"]
    healthcheck:
      test: ["CMD", "pg_isready", "-U", "app", "-d", "app"]
      interval: 5s
      timeout: 3s
      retries: 10
    stop_grace_period: 60s
`,
		readme: "The store is a PostgreSQL beside it, `db`. Write POSTGRES_PASSWORD=… (letters\n" +
			"and digits, as it goes into a URL) into `.env` before the first start. Where you\n" +
			"have a server already, remove `db` and set GORGON_STORE to it.",
	},
	"redis": {
		service: "cache",
		store:   "redis://cache:6379/0",
		volume:  "cache",
		yaml: `  cache:
    image: valkey/valkey:8
    restart: unless-stopped
    command: ["valkey-server", "--appendonly", "yes"]
    security_opt: ["no-new-privileges:true"]
    volumes: ["cache:/data"]
    healthcheck:
      test: ["CMD", "valkey-cli", "ping"]
      interval: 5s
      timeout: 3s
      retries: 10
    stop_grace_period: 60s
`,
		readme: "The store is a Valkey beside it, `cache`, which only the containers of this\n" +
			"file can reach. Where you have a server already, remove `cache` and set\n" +
			"GORGON_STORE to it.",
	},
}

// compose writes the compose.yaml of a site.
func compose(s deploy.Site, image string) []byte {
	var b strings.Builder
	setting := s.Outcome.Setting
	server, beside := backends[setting.Store]
	fmt.Fprintf(&b, "# %s on one machine: docker compose up --wait\nname: %s\n\nservices:\n", s.Package.App, quote(s.Package.App))

	// What the app and its migration have in common.
	common := func(command string) {
		fmt.Fprintf(&b, "    image: %s\n    command: %s\n", quote(image), list([]string{command}))
		b.WriteString("    read_only: true\n    tmpfs: [\"/tmp\"]\n    cap_drop: [\"ALL\"]\n    security_opt: [\"no-new-privileges:true\"]\n")
		environment(&b, s, server.store)
		if s.Volume() {
			b.WriteString("    volumes: [\"data:/data\"]\n")
		}
	}
	b.WriteString("  app:\n")
	common("serve")
	b.WriteString("    restart: unless-stopped\n")
	if n := s.Replicas(); n > 1 {
		fmt.Fprintf(&b, "    ports: [\"127.0.0.1:8080-%d:%s\"]\n    deploy:\n      replicas: %d\n", 8080+n-1, Port, n)
	} else {
		fmt.Fprintf(&b, "    ports: [\"127.0.0.1:8080:%s\"]\n", Port)
	}
	fmt.Fprintf(&b, `    healthcheck:
      test: %s
      interval: 10s
      timeout: 3s
      start_period: 30s
      retries: 3
    stop_grace_period: %s
`, list([]string{"CMD", "/app/" + s.Package.Program, "health"}), grace(s))
	if s.Migrate {
		b.WriteString("    depends_on:\n      migrate: {condition: service_completed_successfully}\n")
	} else if beside {
		fmt.Fprintf(&b, "    depends_on:\n      %s: {condition: service_healthy}\n", server.service)
	}
	if s.Migrate {
		b.WriteString("\n  migrate:\n")
		common("migrate")
		b.WriteString("    restart: \"no\"\n    healthcheck: {disable: true}\n")
		if beside {
			fmt.Fprintf(&b, "    depends_on:\n      %s: {condition: service_healthy}\n", server.service)
		}
	}
	if beside {
		b.WriteString("\n" + server.yaml)
	}
	if s.Volume() || beside {
		b.WriteString("\nvolumes:\n")
	}
	if s.Volume() {
		b.WriteString("  data: {}\n")
	}
	if beside {
		fmt.Fprintf(&b, "  %s: {}\n", server.volume)
	}
	return []byte(b.String())
}

// environment writes the variables. What the operator is to set is taken from
// the environment of compose or its .env file, and unset where it is not there.
func environment(b *strings.Builder, s deploy.Site, store string) {
	var lines []string
	named := false
	for _, v := range s.Variables {
		isStore := v.Name == "GORGON_STORE"
		named = named || isStore
		switch {
		case isStore && store != "":
			lines = append(lines, "GORGON_STORE: "+quote(store))
		case isStore && (v.Secret || v.Value == ""):
			lines = append(lines, `GORGON_STORE: "${GORGON_STORE:?set it in .env}"`)
		case v.Secret || v.Value == "":
			lines = append(lines, v.Name+":") // from outside
		default:
			lines = append(lines, v.Name+": "+quote(strings.ReplaceAll(v.Value, "$", "$$")))
		}
	}
	if !named && store != "" {
		lines = append(lines, "GORGON_STORE: "+quote(store))
	}
	if len(lines) == 0 {
		return
	}
	b.WriteString("    environment:\n")
	for _, l := range lines {
		b.WriteString("      " + l + "\n")
	}
}

// grace is how long a container may take to end: the drain, and then half a
// minute for what is being answered.
func grace(s deploy.Site) time.Duration {
	const answers = 30 * time.Second
	for _, v := range s.Variables {
		if v.Name == "GORGON_DRAIN" {
			if drain, err := time.ParseDuration(v.Value); err == nil {
				return drain + answers
			}
		}
	}
	return answers
}
