//go:build unix

// What the imitated place does to its instances.

package rehearse

import (
	"os/exec"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/plan"
)

// A balancer is done with an answer only after its client has it: by then the
// instance may have been told to end, and must not be stopped again.
func TestInstanceThatEndsIsNotStopped(t *testing.T) {
	outcome := plan.Outcome{Target: plan.Target{Offers: plan.Offers{Process: true, Frozen: plan.BetweenCalls}}}
	h := &sandbox{rehearsal: &rehearsal{Config: Config{Outcome: outcome}}}
	if !h.frozen() {
		t.Fatal("the place of this test lets instances run between requests")
	}
	// It says when it has been told, and takes its time.
	program := exec.Command("sh", "-c", `trap 'echo told; sleep 0.3; exit 0' TERM; echo runs; while :; do sleep 0.02; done`)
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	one := &instance{command: program, ended: make(chan error, 1)}
	h.instances = []*instance{one}
	t.Cleanup(func() { _ = h.close() })
	said := make([]byte, 5)
	if _, err := out.Read(said); err != nil {
		t.Fatal(err)
	}

	h.wake(one)
	stopped := make(chan error, 1)
	go func() { _, err := h.stop(t.Context()); stopped <- err }()
	if _, err := out.Read(said); err != nil || string(said) != "told\n" {
		t.Fatalf("it says %q, %v", said, err)
	}
	h.settle(one)
	go func() { one.ended <- program.Wait() }()
	select {
	case err := <-stopped:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it was stopped on its way out")
	}
}
