// The test binary, which is also the program under test.

package e2e_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/gorgon-go/gorgon/e2e/internal/depot"
	"github.com/gorgon-go/gorgon/e2e/internal/jobber"
	"github.com/gorgon-go/gorgon/e2e/internal/patient"
	"github.com/gorgon-go/gorgon/e2e/internal/roomer"
	"github.com/gorgon-go/gorgon/e2e/internal/scores"
	"github.com/gorgon-go/gorgon/e2e/internal/shop"
	"github.com/gorgon-go/gorgon/e2e/internal/site"
)

// programVariable marks a run of the test binary as the program.
const programVariable = "GORGON_E2E_PROGRAM"

func TestMain(m *testing.M) {
	switch os.Getenv(programVariable) {
	case "":
	case "shop":
		shop.Main()
	case "hits":
		scores.Hits()
	case "scores":
		scores.Main()
	case "depot":
		depot.Main()
	case "jobber":
		jobber.Main()
	case "patient":
		patient.Main()
	case "roomer":
		roomer.Main()
	default:
		site.Main()
	}
	code := m.Run()
	if err := removeBuilt(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
