// The lane: hits as a browser behind a proxy asks for them, with the lane and
// without it, driven by wrk.

package main

import (
	"fmt"
	"slices"
)

// browser are the headers of a browser, beside Host.
var browser = []string{
	"Connection: keep-alive",
	`sec-ch-ua: "Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"`,
	"sec-ch-ua-mobile: ?0",
	`sec-ch-ua-platform: "Linux"`,
	"Upgrade-Insecure-Requests: 1",
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
	"Sec-Fetch-Site: same-origin",
	"Sec-Fetch-Mode: navigate",
	"Sec-Fetch-User: ?1",
	"Sec-Fetch-Dest: document",
	"Referer: http://shop.example/articles/12",
	"Accept-Language: de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7",
	"Cookie: theme=dark; consent=1",
}

// lane asks three servers for a page, taking turns: with the lane, without it, and
// the floor. They all send the same body.
func (b *bench) lane(program string, with, without, bare *child, path string) error {
	servers := []*child{with, without, bare}
	type series struct{ rate, p99, perHit []float64 }
	const ours, plain, floor = 0, 1, 2
	for _, s := range []setting{{1, few}, {1, many}, {2, many}} {
		var seen [3]series
		order := []int{ours, plain, floor}
		for range b.times(8) {
			for _, i := range order {
				before, ok1 := cpuTime(servers[i].pid())
				rate, p99, err := runWrk(program, s, "http://"+servers[i].addr+path, browser...)
				if err != nil {
					return fmt.Errorf("%s: %w", s, err)
				}
				after, ok2 := cpuTime(servers[i].pid())
				seen[i].rate, seen[i].p99 = append(seen[i].rate, rate), append(seen[i].p99, p99)
				if ok1 && ok2 {
					seen[i].perHit = append(seen[i].perHit, (after-before).Seconds()*1e6/rate) // wrk asks for a second
				}
			}
			slices.Reverse(order)
		}
		for i, name := range []string{"lane, ", "no lane, "} {
			beside := func(what, unit string, of, to []float64) row {
				return newRow("hit", name+s.String()+what, unit, medianOf(of)).beside(medianOf(to), over(of, to))
			}
			rate, p99 := beside("", "req/s", seen[i].rate, seen[floor].rate), beside(", p99", "µs", seen[i].p99, seen[floor].p99)
			if i == ours && s == (setting{1, many}) {
				rate = rate.ratioGoal("≥", 1.8)
			}
			if i == ours && s == (setting{1, few}) {
				p99 = p99.ratioGoal("≤", 0.8)
			}
			b.add(rate)
			b.add(p99)
			if len(seen[i].perHit) == len(seen[floor].perHit) && len(seen[i].perHit) > 0 {
				cpu := beside(", server CPU per request", "µs", seen[i].perHit, seen[floor].perHit)
				if i == ours && s == (setting{1, many}) {
					cpu = cpu.ratioGoal("≤", 0.65)
				}
				b.add(cpu)
			}
		}
	}
	return nil
}
