// Servers in processes of their own.

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A child is a server that runs until it is stopped.
type child struct {
	addr  string
	cmd   *exec.Cmd
	stdin io.Closer
}

// startChild starts a server and waits until it says its address.
func startChild(program string, args ...string) (*child, error) {
	cmd := exec.Command(program, args...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{cmd: cmd, stdin: stdin}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		c.stop()
		return nil, fmt.Errorf("%s said no address: %w", filepath.Base(program), err)
	}
	c.addr = strings.TrimSpace(line)
	return c, nil
}

// stop ends the server's input, upon which it ends itself.
func (c *child) stop() {
	_ = c.stdin.Close()
	_ = c.cmd.Wait() // it has served its purpose, however it ends
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// startGorgon starts this program as the server of a seed.
func startGorgon(seedFile, location, profile string, more ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return startChild(self, append([]string{roleName, "-seed", seedFile, "-store", location, "-cpuprofile", profile}, more...)...)
}
