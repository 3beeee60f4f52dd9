// The app's own configuration, through the program.

package command_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/config"
	"github.com/gorgon-go/gorgon/wire"
)

// tea is the configuration of an app.
type tea struct {
	Key  config.Secret `env:"KEY,required" doc:"opens the tea box"`
	Cups int           `env:"CUPS" default:"3" doc:"how many are made"`
	Site string        `env:"SITE" doc:"where it is sold"`
}

// A program whose configuration has faults lists all of them, and does nothing.
func TestConfigurationAtFault(t *testing.T) {
	for _, args := range [][]string{{}, {"serve", "--addr", "127.0.0.1:0"}, {"build"}, {"export", "--partial"}, {"migrate", "--store", "disk:s"}, {"maintain", "--store", "disk:s"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			x := newTrial(t)
			x.conf = config.Define[tea]("TEA_")
			t.Setenv("TEA_CUPS", "hunter2")
			t.Setenv("TEA_CUP", "hunter3")
			code, out, log := x.run(args...)
			want := "site: the configuration has 3 faults:\n  TEA_KEY: it is required, and not set: write the secret\n  TEA_CUPS: write a whole number, such as 20\n" +
				"  TEA_CUP: the app has no such variable: did you mean TEA_CUPS?\nHint: 'site config' lists all variables\n"
			if code != 1 || log != want || out != "" {
				t.Errorf("%d: %s%s", code, out, log)
			}
			if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
				t.Errorf("it wrote %v, %v", left, err)
			}
		})
	}
}

// What only describes the program needs no environment.
func TestDescribingNeedsNoConfiguration(t *testing.T) {
	x := newTrial(t)
	x.does("build")
	x.conf = config.Define[tea]("TEA_")
	for _, args := range [][]string{{"parts"}, {"routes"}, {"config"}, {"config", "--json"}, {"why", "/"}, {"purge", "--all", "--store", "disk:s"}, {"reach"}, {"--help"}} {
		x.does(args...)
	}
}

// A struct that cannot be read is a fault of each command, as that of an app is.
func TestDefinitionAtFault(t *testing.T) {
	x := newTrial(t)
	x.conf = config.Define[struct{ C chan int }]("TEA_")
	for _, args := range [][]string{{"parts"}, {"routes"}, {"config"}, {"config", "--print"}, {"serve"}, {"why", "/"}} {
		x.fails(1, ".C: a chan int cannot be read from a variable", args...)
	}
}

func TestConfigurationIsRead(t *testing.T) {
	x := newTrial(t)
	conf := config.Define[tea]("TEA_")
	x.conf = conf
	t.Setenv("TEA_KEY", "hunter2")
	x.serves("--store", "none").wants("/n/1", 200, "")
	t.Setenv("TEA_KEY", "changed")
	if c, err := conf.Get(); err != nil || c.Key.Reveal() != "hunter2" || c.Cups != 3 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestConfigShows(t *testing.T) {
	x := newTrial(t)
	x.says("no configuration of its own", "config")
	x.conf = config.Define[tea]("TEA_")
	shows := func(code int, want string, args ...string) {
		t.Helper()
		got, out, log := x.run(args...)
		if got != code || out != want {
			t.Errorf("%q: %d, %q\n%s\nwant\n%s", args, got, log, out, want)
		}
		if tells(out+log, "hunter2") != "" {
			t.Errorf("%q shows a secret: %s%s", args, out, log)
		}
	}
	shows(0, `TEA_KEY   secret        required, not set  opens the tea box
TEA_CUPS  whole number  default 3          how many are made
TEA_SITE  text          not set            where it is sold
`, "config")
	shows(1, `TEA_KEY   -  not set (at fault)
TEA_CUPS  3  default
TEA_SITE  -  not set
`, "config", "--print")
	if err := os.WriteFile("key", []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TEA_KEY_FILE", "key")
	t.Setenv("TEA_SITE", "https://u:hunter2@tea.example/")
	t.Setenv("GORGON_SECRET", "hunter2")
	t.Setenv("GORGON_PURGE_KEY", "hunter2")
	t.Setenv("GORGON_HEALTH_KEY", "hunter2")
	t.Setenv("GORGON_STORE", "postgres://u:hunter2@db/tea")
	t.Setenv("GORGON_BASE_PATH", "https://u:hunter2@x/")
	t.Setenv("GORGON_ROLE", "hunter2=hunter2@")
	t.Setenv("GORGON_DRAIN", "5s")
	x.conf = config.Define[tea]("TEA_")
	shows(0, `TEA_KEY            ••••                       file
TEA_CUPS           3                          default
TEA_SITE           https://••••@tea.example/  environment
GORGON_BASE_PATH   https://***@x              environment
GORGON_DRAIN       5s                         environment
GORGON_HEALTH_KEY  ••••                       environment
GORGON_PURGE_KEY   ••••                       environment
GORGON_ROLE        …                          environment
GORGON_SECRET      ••••                       environment
GORGON_STORE       postgres://***@db/tea      environment
`, "config", "--print")
	_, out, _ := x.run("config", "--print", "--json")
	var list []wire.Variable
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 10 || list[0] != (wire.Variable{Name: "TEA_KEY", Type: "secret", Says: "opens the tea box", Required: true, Secret: true, Set: true, Source: "file", Value: "••••"}) {
		t.Errorf("%v: %s", err, out)
	}
	_, out, _ = x.run("config", "--json")
	if list = nil; json.Unmarshal([]byte(out), &list) != nil || len(list) != 3 || list[2] != (wire.Variable{Name: "TEA_SITE", Type: "text", Says: "where it is sold", Set: true}) {
		t.Errorf("without values: %s", out)
	}
}
