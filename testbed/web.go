//go:build unix

package testbed

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Caddy starts a Caddy with a Caddyfile of one site, whose address the file
// reads from the variable SITE. Further variables are given as NAME=value. Its
// URL is that of the site.
func Caddy(file []byte, env ...string) (*Server, error) {
	program, err := find("caddy")
	if err != nil {
		return nil, err
	}
	return web(func(dir, addr string) (*exec.Cmd, error) {
		config := filepath.Join(dir, "Caddyfile")
		if err := os.WriteFile(config, append([]byte("{\n\tadmin off\n\tauto_https disable_redirects\n}\n"), file...), 0o644); err != nil {
			return nil, err
		}
		cmd := exec.Command(program, "run", "--config", config, "--adapter", "caddyfile")
		cmd.Env = append(append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir, "SITE=http://"+addr), env...)
		return cmd, nil
	})
}

// Nginx starts an nginx with a file for /etc/nginx/conf.d, of a site at port
// 80, which is replaced by a free port. Its URL is that of the site. Further directives
// are for the top of its configuration.
func Nginx(file []byte, top ...string) (*Server, error) {
	program, err := find("nginx", "/usr/sbin")
	if err != nil {
		return nil, err
	}
	return web(func(dir, addr string) (*exec.Cmd, error) {
		site := bytes.ReplaceAll(file, []byte("listen 80;"), []byte("listen "+addr+";"))
		config := filepath.Join(dir, "nginx.conf")
		var b bytes.Buffer
		fmt.Fprintf(&b, "daemon off;\npid %[1]s/pid;\nerror_log stderr;\n%[2]s\nevents {\nworker_connections 8192;\n}\nhttp {\naccess_log off;\n", dir, strings.Join(top, "\n"))
		for _, kind := range [...]string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
			fmt.Fprintf(&b, "%s_temp_path %s/%s;\n", kind, dir, kind)
		}
		fmt.Fprintf(&b, "%s\n}\n", site)
		if err := os.WriteFile(config, b.Bytes(), 0o644); err != nil {
			return nil, err
		}
		return exec.Command(program, "-p", dir, "-e", "stderr", "-c", config), nil
	})
}

// web starts a web server that answers plain HTTP.
func web(command func(dir, addr string) (*exec.Cmd, error)) (*Server, error) {
	dir, err := folder()
	if err != nil {
		return nil, err
	}
	addr, err := FreeAddr()
	if err != nil {
		return nil, err
	}
	cmd, err := command(dir, addr)
	if err != nil {
		return nil, err
	}
	s := &Server{URL: "http://" + addr, Addr: addr, dir: dir, signal: syscall.SIGTERM}
	s.start = func() *exec.Cmd {
		again := exec.Command(cmd.Path, cmd.Args[1:]...)
		again.Dir, again.Env = dir, cmd.Env
		return again
	}
	s.ready = func() error { return answers(addr) }
	if err := s.Start(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}
