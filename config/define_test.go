package config_test

import (
	"errors"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/config"
	"github.com/gorgon-go/gorgon/wire"
)

type Unit string

func (Unit) Values() []Unit { return []Unit{"gram", "piece", "litre"} }

type common struct {
	Region string
}

// Shop has a field of each kind.
type Shop struct {
	common
	StripeKey config.Secret `env:"STRIPE_KEY,required" doc:"the key of the account"`
	MaxItems  int           `env:"MAX_ITEMS" default:"20"`
	Small     int8
	Count     uint16
	Share     float64
	Open      bool `default:"true"`
	Wait      time.Duration
	Since     time.Time
	Origin    *url.URL
	Home      url.URL
	Level     slog.Level `default:"warn"`
	Peers     []netip.Addr
	Ports     []*int
	Keys      []config.Secret
	Unit      Unit
	Limit     *int
	HTTPPort  int
	Mail      struct {
		Host string `env:"HOST" default:"localhost"`
		Key  config.Secret
	} `env:"MAIL"`
	Made    chan int `env:"-"`
	private int
}

func pointer[T any](v T) *T { return &v }

func TestFields(t *testing.T) {
	got, err := config.Define[Shop]("SHOP_").ReadFrom(
		"SHOP_REGION=eu", "SHOP_STRIPE_KEY=hunter2=", "SHOP_SMALL=-128", "SHOP_COUNT=65535", "SHOP_SHARE=0.5", "SHOP_OPEN=false", "SHOP_WAIT=1m30s",
		"SHOP_SINCE=2026-01-31T12:00:00Z", "SHOP_ORIGIN=https://shop.example/a", "SHOP_HOME=postgres:///db?host=/run", "SHOP_PEERS=::1, 10.0.0.1,", "SHOP_PORTS=1,2",
		"SHOP_KEYS=one,two", "SHOP_UNIT=piece", "SHOP_LIMIT=3", "SHOP_HTTP_PORT=80", "SHOP_MAIL_KEY=mailkey",
		"OTHER=1", "SHOPPING=1", "SHOP_EMPTY=", "SHOP_MAIL_HOST=")
	want := Shop{
		common: common{Region: "eu"}, StripeKey: config.NewSecret("hunter2="), MaxItems: 20, Small: -128, Count: 65535, Share: 0.5, Wait: 90 * time.Second,
		Since: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), Origin: &url.URL{Scheme: "https", Host: "shop.example", Path: "/a"},
		Home: url.URL{Scheme: "postgres", Path: "/db", RawQuery: "host=/run"}, Level: slog.LevelWarn, Peers: []netip.Addr{netip.IPv6Loopback(), netip.MustParseAddr("10.0.0.1")},
		Ports: []*int{pointer(1), pointer(2)}, Keys: []config.Secret{config.NewSecret("one"), config.NewSecret("two")}, Unit: "piece", Limit: pointer(3), HTTPPort: 80,
	}
	want.Mail.Host, want.Mail.Key = "localhost", config.NewSecret("mailkey")
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
	if got, err := config.Define[Shop]("SHOP_").ReadFrom("SHOP_STRIPE_KEY=k"); err != nil || got.Limit != nil || got.Origin != nil || !got.Open || got.private != 0 || got.MaxItems != 20 || !got.Mail.Key.IsZero() {
		t.Errorf("what is not set: %+v, %v", got, err)
	}
}

