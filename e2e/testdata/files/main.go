// Files is an app with one bucket for whatever visitors send: in the folder
// FILES, or in the S3 service that it names.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/bucket"
	"github.com/gorgon-go/gorgon/bucket/tus"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/disk/diskblobs"
	"github.com/gorgon-go/gorgon/s3"
)

func main() {
	store, err := open(os.Getenv("FILES"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	files := bucket.New(bucket.Options{
		Name: "all", Store: store, Public: true, MaxSize: 1 << 40,
		Upload: []func(http.Handler) http.Handler{func(next http.Handler) http.Handler { return next }},
	})
	command.Main(gorgon.App{Name: "files", Parts: []gorgon.Part{
		files, tus.Resumable(files, tus.Options{}),
		gorgon.Page[struct{}]{Path: "/", View: func(struct{}) gorgon.Component { return gorgon.Text("files") }},
	}}, command.Config{})
}

func open(place string) (blobs.Store, error) {
	if strings.HasPrefix(place, "s3:") {
		return s3.OpenBlobs(context.Background(), place, s3.BlobOptions{})
	}
	return diskblobs.Open(place, diskblobs.Options{})
}
