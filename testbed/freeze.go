//go:build unix

// Processes that are stopped, and are known to be: a signal is delivered some
// time after it was sent.

package testbed

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Freeze stops a process and those that it has started, until Thaw, and returns
// when none of their threads runs any more. It gives os.ErrProcessDone where the
// process has ended. Without /proc it stops the process alone, and returns when
// the signal is sent.
func Freeze(pid int) error {
	// The process itself comes first: it then starts no child that is missed.
	if err := freeze(pid); err != nil {
		return err
	}
	for _, child := range children(pid) {
		if err := freeze(child); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
	}
	return nil
}

func freeze(pid int) error {
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return ended(err)
	}
	for deadline := time.Now().Add(30 * time.Second); !asleep(pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return errors.New("process " + strconv.Itoa(pid) + " was stopped and goes on")
		}
	}
	return nil
}

// Thaw ends a Freeze.
func Thaw(pid int) error {
	for _, child := range children(pid) {
		if err := ended(syscall.Kill(child, syscall.SIGCONT)); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
	}
	return ended(syscall.Kill(pid, syscall.SIGCONT))
}

func ended(err error) error {
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// asleep reports whether each thread of a process is stopped or has ended.
func asleep(pid int) bool {
	threads, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "stat"))
	for _, name := range threads {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		if state := afterName(data); len(state) > 0 && !bytes.Contains([]byte("TtZX"), state[0]) {
			return false
		}
	}
	return true
}

// afterName are the fields of a stat that follow the process's name, which is in
// parentheses and may contain spaces.
func afterName(stat []byte) [][]byte {
	return bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
}

// children are the processes that a process has started, and theirs. Without
// /proc they are not known.
func children(of int) (list []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	parents := map[int]int{}
	for _, name := range stats {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		pid, err1 := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		parent, err2 := strconv.Atoi(string(afterName(data)[1]))
		if err1 == nil && err2 == nil {
			parents[pid] = parent
		}
	}
	for pid := range parents {
		for up := parents[pid]; up > 1; up = parents[up] {
			if up == of {
				list = append(list, pid)
				break
			}
		}
	}
	return list
}
