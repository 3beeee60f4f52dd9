//go:build unix

// Locations, valid and invalid.

package redis_test

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/redis"
)

func TestLocations(t *testing.T) {
	t.Parallel()
	for location, wrong := range map[string]string{
		"redis://localhost":                                  "",
		"rediss://u:p@localhost:1/3?skip_verify=1":           "",
		"valkeys://localhost?prefix=shop.de":                 "",
		"redis://a:1?addr=b:2&addr=c:3&master_set=m":         "",
		"unix:///run/redis.sock?db=1":                        "",
		"redis://localhost?dial_timeout=1s&write_timeout=2s": "",
		"":                                       "must be a URL",
		"localhost:6379":                         "must be a URL",
		"http://localhost":                       "must be a URL",
		"redis://":                               "no host",
		"redis://:hunter2@":                      "no host",
		"redis://u:hunter2@localhost:port":       "malformed",
		"redis://u:hunter2/x@localhost":          "malformed",
		"redis://u:hunter2#x@localhost":          "malformed",
		"redis://u:hunter2%zz@localhost":         "malformed",
		"redis://localhost:70000":                "port",
		"redis://localhost/hunter2":              "number of a database",
		"redis://localhost?hunter2":              "not known",
		"redis://localhost?prefix=hunter2*":      "prefix",
		"redis://localhost?addr=u:hunter2@h:1":   "@",
		"redis://hunter2,localhost":              "several hosts",
		"redis://localhost/1/2":                  "path",
		"redis://localhost/-1":                   "number of a database",
		"redis://localhost?db=x":                 "number of a database",
		"redis://localhost?prefx=a":              "not known",
		"redis://localhost?password=hunter2":     "not known",
		"redis://localhost?prefix=a&prefix=b":    "twice",
		"redis://localhost?prefix=":              "prefix",
		"redis://localhost?prefix={a}":           "prefix",
		"redis://localhost?prefix=a*":            "prefix",
		"redis://localhost?addr=b":               "addr",
		"redis://localhost?addr=b:0":             "addr",
		"redis://localhost?dial_timeout=5":       "dial_timeout",
		"redis://localhost?write_timeout=-5s":    "write_timeout",
		"redis://localhost?protocol=4":           "protocol",
		"redis://localhost?master_set=":          "master_set",
		"rediss://localhost?skip_verify=perhaps": "skip_verify",
		"redis://localhost?a=%zz":                "encoded",
		"unix://run/redis.sock":                  "unix:///run/redis.sock",
		"unix:///":                               "unix:///run/redis.sock",
	} {
		s, err := redis.Open(t.Context(), location, redis.Options{})
		if err == nil {
			_ = s.Close()
		}
		switch {
		case wrong == "" && err != nil, wrong != "" && (err == nil || !strings.Contains(err.Error(), wrong)):
			t.Errorf("%q gave %v", location, err)
		case err != nil && strings.Contains(err.Error(), "hunter2"):
			t.Errorf("%q gave its password: %v", location, err)
		}
	}
	if _, err := redis.Open(t.Context(), "redis://localhost", redis.Options{TLS: &tls.Config{}}); err == nil {
		t.Error("TLS without TLS was taken")
	}
}

// The server's messages about a user or a password quote neither.
func TestServerQuotesNoPassword(t *testing.T) {
	t.Parallel()
	server := own(t, "--requirepass", "right")
	for _, location := range []string{
		"redis://zq7kvXw9j@" + server.Addr, "redis://zq7kvXw9j:wrong@" + server.Addr, "redis://:zq7kvXw9j@" + server.Addr, "redis://u:zq7kvXw9j@" + server.Addr + "?protocol=2",
	} {
		s, err := redis.Open(t.Context(), location, redis.Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Epochs(t.Context())
		if err == nil || strings.Contains(err.Error(), "zq7k") || !strings.Contains(err.Error(), "password") {
			t.Errorf("%s: %v", location, err)
		}
		must(t, s.Close())
	}
}
