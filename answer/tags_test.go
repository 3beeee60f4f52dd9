package answer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/pages"
)

// A page that read many rows names their table in the tag header of a CDN, which
// every change of a row purges, too.
func TestTagHeaderStaysShort(t *testing.T) {
	table := dataflow.TableTag("shop", "public.products")
	tags := []string{"mine:a", dataflow.DatabaseTag("shop"), dataflow.RowTag(table, dataflow.AllRows)}
	for n := range 10 {
		tags = append(tags, dataflow.RowTag(table, fmt.Sprint(n)))
	}
	e := &pages.Entry{Key: pages.Key{Route: "/", Path: "/"}, Tags: tags}
	if got := edgeSubjects(e); !slices.Equal(got, e.Subjects()) {
		t.Errorf("few rows: %q", got)
	}
	for n := range 200 {
		e.Tags = append(e.Tags, dataflow.RowTag(table, fmt.Sprint(1000+n)))
	}
	want := append(pages.Subjects(e.Key, nil), "tag:mine:a", "tag:"+dataflow.DatabaseTag("shop"), "tag:"+table)
	if got := edgeSubjects(e); !slices.Equal(got, want) {
		t.Errorf("many rows: %q", strings.Join(got, " "))
	}
}
