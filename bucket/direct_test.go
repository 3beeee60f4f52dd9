//go:build unix

// A bucket over an S3 service: the bytes do not go through the app.

package bucket_test

import (
	"bytes"
	"crypto/sha256"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/bucket"
	"github.com/gorgon-go/gorgon/s3"
	"github.com/gorgon-go/gorgon/testbed"
)

func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": testbed.S3Key, "AWS_SECRET_ACCESS_KEY": testbed.S3Secret, "AWS_SESSION_TOKEN": "", "AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

func TestDirect(t *testing.T) {
	t.Parallel()
	server := testbed.For(t, testbed.S3)
	store, err := s3.OpenBlobs(t.Context(), server.URL, s3.BlobOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	s := open(t, bucket.New(bucket.Options{Name: "photos", Store: store, Public: true, Upload: members, Types: []string{"image/png"}}))
	data := png(100_000)
	sum := blobs.Digest(sha256.Sum256(data))
	up := s.ticket("/files/photos", map[string]any{"name": "a.png", "size": len(data), "type": "image/png", "sha256": sum.String()})
	if !strings.HasPrefix(up.URL, "http://"+server.Addr+"/") || up.Headers["If-None-Match"] != "*" {
		t.Fatalf("%+v", up)
	}
	if a := s.put(up, data[1:], nil); a.StatusCode < 400 {
		t.Errorf("too few bytes were answered with %d", a.StatusCode)
	}
	if a := s.send("POST", up.Complete, nil, nil); a.StatusCode != http.StatusConflict {
		t.Errorf("complete without bytes was answered with %d", a.StatusCode)
	}
	if a := s.put(up, data, header("User", "")); a.StatusCode != http.StatusOK {
		t.Fatalf("the bytes were answered with %d %s", a.StatusCode, a.body)
	}
	d := s.complete(up)
	if d.SHA256 != sum || d != s.complete(up) {
		t.Errorf("%+v", d)
	}
	if a := s.send("GET", d.URL, nil, header("Range", "bytes=99990-")); a.StatusCode != http.StatusPartialContent || !bytes.Equal(a.body, data[99_990:]) {
		t.Errorf("%d with %d bytes", a.StatusCode, len(a.body))
	}
	// The app receives what the ticket of a browser does not send elsewhere.
	other := s.ticket("/files/photos", map[string]any{"size": len(data), "type": "image/png"})
	other.URL, other.Method = strings.TrimSuffix(other.Complete, "/complete"), "PUT"
	delete(other.Headers, "If-None-Match")
	if a := s.put(other, data, nil); a.StatusCode != http.StatusNoContent {
		t.Errorf("the app answered %d %s", a.StatusCode, a.body)
	}
	if d := s.complete(other); d.SHA256 != sum {
		t.Errorf("%+v", d)
	}
}
