// The import rules of the house. The table is the design; this test fails
// when the code says otherwise. It reads the files itself, so that it does not
// pass from a cache.

package gorgon_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/gorgon-go/gorgon"

// lattice says for each package which packages of this module and of others it
// may import. "words" is the root. A package that is not in the table may not
// exist.
var lattice = map[string][]string{
	// Grounds: what words stand on. Names that programs agree on, what is known
	// of paths, and what is in the context of views.
	"wire":    {},
	"paths":   {"wire"},
	"viewctx": {"wire", "paths"},

	// A ground: what goes between an app's data and its pages, in contexts.
	"dataflow": {},

	// A leaf: what is derived from the Go types of endpoints.
	"shape": {"github.com/go-json-experiment/json/jsontext"},

	// Words: the standard library and the grounds alone.
	"words": {"wire", "paths", "viewctx"},

	// What the machines read in errors.
	"failure": {"words", "paths"},

	// What holds two servers against each other.
	"listen/listentest": {"listen"},

	// Contracts, and their conformance kits.
	"pages":           {"wire"},
	"pages/pagestest": {"pages", "github.com/google/go-cmp/cmp"},

	// What proves who a visitor is.
	"sessions":              {},
	"sessions/sessionstest": {"sessions"},

	// Calls that have their effect once.
	"once":          {},
	"once/oncetest": {"once"},

	// When work that repeats is done; and work that is stored until it is done.
	"schedule":      {"github.com/robfig/cron/v3"},
	"jobs":          {"words", "schedule"},
	"jobs/jobstest": {"jobs"},
	// Rooms: state that many share; and their conformance kit.
	"rooms":           {"words", "paths", "viewctx", "shape", "describe"},
	"rooms/roomstest": {"rooms"},
	// Mail: messages and their views, tests' outbox, and what sends and shows them.
	"mail":          {"words", "viewctx", "golang.org/x/net/html", "golang.org/x/net/html/atom"},
	"mail/mailtest": {"mail"},
	"mail/preview":  {"mail"},
	"mail/smtp":     {"words", "mail", "mail/preview", "github.com/wneessen/go-mail"},

	// Files: what visitors upload, and what an app makes.
	"blobs":           {"words"},
	"blobs/blobstest": {"blobs"},

	// What technologies have in common.
	"driver": {"pages"},

	// Technologies: contracts and one client library; no machine, no other technology.
	"mem":            {"words", "pages", "sessions", "jobs", "blobs", "rooms"},
	"templates":      {"words"},
	"disk":           {"words", "pages", "github.com/gofrs/flock", "github.com/edsrzf/mmap-go", "golang.org/x/sys/unix"},
	"disk/diskblobs": {"words", "pages", "blobs", "github.com/gofrs/flock"},
	"seed":           {"words", "viewctx", "pages", "compress", "github.com/edsrzf/mmap-go"},
	"sqlite":         {"words", "pages", "modernc.org/sqlite", "modernc.org/sqlite/lib", "golang.org/x/sys/unix"},
	"postgres":       {"words", "pages", "driver", "github.com/jackc/pgx/v5", "github.com/jackc/pgx/v5/pgconn", "github.com/jackc/pgx/v5/pgxpool"},
	"redis":          {"words", "pages", "sessions", "rooms", "driver", "github.com/redis/rueidis"},
	"s3":             {"words", "pages", "blobs", "github.com/minio/minio-go/v7", "github.com/minio/minio-go/v7/pkg/credentials", "github.com/minio/minio-go/v7/pkg/s3utils", "golang.org/x/sync/errgroup"},

	// The app's own database, and its dialects: one client library each.
	"database/migration": {},
	"drain":              {"wire", "dataflow", "coherence", "pages"},
	"database":           {"words", "dataflow", "database/migration", "coherence", "drain", "metrics", "plan", "github.com/pressly/goose/v3", "github.com/pressly/goose/v3/database"},
	"database/apart":     {"database", "dataflow"},
	"database/oncedb":    {"words", "database", "database/apart", "once"},
	"database/jobdb":     {"dataflow", "database", "database/apart", "jobs"},
	"database/pgdb": {"dataflow", "database", "github.com/jackc/pgx/v5", "github.com/jackc/pgx/v5/pgconn", "github.com/jackc/pgx/v5/pgconn/ctxwatch",
		"github.com/jackc/pgx/v5/pgtype", "github.com/jackc/pgx/v5/pgxpool", "github.com/jackc/pgx/v5/stdlib"},
	"database/roomdb":                {"database", "database/apart", "rooms"},
	"database/sessiondb":             {"database", "database/apart", "sessions"},
	"database/internal/databasetest": {"database", "database/litedb", "database/pgdb", "database/pgdb/pgdbtest"},
	"database/template":              {"database"},
	"database/litedb/litedbtest":     {"database", "database/litedb", "database/template"},
	"database/pgdb/pgdbtest":         {"database", "database/pgdb", "database/template", "github.com/jackc/pgx/v5"},
	"database/litedb":                {"database", "dataflow", "github.com/gofrs/flock", "modernc.org/sqlite", "modernc.org/sqlite/lib"},

	// What a server reports about itself, in the formats of monitoring
	// systems.
	"prometheus": {"metrics", "github.com/prometheus/client_golang/prometheus",
		"github.com/prometheus/client_golang/prometheus/collectors", "github.com/prometheus/client_golang/prometheus/promhttp"},
	"opentelemetry": {"metrics", "prometheus", "go.opentelemetry.io/otel/attribute", "go.opentelemetry.io/otel/codes", "go.opentelemetry.io/otel/propagation",
		"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp", "go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp", "go.opentelemetry.io/otel/sdk/resource",
		"go.opentelemetry.io/otel/sdk/trace", "go.opentelemetry.io/otel/trace", "go.opentelemetry.io/otel/sdk/metric", "go.opentelemetry.io/otel/sdk/metric/metricdata",
		"go.opentelemetry.io/contrib/bridges/prometheus", "github.com/prometheus/client_golang/prometheus", "golang.org/x/sync/errgroup"},

	// Real servers, for the tests of technologies and what is above.
	"testbed": {"github.com/Shopify/toxiproxy/v2", "github.com/rs/zerolog", "github.com/chromedp/chromedp",
		"github.com/chromedp/cdproto/cdp", "github.com/chromedp/cdproto/emulation", "github.com/chromedp/cdproto/network", "github.com/chromedp/cdproto/page", "github.com/chromedp/cdproto/runtime"},

	// Leaves.
	// Streams: how they are sent, and what of pages is new in them.
	"events": {"words", "listen"},
	"live":   {},

	"listen":    {"wire", "github.com/coreos/go-systemd/v22/activation", "github.com/coreos/go-systemd/v22/daemon"},
	"admission": {},
	"client":    {},
	"coherence": {"wire", "dataflow", "pages"},
	"config":    {"wire"},
	"metrics":   {},
	"sbom":      {"github.com/spdx/tools-golang/json", "github.com/spdx/tools-golang/spdx/v2/common", "github.com/spdx/tools-golang/spdx/v2/v2_3"},
	"lambda":    {},
	"sealed":    {},
	"tally":     {},
	"i18n": {"words", "github.com/go-playground/locales", "github.com/go-playground/locales/currency", "golang.org/x/text/currency",
		"golang.org/x/text/feature/plural", "golang.org/x/text/language", "golang.org/x/text/message", "golang.org/x/text/number"},
	// Endpoints, and what is said and made of them. The description lies below
	// them, so that command needs neither.
	"describe": {"words", "viewctx", "shape"},
	"api":      {"words", "wire", "paths", "viewctx", "shape", "describe", "events", "listen", "once", "pages", "serve"},
	"generate": {},

	// Uploads and downloads of visitors.
	"bucket":          {"words", "paths", "viewctx", "blobs", "client", "sealed", "listen", "serve"},
	"bucket/variants": {"words", "viewctx", "blobs", "serve", "bucket", "picture"},
	"bucket/tus":      {"words", "failure", "listen", "serve", "bucket", "github.com/tus/tusd/v2/pkg/handler", "golang.org/x/exp/slog"},

	// Who makes a request, and what follows from it.
	"auth/password": {"words", "golang.org/x/crypto/argon2"},
	"auth/passkey":  {"words", "viewctx", "sessions", "api", "auth", "github.com/go-webauthn/webauthn/protocol", "github.com/go-webauthn/webauthn/webauthn"},
	"auth/oidc":     {"words", "viewctx", "sessions", "serve", "auth", "github.com/coreos/go-oidc/v3/oidc", "golang.org/x/oauth2"},
	"limit":         {"words", "sessions", "listen", "serve"},
	"flash":         {"listen", "api"},
	"auth":          {"words", "wire", "failure", "dataflow", "coherence", "metrics", "pages", "sessions", "listen", "serve", "api", "github.com/maypok86/otter/v2"},

	"compress": {"github.com/klauspost/compress/gzip", "github.com/klauspost/compress/zstd", "github.com/andybalholm/brotli"},

	// Machines: each a verb. Arrows fall from serve to cache to render.
	"render":    {"wire", "words", "failure", "viewctx", "dataflow", "pages", "admission", "compress", "sealed", "github.com/cespare/xxhash/v2"},
	"cache":     {"wire", "words", "failure", "viewctx", "dataflow", "pages", "admission", "coherence", "metrics", "render", "tally", "github.com/maypok86/otter/v2"},
	"compose":   {"words", "failure", "viewctx", "dataflow", "pages", "coherence", "render", "cache", "github.com/cespare/xxhash/v2", "github.com/maypok86/otter/v2"},
	"build":     {"wire", "words", "failure", "paths", "viewctx", "dataflow", "pages", "admission", "client", "compress", "render", "seed", "walk"},
	"export":    {"wire", "words", "failure", "paths", "viewctx", "pages", "render", "cache", "compose", "seed"},
	"answer":    {"words", "wire", "failure", "paths", "viewctx", "dataflow", "pages", "listen", "compress", "render", "cache", "compose"},
	"serve":     {"words", "wire", "failure", "paths", "viewctx", "dataflow", "events", "listen", "answer", "pages", "admission", "coherence", "live", "metrics", "operate", "render", "cache", "compose", "tally", "golang.org/x/text/language"},
	"picture":   {"github.com/HugoSmits86/nativewebp", "golang.org/x/image/draw", "golang.org/x/image/webp"},
	"walk":      {"words", "paths"},
	"bundle":    {"wire", "words", "viewctx", "picture", "walk", "github.com/evanw/esbuild/pkg/api", "golang.org/x/sync/errgroup"},
	"retain":    {"wire", "pages", "seed"},
	"roster":    {"pages", "operate"},
	"supervise": {"words", "pages"},
	"work":      {"words", "wire", "jobs", "metrics"},
	"operate":   {"cache", "metrics"},
	"diagnose":  {"operate", "cli", "github.com/spf13/cobra"},
	"host":      {"words", "wire", "failure", "rooms", "events", "listen", "metrics", "operate", "serve", "github.com/coder/websocket"},
	"plan":      {"words", "wire", "paths"},
	"pack":      {"words", "plan", "seed"},
	"deploy":    {"plan", "pack"},

	"deploy/lambda": {"deploy", "pack", "plan"},

	"rehearse": {"words", "wire", "paths", "plan", "pack", "seed"},

	// The release program of an app: the go command and git, run; and the
	// packages made of it.
	"compile": {},
	"release": {"plan", "pack", "compile", "sbom", "seed"},

	// The development server: an app built, run and watched.
	"develop": {"wire", "github.com/fsnotify/fsnotify", "github.com/a-h/parse", "github.com/a-h/templ", "github.com/a-h/templ/generator",
		"github.com/a-h/templ/parser/v2", "github.com/a-h/templ/runtime"},

	// Targets.
	"deploy/oci": {"plan", "pack", "deploy", "github.com/klauspost/compress/gzip", "golang.org/x/crypto/x509roots/fallback/bundle",
		"github.com/google/go-containerregistry/pkg/name", "github.com/google/go-containerregistry/pkg/v1",
		"github.com/google/go-containerregistry/pkg/v1/empty", "github.com/google/go-containerregistry/pkg/v1/layout",
		"github.com/google/go-containerregistry/pkg/v1/mutate", "github.com/google/go-containerregistry/pkg/v1/tarball",
		"github.com/google/go-containerregistry/pkg/v1/types"},

	// Targets, what those of containers have in common, and their kit.
	"deploy/pod":        {"plan", "deploy", "deploy/oci", "go.yaml.in/yaml/v3"},
	"deploy/deploytest": {"words", "plan", "pack", "deploy", "github.com/google/go-cmp/cmp"},
	"deploy/scaffold":   {"deploy", "github.com/rogpeppe/go-internal/diff", "github.com/rogpeppe/go-internal/txtar"},
	"deploy/terraform":  {"wire", "plan", "deploy", "deploy/pod"},
	"deploy/workflow":   {"pack", "deploy", "deploy/terraform"},
	"deploy/gcp":        {"wire", "plan", "deploy", "deploy/pod", "deploy/terraform", "deploy/workflow"},
	"deploy/aws":        {"wire", "plan", "deploy", "deploy/pod", "deploy/terraform", "deploy/workflow"},
	"deploy/kubernetes": {"wire", "plan", "deploy", "deploy/pod"},
	"deploy/cloudrun":   {"plan", "deploy", "deploy/pod", "deploy/terraform", "deploy/workflow"},
	"deploy/fly":        {"wire", "plan", "deploy", "deploy/pod", "github.com/pelletier/go-toml/v2"},

	// What checks the files of those that write Terraform.
	"deploy/terraformtest": {"wire", "plan", "deploy", "deploy/terraform", "github.com/gofrs/flock"},

	// Targets: text for one place each.
	"deploy/static":  {"words", "wire", "paths", "plan", "deploy", "export", "answer"},
	"deploy/systemd": {"plan", "deploy"},

	// Above them.
	"cli": {"github.com/spf13/cobra"},
	"command": {"words", "wire", "paths", "viewctx", "pages", "admission", "cli", "compress", "seed", "render", "cache", "coherence", "build", "export", "metrics", "operate", "diagnose", "blobs", "serve", "listen", "answer",
		"retain", "roster", "supervise", "plan", "pack", "lambda",
		"golang.org/x/crypto/acme", "golang.org/x/crypto/acme/autocert",
		"github.com/spf13/cobra"},
	"admin": {"words", "wire", "viewctx", "answer", "cache", "client", "compress", "metrics", "operate", "render", "serve",
		"github.com/a-h/templ", "github.com/a-h/templ/runtime"},
	"tool": {"words", "wire", "paths", "cli", "diagnose", "database/migration", "compress", "compile", "develop", "generate", "release", "rehearse", "plan", "pack",
		"deploy", "deploy/aws", "deploy/cloudrun", "deploy/fly", "deploy/gcp", "deploy/kubernetes", "deploy/lambda", "deploy/oci", "deploy/scaffold", "deploy/static", "deploy/systemd",
		"github.com/spf13/cobra", "github.com/rogpeppe/go-internal/diff", "golang.org/x/mod/modfile", "golang.org/x/mod/module"},
	"gorgontest": {"words", "wire", "paths", "pages", "compress", "render", "cache", "coherence", "build", "bundle", "seed", "serve", "answer", "mem", "jobs", "work", "rooms", "host", "viewctx",
		"github.com/PuerkitoBio/goquery", "github.com/andybalholm/cascadia"},
}