// Every fault is reported at once, by name, and without a value.
func TestFaults(t *testing.T) {
	const form = "write a URL with its scheme, such as https://example.com"
	for name, c := range map[string]struct{ set, says string }{
		"missing":         {"", "SHOP_STRIPE_KEY: it is required, and not set: write the secret"},
		"empty":           {"SHOP_STRIPE_KEY=", "SHOP_STRIPE_KEY: it is required, and not set: write the secret"},
		"int":             {"SHOP_MAX_ITEMS=hunter2", "SHOP_MAX_ITEMS: write a whole number, such as 20"},
		"spaces":          {"SHOP_MAX_ITEMS= 2", "SHOP_MAX_ITEMS: write a whole number, such as 20"},
		"int8":            {"SHOP_SMALL=128", "SHOP_SMALL: write a whole number from -128 to 127"},
		"int64":           {"SHOP_MAX_ITEMS=9223372036854775808", "SHOP_MAX_ITEMS: write a whole number from -9223372036854775808 to 9223372036854775807"},
		"uint":            {"SHOP_COUNT=-1", "SHOP_COUNT: write a whole number of zero or more, such as 20"},
		"uint16":          {"SHOP_COUNT=65536", "SHOP_COUNT: write a whole number from 0 to 65535"},
		"float":           {"SHOP_SHARE=hunter2", "SHOP_SHARE: write a number, such as 0.5"},
		"NaN":             {"SHOP_SHARE=NaN", "SHOP_SHARE: write a number, such as 0.5"},
		"bool":            {"SHOP_OPEN=hunter2", "SHOP_OPEN: write true or false"},
		"duration":        {"SHOP_WAIT=hunter2", "SHOP_WAIT: write a number with its unit, such as 10s or 1m30s"},
		"time":            {"SHOP_SINCE=hunter2", "SHOP_SINCE: write a time as in RFC 3339, such as 2026-01-31T12:00:00Z"},
		"url":             {"SHOP_ORIGIN=https://u:hunter2@h\x7f", "SHOP_ORIGIN: " + form},
		"host and port":   {"SHOP_ORIGIN=localhost:8080", "SHOP_ORIGIN: " + form},
		"text":            {"SHOP_LEVEL=hunter2", "SHOP_LEVEL: write a value that slog.Level can read"},
		"list":            {"SHOP_PEERS=::1,hunter2", "SHOP_PEERS: write a value that netip.Addr can read, with commas between several"},
		"enum":            {"SHOP_UNIT=hunter2", "SHOP_UNIT: use gram, piece or litre"},
		"pointer":         {"SHOP_LIMIT=hunter2", "SHOP_LIMIT: write a whole number, such as 20"},
		"nested":          {"SHOP_MAIL_PORT=hunter2", "SHOP_MAIL_PORT: the app has no such variable: did you mean SHOP_MAIL_HOST?"},
		"unknown":         {"SHOP_MAX_ITEM=hunter2", "SHOP_MAX_ITEM: the app has no such variable: did you mean SHOP_MAX_ITEMS?"},
		"nothing like it": {"SHOP_XYZZY_QUUX_ABCD=hunter2", "SHOP_XYZZY_QUUX_ABCD: the app has no such variable: remove it"},
		"private":         {"SHOP_PRIVATE=1", "SHOP_PRIVATE: the app has no such variable: remove it"},
		"no file":         {"SHOP_STRIPE_KEY_FILE=/hunter2/is/not/there", "SHOP_STRIPE_KEY: the file that SHOP_STRIPE_KEY_FILE names does not exist"},
		"a folder":        {"SHOP_STRIPE_KEY_FILE=/", "SHOP_STRIPE_KEY: the file that SHOP_STRIPE_KEY_FILE names is not a regular file"},
		"value and file":  {"SHOP_MAIL_KEY=hunter2 SHOP_MAIL_KEY_FILE=/x", "SHOP_MAIL_KEY: SHOP_MAIL_KEY_FILE is set, too: set one of them"},
		"file of a text":  {"SHOP_MAX_ITEMS_FILE=/x", "SHOP_MAX_ITEMS_FILE: the app has no such variable: only the value of a Secret can be in a file: set SHOP_MAX_ITEMS"},
		"file of several": {"SHOP_KEYS_FILE=/x", "SHOP_KEYS_FILE: the app has no such variable: only the value of a Secret can be in a file: set SHOP_KEYS"},
	} {
		environ := []string{c.set}
		if strings.Contains(c.set, " SHOP") {
			environ = strings.Split(c.set, " ")
		}
		if !strings.Contains(c.says, "STRIPE_KEY: ") {
			environ = append(environ, "SHOP_STRIPE_KEY=hunter3")
		}
		got, err := config.Define[Shop]("SHOP_").ReadFrom(environ...)
		faults, ok := errors.AsType[config.Faults](err)
		if !ok || len(faults) != 1 || faults[0].Error() != c.says || err.Error() != "configuration: "+c.says {
			t.Errorf("%s: %v, want %s", name, err, c.says)
		}
		if !reflect.DeepEqual(got, Shop{}) {
			t.Errorf("%s: with a fault, it returns %+v", name, got)
		}
		if err != nil && strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s: %v has the value", name, err)
		}
	}
	_, err := config.Define[Shop]("SHOP_").ReadFrom("SHOP_SMALL=x", "SHOP_B=1", "SHOP_A=1")
	want := "the configuration has 4 faults:\n  SHOP_STRIPE_KEY: it is required, and not set: write the secret\n  SHOP_SMALL: write a whole number, such as 20\n" +
		"  SHOP_A: the app has no such variable: remove it\n  SHOP_B: the app has no such variable: remove it"
	if err == nil || err.Error() != want {
		t.Errorf("several: %v\nwant %s", err, want)
	}
}

