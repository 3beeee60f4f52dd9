// The app's own files: FILES_URL at the start, in the configuration, and for the
// plan.

package command_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/bucket"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/disk/diskblobs"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/s3"
)

// withFiles runs a command of an app with a bucket, until what it says has one of
// the endings, or it ends.
func withFiles(t *testing.T, endings []string, args ...string) (code int, said string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	out := &screen{}
	standard := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(out, nil)))
	defer slog.SetDefault(standard)
	files := blobs.At(blobs.Location{Default: "disk:dist/files", Drivers: []blobs.Driver{diskblobs.Driver(), s3.BlobDriver()}})
	app := site("still")
	app.Parts = append(app.Parts, bucket.New(bucket.Options{Name: "photos", Store: files}))
	ended := make(chan int, 1)
	go func() {
		ended <- command.Run(ctx, app, command.Config{Files: files, Bundler: bundle.Bundler{}}, args, out, out)
	}()
	for {
		select {
		case code := <-ended:
			return code, out.String()
		case <-time.After(10 * time.Millisecond):
			if slices.ContainsFunc(endings, func(text string) bool { return strings.Contains(out.String(), text) }) {
				stop()
			}
		}
	}
}

func TestFilesURL(t *testing.T) {
	t.Chdir(t.TempDir())
	const password = "zq7kvXw9"
	serve := []string{"serve", "--addr", "127.0.0.1:0"}
	for url, says := range map[string]string{
		"nonsense":                             "FILES_URL: it does not begin with a technology and a colon (this program has disk:PATH, s3://…)",
		"postgres://user:" + password + "@h/d": "FILES_URL: what it begins with is not a technology that this program has",
		"s3://key:" + password + "@bucket":     "FILES_URL: open s3: the location contains keys",
		"mem:":                                 "FILES_URL: this program has no driver for mem",
	} {
		t.Setenv("FILES_URL", url)
		for _, args := range [][]string{serve, {"maintain"}} {
			code, said := withFiles(t, []string{"serving "}, args...)
			if code != command.Failed || !strings.Contains(said, says) || strings.Contains(said, password) {
				t.Errorf("%q: %v ends with %d: %s", url, args, code, said)
			}
		}
		if _, said := withFiles(t, nil, "config", "--print"); strings.Contains(said, password) {
			t.Errorf("%q: config shows it: %s", url, said)
		}
	}

	// Pages are served where a folder cannot be used, and it is reported.
	if err := os.WriteFile("taken", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FILES_URL", "disk:"+filepath.Join("taken", "files"))
	code, said := withFiles(t, []string{"serving "}, serve...)
	if code != command.OK || !strings.Contains(said, "the app's files cannot be used") {
		t.Errorf("a folder that cannot be used: %d: %s", code, said)
	}
	if _, said := withFiles(t, nil, "config", "--print"); !strings.Contains(said, "disk:"+filepath.Join("taken", "files")) {
		t.Errorf("config does not show the folder: %s", said)
	}

	t.Setenv("FILES_URL", "")
	t.Setenv("GORGON_SECRET", "")
	if code, said := withFiles(t, []string{"serving "}, serve...); code != command.OK || !strings.Contains(said, "tickets and links of buckets are sealed with a key that this process alone has") {
		t.Errorf("without variables: %d: %s", code, said)
	}
	if left, err := filepath.Glob("dist/files/v1/tmp/*"); err != nil || len(left) > 0 {
		t.Errorf("the store was not closed: %q, %v", left, err)
	}
}

// An app that has forgotten to name its files is told so.
func TestFilesThatAreNotNamed(t *testing.T) {
	t.Chdir(t.TempDir())
	app := site("still")
	app.Parts = append(app.Parts, bucket.New(bucket.Options{Name: "photos", Store: blobs.At(blobs.Location{Default: "disk:dist/files", Drivers: []blobs.Driver{s3.BlobDriver()}})}))
	out := &screen{}
	if code := command.Run(t.Context(), app, command.Config{Bundler: bundle.Bundler{}}, []string{"maintain"}, out, out); code != command.OK || !strings.Contains(out.String(), "command.Config.Files is not set") {
		t.Errorf("%d: %s", code, out)
	}
}

func TestFilesAreOfThePlan(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("FILES_URL", "nonsense") // which does not matter here
	_, said := withFiles(t, nil, "parts")
	var app plan.App
	if err := json.Unmarshal([]byte(said), &app); err != nil {
		t.Fatal(err, said)
	}
	if !slices.Equal(app.Files, []string{"disk", "s3"}) || !app.Has(plan.AppFiles) || !app.HasPart(plan.FilesPart) || app.Has(plan.Disk) {
		t.Errorf("%+v", app)
	}
	if !slices.ContainsFunc(app.Parts, func(p plan.Part) bool {
		return p.Name == "bucket GET /files/photos/{key...}" && slices.ContainsFunc(p.Needs, func(n plan.Need) bool { return n.Kind == plan.Kind(gorgon.NeedFiles) })
	}) {
		t.Errorf("the bucket does not declare its files: %+v", app.Parts)
	}
}
