// Tests that what wrk prints is read.

package main

import "testing"

func TestReadWrk(t *testing.T) {
	const good = `Running 1s test @ http://127.0.0.1:8080/
  1 threads and 4 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    87.31us  112.67us   3.38ms   95.66%
    Req/Sec    51.84k     3.76k   57.15k    72.73%
  Latency Distribution
     50%   69.00us
     75%   91.00us
     90%  131.00us
     99%    1.34ms
  56733 requests in 1.10s, 1.12GB read
Requests/sec:  51582.36
Transfer/sec:      1.02GB
`
	if rate, p99, err := readWrk([]byte(good)); rate != 51582.36 || p99 != 1340 || err != nil {
		t.Errorf("%v requests a second, p99 %v µs, %v", rate, p99, err)
	}
	for _, bad := range []string{
		"", "Requests/sec:  51582.36\n",
		good + "  Non-2xx or 3xx responses: 3\n",
		"  Socket errors: connect 0, read 4, write 0, timeout 0\n" + good,
	} {
		if _, _, err := readWrk([]byte(bad)); err == nil {
			t.Errorf("no error for %q", bad)
		}
	}
}