func TestSecretFiles(t *testing.T) {
	dir := t.TempDir()
	read := func(text string) (Shop, error) {
		t.Helper()
		file := filepath.Join(dir, "key")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return config.Define[Shop]("SHOP_").ReadFrom("SHOP_STRIPE_KEY_FILE=" + file)
	}
	for text, want := range map[string]string{"hunter2": "hunter2", "hunter2\n": "hunter2", "hunter2\r\n\n": "hunter2", " a\nb \n": " a\nb "} {
		if got, err := read(text); err != nil || got.StripeKey.Reveal() != want {
			t.Errorf("%q: %q, %v", text, got.StripeKey.Reveal(), err)
		}
	}
	for text, says := range map[string]string{"": "is empty", "\n": "is empty", strings.Repeat("k", 65<<10): "has more than 64 KiB"} {
		if _, err := read(text); err == nil || !strings.HasSuffix(err.Error(), says) {
			t.Errorf("a file of %d bytes: %v, want %s", len(text), err, says)
		}
	}
}

// In a pod, Kubernetes sets variables for services, one of which may have the
// app's name. Elsewhere, or with another name, a variable is refused.
func TestServicesOfKubernetes(t *testing.T) {
	links := []string{"SHOP_SERVICE_HOST=10.0.0.1", "SHOP_SERVICE_PORT=80", "SHOP_SERVICE_PORT_HTTP=80", "SHOP_PORT=tcp://10.0.0.1:80", "SHOP_PORT_80_TCP=tcp://10.0.0.1:80",
		"SHOP_PORT_80_TCP_PROTO=tcp", "SHOP_PORT_80_TCP_PORT=80", "SHOP_PORT_80_TCP_ADDR=10.0.0.1", "SHOP_DB_SERVICE_HOST=10.0.0.2", "SHOP_DB_PORT=tcp://10.0.0.2:5432"}
	d := config.Define[Shop]("SHOP_")
	pod := append([]string{"SHOP_STRIPE_KEY=k", "KUBERNETES_SERVICE_HOST=10.0.0.3"}, links...)
	if _, err := d.ReadFrom(pod...); err != nil {
		t.Errorf("in a pod: %v", err)
	}
	if _, err := d.ReadFrom(append(pod, "SHOP_SERVICE=x")...); err == nil || !strings.Contains(err.Error(), "SHOP_SERVICE:") {
		t.Errorf("another variable in a pod: %v", err)
	}
	for _, link := range links {
		if _, err := d.ReadFrom("SHOP_STRIPE_KEY=k", link); err == nil {
			t.Errorf("elsewhere, %s is not refused", link)
		}
	}
}

type limits struct {
	Least, Most int
	Key         config.Secret
}

func (l *limits) Validate() error {
	if l.Least > l.Most {
		return errors.New("LIMITS_LEAST is above LIMITS_MOST; the key is " + l.Key.String())
	}
	return nil
}

func TestValidate(t *testing.T) {
	d := config.Define[limits]("LIMITS_")
	if got, err := d.ReadFrom("LIMITS_LEAST=1", "LIMITS_MOST=2"); err != nil || got.Most != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := d.ReadFrom("LIMITS_LEAST=3", "LIMITS_MOST=2", "LIMITS_KEY=hunter2"); err == nil || err.Error() != "configuration: LIMITS_LEAST is above LIMITS_MOST; the key is ••••" || got.Most != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	// What it sees is complete: it is not called for a struct with faults.
	if _, err := d.ReadFrom("LIMITS_LEAST=3", "LIMITS_MOST=x"); err == nil || strings.Contains(err.Error(), "above") {
		t.Error(err)
	}
}

