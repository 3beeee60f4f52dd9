// What became of the app's assets: the paths they are served at, what modules import, sizes of images.

package viewctx

// Assets are an app's assets as a build made them. Paths are decoded, and
// without the base path.
type Assets struct {
	Paths   map[string]string   `json:"paths,omitempty"`   // by the name in Assets.Files
	Imports map[string][]string `json:"imports,omitempty"` // by the name of a module: the paths of all that it loads before it runs, which may be none
	Images  map[string]Picture  `json:"images,omitempty"`  // by the name of an image that a rule of Assets.Images matches
}

// A Picture is an image with what was made of it.
type Picture struct {
	Width    int       `json:"width"` // of the original, in pixels
	Height   int       `json:"height"`
	Variants []Variant `json:"variants,omitempty"` // by type, the one to be preferred first; then by width
}

// A Variant is an image in one width and format.
type Variant struct {
	Type  string `json:"type"` // "image/webp"
	Width int    `json:"width"`
	Path  string `json:"path"`
}
