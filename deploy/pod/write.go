// The image of a site, and the files beside it.

package pod

import (
	"context"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/oci"
)

// Write writes files and, where the site has packages for one, the image that
// they name.
func Write(ctx context.Context, s deploy.Site, folder string, files ...deploy.File) error {
	if len(s.Folders) > 0 {
		if _, err := oci.Write(ctx, oci.Image{Name: s.Image, Packages: s.Folders}, folder); err != nil {
			return err
		}
	}
	return deploy.WriteFiles(folder, files...)
}
