// The lane: hits as a browser behind a proxy asks for them, with the lane and
// without it, driven by wrk.

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon/compress"
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

// issue writes a certificate and its key into a file.
func issue(file string) error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), DNSNames: []string{"shop.example"}}
	public, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: public}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...)
	return os.WriteFile(file, text, 0o600)
}

// laneGoals are what is expected of the lane with one thread and many connections; 0 for
// nothing.
type laneGoals struct{ rate, p99, cpu float64 }

// lane asks three servers for a page, taking turns: with the lane, without it, and
// the floor. They all send the same body.
func (b *bench) lane(program string, with, without, bare *child, path string) error {
	return b.lanes("hit", program, "http://", []*child{with, without, bare}, path, []setting{{1, few}, {1, many}, {2, many}}, laneGoals{1.8, 0.8, 0.65})
}

// secure is the same over TLS.
func (b *bench) secure() error {
	program, err := exec.LookPath("wrk")
	if err != nil {
		fmt.Fprintln(os.Stderr, "tls: wrk is not installed, so it is left out: scripts/servers installs it")
		return nil
	}
	folder, err := os.MkdirTemp(b.folder, "tls")
	if err != nil {
		return err
	}
	seedFile, pair := filepath.Join(folder, "tls.seed"), filepath.Join(folder, "pair.pem")
	if _, err := buildSeed(seedFile, site(10, 10), compress.Fast); err != nil {
		return err
	}
	if err := issue(pair); err != nil {
		return err
	}
	// The floor has its bytes from a server that can be asked without TLS.
	plain, err := startGorgon(seedFile, "disk:"+filepath.Join(folder, "plain"), "")
	if err != nil {
		return err
	}
	defer plain.stop()
	bare, _, err := b.startBare(plain, tablePath(7), "-tls="+pair)
	if err != nil {
		return err
	}
	defer bare.stop()
	profile := ""
	if b.profile != "" {
		profile = filepath.Join(b.profile, "tls.pprof")
	}
	with, err := startGorgon(seedFile, "disk:"+filepath.Join(folder, "with"), profile, "-tls="+pair)
	if err != nil {
		return err
	}
	defer with.stop()
	without, err := startGorgon(seedFile, "disk:"+filepath.Join(folder, "without"), "", "-tls="+pair, "-lane=false")
	if err != nil {
		return err
	}
	defer without.stop()
	return b.lanes("tls", program, "https://", []*child{with, without, bare}, tablePath(7), []setting{{1, few}, {1, many}}, laneGoals{rate: 1.3})
}

// lanes measures three servers.
func (b *bench) lanes(group, program, scheme string, servers []*child, path string, settings []setting, goals laneGoals) error {
	type series struct{ rate, p99, perHit []float64 }
	const ours, plain, floor = 0, 1, 2
	for _, s := range settings {
		var seen [3]series
		order := []int{ours, plain, floor}
		for range b.times(8) {
			for _, i := range order {
				before, ok1 := cpuTime(servers[i].pid())
				rate, p99, err := runWrk(program, s, scheme+servers[i].addr+path, browser...)
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
				return newRow(group, name+s.String()+what, unit, medianOf(of)).beside(medianOf(to), over(of, to))
			}
			rate, p99 := beside("", "req/s", seen[i].rate, seen[floor].rate), beside(", p99", "µs", seen[i].p99, seen[floor].p99)
			if i == ours && s == (setting{1, many}) && goals.rate > 0 {
				rate = rate.ratioGoal("≥", goals.rate)
			}
			if i == ours && s == (setting{1, few}) && goals.p99 > 0 {
				p99 = p99.ratioGoal("≤", goals.p99)
			}
			b.add(rate)
			b.add(p99)
			if len(seen[i].perHit) == len(seen[floor].perHit) && len(seen[i].perHit) > 0 {
				cpu := beside(", server CPU per request", "µs", seen[i].perHit, seen[floor].perHit)
				if i == ours && s == (setting{1, many}) && goals.cpu > 0 {
					cpu = cpu.ratioGoal("≤", goals.cpu)
				}
				b.add(cpu)
			}
		}
	}
	return nil
}
