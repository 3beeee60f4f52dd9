// The lane: hits as a browser behind a proxy asks for them, with the lane and
// without it, driven by wrk.

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/testbed"
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

// A racer is a server that takes turns with others.
type racer struct {
	name             string // "" for the floor
	server           *child
	at               string // where it answers
	goals            laneGoals
	rate, p99, spent []float64 // spent is processor time, in microseconds for each answer; none where it cannot be told
}

// lane asks four servers for a page, taking turns: with the lane, without it, nginx and
// the floor. They all send the same body.
func (b *bench) lane(program string, with, without, bare *child, path string, body []byte) error {
	list := []*racer{
		{name: "lane, ", server: with, at: "http://" + with.addr + path, goals: laneGoals{1.8, 0.8, 0.65}},
		{name: "no lane, ", server: without, at: "http://" + without.addr + path},
		{server: bare, at: "http://" + bare.addr + path},
	}
	nginx, err := b.nginx(body)
	switch {
	case errors.Is(err, testbed.ErrMissing):
		fmt.Fprintln(os.Stderr, "hit: nginx is not installed, so its rows are left out: scripts/servers installs it")
	case err != nil:
		return err
	default:
		defer nginx.Close()
		list = append(list, &racer{name: "nginx, ", at: nginx.URL + "/page.html"})
	}
	return b.lanes("hit", program, []setting{{1, few}, {1, many}, {2, many}}, list)
}

// nginx starts an nginx with a file of that body: a worker for each processor, sendfile,
// and files that stay open.
func (b *bench) nginx(body []byte) (*testbed.Server, error) {
	folder, err := os.MkdirTemp(b.folder, "nginx")
	if err != nil {
		return nil, err
	}
	// Its workers may be another user.
	for _, dir := range []string{folder, b.folder} {
		if err := os.Chmod(dir, 0o755); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "page.html"), body, 0o644); err != nil {
		return nil, err
	}
	return testbed.Nginx([]byte(fmt.Sprintf("sendfile on;\ntcp_nopush on;\nkeepalive_requests 10000000;\nopen_file_cache max=100 inactive=1h;\ndefault_type text/html;\nserver {\nlisten 80;\nroot %s;\n}\n", folder)), "worker_processes auto;")
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
	url := func(server *child) string { return "https://" + server.addr + tablePath(7) }
	return b.lanes("tls", program, []setting{{1, few}, {1, many}}, []*racer{
		{name: "lane, ", server: with, at: url(with), goals: laneGoals{rate: 1.3}},
		{name: "no lane, ", server: without, at: url(without)},
		{server: bare, at: url(bare)},
	})
}

// lanes measures servers, each beside the floor among them.
func (b *bench) lanes(group, program string, settings []setting, list []*racer) error {
	floor := list[slices.IndexFunc(list, func(r *racer) bool { return r.name == "" })]
	for _, s := range settings {
		for _, r := range list {
			r.rate, r.p99, r.spent = nil, nil, nil
		}
		order := slices.Clone(list)
		for range b.times(8) {
			for _, r := range order {
				if err := r.run(program, s); err != nil {
					return fmt.Errorf("%s: %w", s, err)
				}
			}
			slices.Reverse(order)
		}
		for _, r := range list {
			if r == floor {
				continue
			}
			beside := func(what, unit string, of, to []float64) row {
				return newRow(group, r.name+s.String()+what, unit, medianOf(of)).beside(medianOf(to), over(of, to))
			}
			rate, p99 := beside("", "req/s", r.rate, floor.rate), beside(", p99", "µs", r.p99, floor.p99)
			if s == (setting{1, many}) && r.goals.rate > 0 {
				rate = rate.ratioGoal("≥", r.goals.rate)
			}
			if s == (setting{1, few}) && r.goals.p99 > 0 {
				p99 = p99.ratioGoal("≤", r.goals.p99)
			}
			b.add(rate)
			b.add(p99)
			if len(r.spent) > 0 && len(r.spent) == len(floor.spent) {
				cpu := beside(", server CPU per request", "µs", r.spent, floor.spent)
				if s == (setting{1, many}) && r.goals.cpu > 0 {
					cpu = cpu.ratioGoal("≤", r.goals.cpu)
				}
				b.add(cpu)
			}
		}
	}
	return nil
}

// run asks a server for a second.
func (r *racer) run(program string, s setting) error {
	var before, after time.Duration
	ok1, ok2 := false, false
	if r.server != nil {
		before, ok1 = cpuTime(r.server.pid())
	}
	rate, p99, err := runWrk(program, s, r.at, browser...)
	if err != nil {
		return err
	}
	if r.server != nil {
		after, ok2 = cpuTime(r.server.pid())
	}
	r.rate, r.p99 = append(r.rate, rate), append(r.p99, p99)
	if ok1 && ok2 {
		r.spent = append(r.spent, (after-before).Seconds()*1e6/rate)
	}
	return nil
}
