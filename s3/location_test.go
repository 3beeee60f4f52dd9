//go:build unix

// Locations: invalid ones are refused, with a reason and without secrets.

package s3_test

import (
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/s3"
)

func TestLocations(t *testing.T) {
	for _, location := range []string{
		"s3://pages", "s3://pages/", "s3://pages/a/b/", "s3://my.pages/a?region=eu-central-1",
		"s3://pages/a?endpoint=https://s3.example.org", "s3://pages/a?endpoint=http://127.0.0.1:9000/&style=host",
		"s3://pages/ä b?style=path",
	} {
		s, err := s3.Open(t.Context(), location, s3.Options{})
		if err != nil {
			t.Errorf("%s: %v", location, err)
			continue
		}
		must(t, s.Close())
	}
}

func TestBadLocations(t *testing.T) {
	for location, says := range map[string]string{
		"":                                     "not of the form",
		"pages/a":                              "not of the form",
		"s3:pages":                             "not of the form",
		"s3:///a":                              "not of the form",
		"http://pages/a":                       "not of the form",
		"s3://pages/%zz":                       "not of the form",
		"s3://p/a":                             "bucket",
		"s3://Pa_ges!/a":                       "malformed",
		"s3://pages/a//b":                      "empty parts",
		"s3://pages/../b":                      "empty parts",
		"s3://pages/a#b":                       "#",
		"s3://pages/a?bucket=b":                "parameter is not known",
		"s3://pages/a?Region=b":                "parameter is not known",
		"s3://pages/a?region=":                 `parameter "region"`,
		"s3://pages/a?style=dns":               "style",
		"s3://pages/a?region=%zz":              "malformed",
		"s3://pages/a?endpoint=x":              "endpoint is not of the form",
		"s3://pages?endpoint=ftp":              "endpoint is not of the form",
		"s3://key:SECRET@pages/a":              "contains keys",
		"s3://key:SECRET@pages:x/":             "contains keys",
		"s3://pages/a?region=a&region=b":       `parameter "region"`,
		"s3://pages/a?endpoint=https://h/path": "endpoint is not of the form",
		"s3://pages/a?endpoint=https://key:SECRET@h":           "contains keys",
		"s3://pages/a?endpoint=https://key:SECRET@h:x":         "contains keys",
		"s3://pages/a?AWS_SECRET_ACCESS_KEY=SECRET":            "parameter is not known",
		"s3://pages/" + strings.Repeat("long/", 50):            "longer than",
		"s3://pages/a?endpoint=https://h&endpoint=https://key": `parameter "endpoint"`,
	} {
		s, err := s3.Open(t.Context(), location, s3.Options{})
		switch {
		case err == nil:
			t.Errorf("%q was taken", location)
			must(t, s.Close())
		case !strings.Contains(err.Error(), says):
			t.Errorf("%q gave %q, which does not say %q", location, err, says)
		case strings.Contains(strings.ReplaceAll(err.Error(), "AWS_SECRET_ACCESS_KEY", ""), "SECRET"):
			t.Errorf("%q gave %q", location, err)
		}
	}
}
