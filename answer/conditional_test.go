// Tests of conditional requests: the table of RFC 9110 §13.

package answer

import (
	"net/http"
	"testing"
	"time"
)

func TestConditions(t *testing.T) {
	modified := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	v := validator{tag: `"a-br"`, modified: modified, date: modified.Format(http.TimeFormat)}
	before, same, after := modified.Add(-time.Second).Format(http.TimeFormat), v.date, modified.Add(time.Hour).Format(http.TimeFormat)
	for _, test := range []struct {
		header []string // name, value, …
		want   int
	}{
		{nil, 0},
		{[]string{"If-None-Match", `"a-br"`}, 304},
		{[]string{"If-None-Match", `W/"a-br"`}, 304},
		{[]string{"If-None-Match", `"a"`}, 0},
		{[]string{"If-None-Match", `"b", W/"c",  "a-br"`}, 304},
		{[]string{"If-None-Match", `"b"`, "If-None-Match", `"a-br"`}, 304},
		{[]string{"If-None-Match", `*`}, 304},
		{[]string{"If-None-Match", ` * `}, 304},
		{[]string{"If-None-Match", `*x`}, 0},
		{[]string{"If-None-Match", `a-br`}, 0},
		{[]string{"If-None-Match", `"a-br`}, 0},
		{[]string{"If-None-Match", `w/"a-br"`}, 0},
		{[]string{"If-None-Match", ``}, 0},
		{[]string{"If-None-Match", `"x,\"a-br\""`}, 0},
		{[]string{"If-None-Match", `"b", "a-br"`, "If-Modified-Since", before}, 304},
		{[]string{"If-None-Match", `"b"`, "If-Modified-Since", after}, 0},
		{[]string{"If-Modified-Since", same}, 304},
		{[]string{"If-Modified-Since", after}, 304},
		{[]string{"If-Modified-Since", before}, 0},
		{[]string{"If-Modified-Since", "yesterday"}, 0},
		{[]string{"If-Modified-Since", after, "If-Modified-Since", after}, 0},
		{[]string{"If-Modified-Since", modified.Format(time.RFC850)}, 304},
		{[]string{"If-Match", `"a-br"`}, 0},
		{[]string{"If-Match", `W/"a-br"`}, 412},
		{[]string{"If-Match", `"b"`}, 412},
		{[]string{"If-Match", `*`}, 0},
		{[]string{"If-Match", `"b", "a-br"`}, 0},
		{[]string{"If-Match", `"a-br"`, "If-None-Match", `"a-br"`}, 304},
		{[]string{"If-Match", `"a-br"`, "If-Unmodified-Since", before}, 0},
		{[]string{"If-Unmodified-Since", before}, 412},
		{[]string{"If-Unmodified-Since", same}, 0},
		{[]string{"If-Unmodified-Since", "soon"}, 0},
		{[]string{"If-Unmodified-Since", before, "If-None-Match", `"a-br"`}, 412},
	} {
		header := http.Header{}
		for i := 0; i < len(test.header); i += 2 {
			header.Add(test.header[i], test.header[i+1])
		}
		if got := condition(header, v); got != test.want {
			t.Errorf("%q: %d, want %d", test.header, got, test.want)
		}
	}
}
