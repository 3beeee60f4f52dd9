// The guide quotes the driver piece by piece: the pieces are the driver.

package bolt_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGuideQuotesTheDriver(t *testing.T) {
	guide, err := os.ReadFile("../../drivers.md")
	if err != nil {
		t.Fatal(err)
	}
	driver, err := os.ReadFile("bolt.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(driver), "\n"); n >= 250 {
		t.Errorf("the driver has %d lines; the guide says less than 250", n)
	}
	_, text, _ := strings.Cut(string(guide), "<!-- bolt.go -->")
	text, _, ok := strings.Cut(text, "<!-- end of bolt.go -->")
	if !ok {
		t.Fatal("the guide lacks the comments around the driver")
	}
	var pieces []string
	for _, m := range regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		pieces = append(pieces, m[1])
	}
	if diff := cmp.Diff(string(driver), strings.Join(pieces, "\n")); diff != "" {
		t.Errorf("the guide quotes another driver (-bolt.go +drivers.md):\n%s", diff)
	}
}