// free are the trees above the table: they may import anything in it, and
// nothing in it may import them.
var free = []string{"examples", "bench", "e2e", "cmd", "docs", "tool/starters", "tools"}

func TestLattice(t *testing.T) {
	found := map[string]bool{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != "." && (strings.HasPrefix(base, ".") || base == "testdata" || slices.Contains(free, filepath.ToSlash(name))) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		room := filepath.ToSlash(filepath.Dir(name))
		if room == "." {
			room = "words"
		}
		allowed, known := lattice[room]
		if !known {
			t.Errorf("%s: package %s has no place in the lattice", name, room)
			return nil
		}
		found[room] = true
		for _, imported := range importsOf(t, name) {
			if !strings.Contains(strings.Split(imported, "/")[0], ".") {
				continue // the standard library
			}
			short := imported
			if imported == module {
				short = "words"
			} else if rest, ok := strings.CutPrefix(imported, module+"/"); ok {
				short = rest
			}
			if !slices.Contains(allowed, short) {
				t.Errorf("%s: %s may not import %s", name, room, short)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for room := range lattice {
		if !found[room] {
			t.Errorf("package %s stands in the lattice and does not exist", room)
		}
	}
}

// What a test file is named decides whether it is compiled into the product.
func TestTestFilesAreNamedSo(t *testing.T) {
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		if strings.Contains(d.Name(), "_test") {
			t.Errorf("%s holds _test and is compiled into the product", name)
		}
		room := path.Dir(filepath.ToSlash(name))
		kit := strings.HasSuffix(room, "test") || room == "testbed"
		if slices.Contains(importsOf(t, name), "testing") && !kit && !strings.HasPrefix(name, "bench") {
			t.Errorf("%s imports testing and is compiled into the product", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func importsOf(t *testing.T, name string) []string {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var imports []string
	for _, i := range f.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		imports = append(imports, p)
	}
	return imports
}
