// The environment: every variable of Gorgon's that a program reads.

package command

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cli"
)

// A variable is one of the environment.
type variable struct{ name, says string }

// variables are all that a program reads. A variable that is not listed here
// may not be read.
func variables() []variable {
	return []variable{
		{"GORGON_ACCESS_LOG", "true: --access-log of serve"},
		{"GORGON_ACME_DIR", "--acme-dir of serve"},
		{"GORGON_ACME_DIRECTORY", "--acme-directory of serve"},
		{"GORGON_ACME_DOMAINS", "--acme-domains of serve; health then asks over TLS"},
		{"GORGON_ADMIN", "--admin of serve"},
		{"GORGON_ADMIN_WRITE", "true: --admin-write of serve"},
		{"GORGON_BASE_PATH", "--base"},
		{"GORGON_DEV", "1: set by 'gorgon dev' for the program that it runs"},
		{"GORGON_DEV_ENV", "names of the variables that come from .env, with commas, set likewise"},
		{"GORGON_ADVERTISE", "--advertise of serve"},
		{"GORGON_DEV_FILES", "file in which the program lists the embedded files that it reads from disk, set likewise"},
		{"GORGON_DEV_RUN", "which run of it that is, set likewise"},
		{"GORGON_DRAIN", "--drain of serve"},
		{"GORGON_ENVIRONMENT", "--environment: whose the store is, besides the app"},
		{"GORGON_HEALTH_KEY", "callers who send it as a bearer token read the reasons at /livez, /readyz and /startupz"},
		{"GORGON_HOST", "host of --addr"},
		{"GORGON_KEEP_ALIVE", "--keep-alive of serve"},
		{"GORGON_LAMBDA", "buffer: answer a Lambda function's events whole, not as a stream"},
		{"GORGON_LANE", "false: --lane=false of serve"},
		{"GORGON_LOG", "form of the log, json or text"},
		{"GORGON_LOG_LEVEL", "least level of the log: debug, info, warn or error"},
		{"GORGON_METRICS", "--metrics of serve"},
		{"GORGON_OLD_SECRET", "the secret before, with which older builds still run, and older tickets and links are opened"},
		{"GORGON_PORT", "port of --addr; PORT is read where it is not set"},
		{"GORGON_PURGE_KEY", "key that purges over HTTP are signed with; without it none are accepted"},
		{"GORGON_READY", "json: serve says where it listens by a line of JSON, for the program that started it"},
		{"GORGON_REDIRECT_FROM", "--redirect-from of serve"},
		{"GORGON_REQUIRE_STORE", "true: --require-store of serve"},
		{"GORGON_ROLE", "--role of serve"},
		{"GORGON_SECRET", "seals the props of fragments, and the tickets and links of buckets; the same for build and serve, on every instance"},
		{"GORGON_STANDALONE", "true: refuse to run outside of a package"},
		{"GORGON_STORE", "--store"},
		{"GORGON_TICK_KEY", "callers who send it as a bearer token run a batch of jobs by POST to /_gorgon/tick"},
		{"GORGON_TLS_CERT", "--tls-cert of serve; health then asks over TLS"},
		{"GORGON_TLS_KEY", "--tls-key of serve"},
		{"GORGON_TRUSTED_PROXIES", "--trusted-proxies of serve"},
		{"GORGON_WORK_AFTER", "--work-after of serve"},
	}
}

// environmentTopic is a page of help.
func environmentTopic(p *program) *cobra.Command {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, v := range variables() {
		fmt.Fprintf(w, "  %s\t%s\n", v.name, v.says)
	}
	_ = w.Flush() // to a builder
	return &cobra.Command{
		Use:   "environment",
		Short: "The variables of the environment that are read",
		Long:  "Flags win over the environment. These variables are read:\n\n" + text.String() + "\nThose of the app itself are listed by '" + p.app.Name + " config'.",
	}
}

func env(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// fromEnv lets a variable of the environment be the value of a flag that is
// not given. The flag's default stays what --help shows, since the variable
// may hold a secret by mistake. A variable that is malformed is a fault of the
// commands that have the flag.
func (p *program) fromEnv(c *cobra.Command, flag, name string) {
	text := os.Getenv(name)
	if text == "" {
		return
	}
	f := c.Flag(flag)
	if err := f.Value.Set(text); err != nil {
		p.faults[flag] = misused("%s %s: %s", name, quoted(text), cli.Form(f.Value.Type()))
	}
}

// checkEnv returns the fault of a variable that a command reads.
func (p *program) checkEnv(c *cobra.Command) error {
	for flag, fault := range p.faults {
		if f := c.Flag(flag); f != nil && !f.Changed {
			return fault
		}
	}
	return nil
}

// truth reads a variable that is true or false.
func truth(name string) (bool, error) {
	switch text := os.Getenv(name); text {
	case "true", "1":
		return true, nil
	case "", "false", "0":
		return false, nil
	default:
		return false, misused("%s %s: %s", name, quoted(text), cli.Form("bool"))
	}
}
