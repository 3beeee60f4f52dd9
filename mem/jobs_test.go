package mem_test

import (
	"testing"

	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/jobs/jobstest"
	"github.com/gorgon-go/gorgon/mem"
)

func TestJobs(t *testing.T) {
	jobstest.Harness{Place: func(*testing.T) func() jobs.Store {
		m := mem.NewJobs()
		return func() jobs.Store { return m }
	}}.Run(t)
}
