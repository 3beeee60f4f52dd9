package bucket_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/bucket"
	"github.com/gorgon-go/gorgon/mem"
)

// Members upload photos, which everyone sees; bills are read by a link alone.
func Example() {
	signedIn := func(next http.Handler) http.Handler { return next } // in an app: people.SignedIn
	store := mem.NewBlobs()                                          // in an app: blobs.At
	photos := bucket.New(bucket.Options{
		Name: "photos", Store: store, Public: true,
		Types: []string{"image/png", "image/jpeg", "image/webp"}, MaxSize: 20 << 20,
		Upload: []func(http.Handler) http.Handler{signedIn},
		Done: func(_ context.Context, info blobs.Info) error {
			fmt.Println("uploaded", info.Key) // in an app: insert a row, if there is none
			return nil
		},
	})
	bills := bucket.New(bucket.Options{Name: "bills", Store: store})
	app := gorgon.App{Name: "shop", Parts: []gorgon.Part{photos, bills}}
	fmt.Println(app.Validate())

	ctx := context.Background()
	_, err := bills.Store().Put(ctx, "7.pdf", strings.NewReader("%PDF-1.7"), blobs.PutOptions{Type: "application/pdf", IfNew: true})
	fmt.Println(err, photos.URL(ctx, "cat.png"))
	// Output:
	// <nil>
	// <nil> /files/photos/cat.png
}
