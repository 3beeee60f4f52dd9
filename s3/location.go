// Locations: which bucket, which service, and how to address it.

package s3

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/gorgon-go/gorgon/pages"
)

const (
	amazon = "s3.amazonaws.com"

	// maxPrefix leaves room for the rest of a name, which may have 1024 bytes.
	maxPrefix = 200
)

// A place is a parsed location.
type place struct {
	bucket string
	prefix string // the beginning of every name; it ends with v1/
	host   string
	secure bool
	region string // "": ask the service
	lookup minio.BucketLookupType
}

func (p place) amazon() bool { return s3utils.IsAmazonEndpoint(url.URL{Host: p.host}) }

// parse parses a location. Its errors quote no part that could be a secret.
func parse(location string) (place, error) {
	p, err := parseURL(location)
	if err != nil {
		return place{}, fmt.Errorf("open s3: %w", err)
	}
	return p, nil
}

func parseURL(location string) (place, error) {
	u, err := url.Parse(location)
	if strings.Contains(location, "@") {
		return place{}, errors.New("the location contains keys, or an @ that is not written as %40: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead")
	}
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.Opaque != "" {
		return place{}, errors.New("the location is not of the form s3://bucket/prefix?endpoint=https://host")
	}
	if _, err := pages.ParseURL(location); err != nil {
		return place{}, err
	}
	p := place{bucket: u.Host, host: amazon, secure: true}
	if err := s3utils.CheckValidBucketName(p.bucket); err != nil {
		return place{}, fmt.Errorf("the bucket's name: %w", err)
	}
	if err := p.setPrefix(u.Path); err != nil {
		return place{}, err
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return place{}, errors.New("the location's parameters are malformed: write them as ?name=value&name=value")
	}
	for name, values := range query {
		if !slices.Contains([]string{"endpoint", "region", "style"}, name) {
			return place{}, errors.New("a parameter is not known: the known ones are endpoint, region and style")
		}
		if len(values) > 1 || values[0] == "" {
			return place{}, fmt.Errorf("parameter %q: give it one value", name)
		}
	}
	if endpoint := query.Get("endpoint"); endpoint != "" {
		if err := p.setEndpoint(endpoint); err != nil {
			return place{}, err
		}
	}
	p.region = cmp.Or(query.Get("region"), os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"))
	if p.region == "" && !p.amazon() {
		p.region = "us-east-1"
	}
	return p, p.setStyle(query.Get("style"))
}

func (p *place) setPrefix(path string) error {
	prefix := strings.Trim(path, "/")
	if len(prefix) > maxPrefix {
		return fmt.Errorf("the prefix is longer than %d bytes", maxPrefix)
	}
	if prefix != "" {
		for part := range strings.SplitSeq(prefix, "/") {
			if part == "" || part == "." || part == ".." {
				return errors.New("the prefix must not have empty parts, . or ..")
			}
		}
		prefix += "/"
	}
	p.prefix = prefix + "v1/"
	return nil
}

func (p *place) setEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err == nil && u.User != nil {
		return errors.New("the endpoint contains keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead")
	}
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || !pages.CheckHosts(u.Host) ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("the endpoint is not of the form https://host or http://host:port")
	}
	p.host, p.secure = u.Host, u.Scheme == "https"
	return nil
}

func (p *place) setStyle(style string) error {
	switch style {
	case "":
		p.lookup = minio.BucketLookupPath
		if p.amazon() {
			p.lookup = minio.BucketLookupAuto // host, unless the bucket's name has dots, for which the certificate is not valid
		}
	case "path":
		p.lookup = minio.BucketLookupPath
	case "host":
		p.lookup = minio.BucketLookupDNS
	default:
		return errors.New("the parameter style must be path or host")
	}
	return nil
}