// Faults of the struct are those of the source, so defaults may be shown.
func TestDefinitions(t *testing.T) {
	validates := func(d interface{ Validate() error }, says ...string) {
		t.Helper()
		err := d.Validate()
		if err == nil {
			t.Errorf("no fault, want %q", says)
			return
		}
		for _, want := range says {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("it does not say %q: %v", want, err)
			}
		}
	}
	type empty struct{}
	for _, prefix := range []string{"", "SHOP", "shop_", "_", "SHOP-", "1_", "SHOP__", "A=_"} {
		d := config.Define[empty](prefix)
		validates(d, "the prefix")
		if _, err := d.Get(); err == nil {
			t.Errorf("prefix %q: it is read", prefix)
		}
		validates(d, "the prefix") // also afterwards
	}
	validates(config.Define[empty]("GORGON_SHOP_"), "that of the framework")
	validates(config.Define[int]("SHOP_"), "use a struct")
	validates(config.Define[struct {
		A chan int
		B map[string]string
		C []byte
		D **int
		E *[]int
		F [][]int
		G struct {
			H any
		}
		I *struct{ J int }
		K *[]string
	}]("SHOP_"), ".A: a chan int", ".B: a map", ".C: a []uint8", ".D: a **int", ".E: a *[]int", ".F: a [][]int", ".H: a interface", ".I: a *struct", ".K: a *[]string")
	validates(config.Define[struct {
		A int             `env:"A,must"`
		B int             `env:"b"`
		C int             `env:"C,required" default:"1"`
		D config.Secret   `default:"hunter2"`
		E int             `default:"one"`
		F struct{ G int } `env:",required"`
		h int             `env:"H"`
		I int             `env:"J"`
		J int
		K config.Secret
		L int             `env:"K_FILE"`
		M int             `env:"A_B"`
		N struct{ B int } `env:"A"`
	}]("SHOP_"), `the env tag "A,must"`, `the name "b"`, "required and has a default", "a Secret with a default", `the default "one": write a whole number`, "is a struct: tag its fields",
		".h is not exported", "SHOP_J is the variable of I and of J", "SHOP_K_FILE is the variable of K and of L", "SHOP_A_B is the variable of M and of B")
	if err := config.Define[Shop]("SHOP_").Validate(); err != nil {
		t.Error(err)
	}
	var none *config.Definition[Shop]
	for _, d := range []*config.Definition[Shop]{none, {}} {
		if _, err := d.Get(); !errors.Is(err, config.ErrUndefined) || !errors.Is(d.Validate(), config.ErrUndefined) || len(d.Variables()) != 0 {
			t.Errorf("a Definition that Define did not make: %v", err)
		}
	}
}

// The environment is read once, when it is first asked for.
func TestItIsReadOnce(t *testing.T) {
	d := config.Define[Shop]("READ_ONCE_")
	t.Setenv("READ_ONCE_STRIPE_KEY", "one")
	if got, err := d.Get(); err != nil || got.StripeKey.Reveal() != "one" {
		t.Fatal(got, err)
	}
	t.Setenv("READ_ONCE_STRIPE_KEY", "two")
	if got, err := d.Get(); err != nil || got.StripeKey.Reveal() != "one" {
		t.Errorf("it was read again: %v", err)
	}
	t.Setenv("READ_ONCE_STRIPE_KEY", "")
	if err := config.Define[Shop]("READ_ONCE_").Read(); err == nil {
		t.Error("another definition reads nothing")
	}
}

// Many goroutines that ask first get one reading.
func TestParallelUse(t *testing.T) {
	t.Setenv("PARALLEL_STRIPE_KEY", "one")
	t.Setenv("PARALLEL_LIMIT", "3")
	d := config.Define[Shop]("PARALLEL_")
	var all sync.WaitGroup
	limits := make([]*int, 32)
	for i := range limits {
		all.Go(func() {
			c, err := d.Get()
			if err != nil {
				t.Error(err)
			}
			limits[i] = c.Limit
			_ = d.Variables()
		})
	}
	all.Wait()
	for _, l := range limits {
		if l != limits[0] || l == nil {
			t.Fatal("it was read more than once")
		}
	}
}

