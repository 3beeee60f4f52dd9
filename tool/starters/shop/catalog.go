// The catalogue: a JSON file, which takes the place of a database here.

package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// A product is one thing that is sold.
type product struct {
	ID       string // in its address
	Name     string
	Text     string
	Price    cents
	Featured bool // on the first page, and made at build
	Offer    bool // on the page of offers
}

// cents are an amount of money.
type cents int

func (c cents) String() string { return fmt.Sprintf("€ %d.%02d", c/100, c%100) }

// Decimal is the amount as forms write it.
func (c cents) Decimal() string { return fmt.Sprintf("%d.%02d", c/100, c%100) }

//go:embed data/products.json
var shipped []byte

// A catalog is the file of products. It is read again when it has changed.
// Where there is none, the one that the program was compiled with takes its
// place, and the first change writes the file.
type catalog struct {
	file string

	mu       sync.Mutex
	read     string // the version that products are of
	products []product
}

// all are the products, and which version of the file they are of. They must
// not be changed.
func (c *catalog) all() ([]product, string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.load()
}

func (c *catalog) load() ([]product, string, error) {
	version, data := "shipped", shipped
	info, err := os.Stat(c.file)
	switch {
	case err == nil:
		version = fmt.Sprint(info.ModTime().UnixNano(), " ", info.Size())
	case !errors.Is(err, fs.ErrNotExist):
		return nil, "", err
	}
	if version == c.read {
		return c.products, version, nil
	}
	if err == nil {
		if data, err = os.ReadFile(c.file); err != nil {
			return nil, "", err
		}
	}
	var products []product
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&products); err != nil {
		return nil, "", fmt.Errorf("%s: %w", c.file, err)
	}
	c.read, c.products = version, products
	return products, version, nil
}

// one is the product with an ID; false where there is none.
func (c *catalog) one(id string) (product, bool, error) {
	products, _, err := c.all()
	i := slices.IndexFunc(products, func(p product) bool { return p.ID == id })
	if err != nil || i < 0 {
		return product{}, false, err
	}
	return products[i], true, nil
}

// setPrice changes a price in the file, which is replaced in one step.
func (c *catalog) setPrice(id string, price cents) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	products, _, err := c.load()
	if err != nil {
		return err
	}
	products = slices.Clone(products)
	i := slices.IndexFunc(products, func(p product) bool { return p.ID == id })
	if i < 0 {
		return fmt.Errorf("there is no product %q", id)
	}
	products[i].Price = price
	data, err := json.MarshalIndent(products, "", "\t")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(c.file), ".products-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // nothing, once it was renamed
	_, err = f.Write(append(data, '\n'))
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), c.file)
}
