// Pictures of products: in a bucket, which FILES_URL names, with variants of a few
// widths.

package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"

	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/bucket"
	"github.com/gorgon-go/gorgon/bucket/variants"
)

const maxPicture = 8 << 20 // bytes

// widths are those of variants, in pixels.
var widths = []int{480, 960, 1440}

// album is the bucket of pictures, and their variants. Visitors upload nothing
// into it: the shopkeeper's form does.
func album(store blobs.Store) (*bucket.Bucket, *variants.Variants) {
	b := bucket.New(bucket.Options{
		Name: "pictures", Store: store, Public: true,
		Types: []string{"image/jpeg", "image/png", "image/webp"}, MaxSize: maxPicture,
	})
	return b, variants.Of(b, variants.Options{Widths: widths})
}

// A picture is where browsers find one, in several widths; zero for none.
type picture struct{ Src, Srcset string }

// pictureOf is the picture with a key, for the page that is being made.
func (s shop) pictureOf(ctx context.Context, key string) picture {
	if key == "" {
		return picture{}
	}
	return picture{s.small.URL(ctx, key, widths[1]), s.small.Srcset(ctx, key)}
}

// drawn says whether a product without a picture has a drawing among the assets.
func drawn(id string) bool {
	_, err := fs.Stat(files, "assets/products/"+id+".svg")
	return err == nil
}

// A newPicture is a form with a product's ID and a file.
type newPicture struct {
	ID      string   `json:"id" check:"min=1,max=40"`
	Picture api.File `json:"picture"`
}

// changePicture stores a picture with its variants, and then shows it: so no page
// shows one that is not there. The one before stays, for pages that are open.
func (s shop) changePicture() api.Endpoint[newPicture, api.None] {
	return api.Endpoint[newPicture, api.None]{
		Path: "POST /picture", Name: "changePicture", MaxBody: maxPicture + 1<<20,
		Handle: func(ctx context.Context, in newPicture) (none api.None, err error) {
			r, err := in.Picture.Open()
			if err != nil {
				return none, err
			}
			defer func() { err = cmp.Or(err, r.Close()) }()
			stored, err := s.pictures.Take(ctx, bucket.File{Name: in.Picture.Name, Size: in.Picture.Size, Type: in.Picture.ContentType}, r)
			if err != nil {
				return none, err
			}
			made, err := s.small.Make(ctx, stored.Key)
			if err == nil && !made {
				err = refuse(ctx, "/picture", "errors.picture", nil)
			}
			if err == nil {
				err = s.update(ctx, "update products set picture = $1 where id = $2", stored.Key, in.ID)
			}
			if err != nil {
				return none, errors.Join(err, s.pictures.Store().Delete(ctx, stored.Key))
			}
			return none, nil
		},
		Then: func(newPicture, api.None) string { return "/admin/products" },
	}
}
