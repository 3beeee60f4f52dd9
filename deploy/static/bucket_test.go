// The upload, run against an S3 service.

package static_test

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/gorgon-go/gorgon/deploy/static"
	"github.com/gorgon-go/gorgon/testbed"
)

// bucket is the one that the service has.
const bucket = "pages"

// manifest reads what an upload has to lead to.
func manifest(t *testing.T, folder string) static.Upload {
	t.Helper()
	var u static.Upload
	data, err := os.ReadFile(filepath.Join(folder, "s3", "manifest.json"))
	if err = errors.Join(err, json.Unmarshal(data, &u)); err != nil {
		t.Fatal(err)
	}
	return u
}

// upload runs the script, and lists what it says to have uploaded and deleted.
func upload(t *testing.T, folder string, server *testbed.Server) []string {
	t.Helper()
	_ = testbed.Program(t, "aws")
	cmd := exec.CommandContext(t.Context(), testbed.Program(t, "dash"), filepath.Join(folder, "s3", "upload.sh"), bucket, "--endpoint-url", "http://"+server.Addr, "--no-progress")
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+testbed.S3Key, "AWS_SECRET_ACCESS_KEY="+testbed.S3Secret, "AWS_DEFAULT_REGION=us-east-1", "AWS_CONFIG_FILE=/nonexistent", "AWS_EC2_METADATA_DISABLED=true")
	cmd.Dir = "/"
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("upload.sh: %v\n%s", err, out)
	}
	var keys []string
	for line := range strings.Lines(string(out)) {
		verb, _, _ := strings.Cut(line, ":")
		_, key, _ := strings.Cut(line, "s3://"+bucket+"/")
		switch key = strings.TrimSpace(key); verb {
		case "upload":
			keys = append(keys, key)
		case "delete":
			keys = append(keys, "-"+key)
		default:
			t.Errorf("it says %q", line)
		}
	}
	return keys
}

func TestUpload(t *testing.T) {
	server := testbed.For(t, testbed.S3)
	client, err := minio.New(server.Addr, &minio.Options{Creds: credentials.NewStaticV4(testbed.S3Key, testbed.S3Secret, "")})
	if err != nil {
		t.Fatal(err)
	}
	e := examples()["rich"]
	first := e.written(t)
	u := manifest(t, first)
	uploaded := upload(t, first, server)
	// A redirect is written from nothing, of which the command says nothing.
	rank := func(key string) int {
		switch {
		case strings.HasPrefix(key, "_gorgon/"):
			return 0
		case strings.HasSuffix(key, ".html"):
			return 2
		}
		return 1
	}
	if !slices.IsSortedFunc(uploaded, func(a, b string) int { return rank(a) - rank(b) }) {
		t.Errorf("uploaded in the order %q", uploaded)
	}
	holds := func(u static.Upload, more ...string) {
		t.Helper()
		want := map[string]bool{}
		for _, o := range u.Objects {
			want[o.Key] = true
			got, err := client.GetObject(t.Context(), bucket, o.Key, minio.GetObjectOptions{})
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(got)
			if err != nil {
				t.Errorf("%s: %v", o.Key, err)
				continue
			}
			info, err := got.Stat()
			if err != nil {
				t.Errorf("%s: %v", o.Key, err)
				continue
			}
			is := static.Object{
				Key: o.Key, File: o.File, Redirect: o.Redirect, SHA256: o.SHA256,
				ContentType: info.ContentType, CacheControl: info.Metadata.Get("Cache-Control"), Size: len(data), ETag: info.ETag,
			}
			if o.Redirect != "" {
				is.ContentType = "" // the service's own choice
			}
			if diff := cmp.Diff(o, is); diff != "" {
				t.Errorf("-manifest +bucket:\n%s", diff)
			}
		}
		for _, key := range more {
			want[key] = true
		}
		there := map[string]bool{}
		for o := range client.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
			there[o.Key] = true
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(there))); diff != "" {
			t.Errorf("keys (-manifest +bucket):\n%s", diff)
		}
	}
	holds(u)

	// Another version: a page and a redirect are gone, an asset has changed.
	e = examples()["rich"]
	e.app.Parts = append(e.app.Parts[:len(e.app.Parts)-1:len(e.app.Parts)-1], page{Path: "/at/{x}", View: view, Load: where, Paths: paths("/at/käse", "/at/old")})
	e.app.Assets.Files = examples()["docs"].app.Assets.Files
	second := e.written(t)
	again := upload(t, second, server)
	if last := again[len(again)-1]; !strings.HasPrefix(last, "-") {
		t.Errorf("deleted before %q was uploaded: %q", last, again)
	}
	holds(manifest(t, second), assets(u)...)

	// And back: what is older here is uploaded all the same.
	upload(t, first, server)
	holds(u, assets(manifest(t, second))...)
}

// assets are the keys of assets, which stay when others come.
func assets(u static.Upload) []string {
	var keys []string
	for _, o := range u.Objects {
		if strings.HasPrefix(o.Key, u.Keep[0]) {
			keys = append(keys, o.Key)
		}
	}
	return keys
}