// Of is for one test alone, beside others.
func TestOf(t *testing.T) {
	for _, n := range []int{1, 2, 3} {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			d := config.Of(Shop{MaxItems: n})
			if got, err := d.Get(); err != nil || got.MaxItems != n || d.Validate() != nil || d.Read() != nil || len(d.Variables()) != 0 {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// A parallel test is a TB that refuses Setenv, as that of package testing does.
type parallelTest struct{ *testing.T }

var errParallel = errors.New("parallel")

func (parallelTest) Setenv(string, string) { panic(errParallel) }

func TestSet(t *testing.T) {
	d := config.Define[Shop]("SET_")
	t.Run("set", func(t *testing.T) {
		d.Set(t, Shop{MaxItems: 3})
		d.Set(t, Shop{MaxItems: 4})
		if got, err := d.Get(); err != nil || got.MaxItems != 4 {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("parallel", func(t *testing.T) {
		defer func() {
			if recover() != errParallel {
				t.Error("a parallel test can set it")
			}
		}()
		d.Set(parallelTest{t}, Shop{MaxItems: 5})
	})
	if _, err := d.Get(); err == nil {
		t.Error("it stays set after the test")
	}
}

func TestVariables(t *testing.T) {
	for name, value := range map[string]string{
		"VARS_STRIPE_KEY_FILE": "/hunter2/x", "VARS_MAIL_KEY": "hunter2", "VARS_KEYS": "hunter2,hunter3", "VARS_ORIGIN": "https://u:hunter2@shop.example/a?k=hunter2#hunter2",
		"VARS_SMALL": "hunter2", "VARS_REGION": "eu\n", "VARS_OTHER": "hunter2", "VARS_COUNT": "3",
	} {
		t.Setenv(name, value)
	}
	byName := map[string]wire.Variable{}
	for _, v := range config.Define[Shop]("VARS_").Variables() {
		byName[v.Name] = v
	}
	for _, want := range []wire.Variable{
		{Name: "VARS_STRIPE_KEY", Type: "secret", Secret: true, Says: "the key of the account", Required: true, Set: true, Source: wire.FromFile, Fault: "the file that VARS_STRIPE_KEY_FILE names does not exist"},
		{Name: "VARS_MAIL_KEY", Type: "secret", Secret: true, Set: true, Source: wire.FromEnvironment, Value: "••••"},
		{Name: "VARS_KEYS", Type: "secret, several with commas", Secret: true, Set: true, Source: wire.FromEnvironment, Value: "••••"},
		{Name: "VARS_ORIGIN", Type: "URL", Set: true, Source: wire.FromEnvironment, Value: "https://••••@shop.example/a?••••#••••"},
		{Name: "VARS_SMALL", Type: "whole number", Set: true, Source: wire.FromEnvironment, Fault: "write a whole number, such as 20"},
		{Name: "VARS_REGION", Type: "text", Set: true, Source: wire.FromEnvironment, Value: `"eu\n"`},
		{Name: "VARS_OTHER", Set: true, Source: wire.FromEnvironment, Fault: "the app has no such variable: remove it"},
		{Name: "VARS_MAX_ITEMS", Type: "whole number", Default: "20", Source: wire.FromDefault, Value: "20"},
		{Name: "VARS_LIMIT", Type: "whole number"},
	} {
		if got := byName[want.Name]; got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	if len(byName) != 21 {
		t.Errorf("%d variables", len(byName))
	}
}

// No form of a URL shows its password.
func TestShown(t *testing.T) {
	for text, want := range map[string]string{
		"plain text":                  "plain text",
		"a\tb":                        `"a\tb"`,
		"ü":                           "ü",
		"https://shop.example/a":      "https://shop.example/a",
		"postgres://u:hunter2@db/app": "postgres://••••@db/app",
		"postgres://hunter2@db/app":   "postgres://••••@db/app",
		"redis://h/0?pwd=hunter2":     "redis://h/0?••••",
		"x://u:hun/ter2@h":            "••••",
		"x://u:hun#ter2@h":            "••••",
		"DSN=x://u:hunter2@h":         "••••",
		"x://u:%zzhunter2@h":          "••••",
		"https://a:hunter2@b,https:x": "••••",
		"x://u:123#ter2@h":            "••••",
		"x://u:123/ter2@h":            "••••",
		"x://u:p@h/a@b":               "x://••••@h/a@b",
	} {
		if got := config.Shown(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}
