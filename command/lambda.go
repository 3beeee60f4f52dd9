// Serving as a Lambda function.

package command

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/gorgon-go/gorgon/lambda"
	"github.com/gorgon-go/gorgon/pages"
)

// lambdaAfter is how long a Lambda function runs jobs after a response, and
// lambdaTick at each event of the schedule: an event has a minute.
const (
	lambdaAfter = 10 * time.Second
	lambdaTick  = 45 * time.Second
)

// onLambda is the runtime API of the function that this process is; "" where it
// is none.
func onLambda() string { return os.Getenv("AWS_LAMBDA_RUNTIME_API") }

// serveLambda answers events until ctx ends. What schedules and deploy steps
// ask for are tasks.
func (v *server) serveLambda(ctx context.Context, h http.Handler, store pages.Store) error {
	p := v.p
	fmt.Fprintf(p.err, "serving %s as a Lambda function (store %s)\n", p.app.Name, p.stores.shown())
	l := &lambda.Runtime{
		API: onLambda(), Handler: h, Log: p.log, Buffered: os.Getenv("GORGON_LAMBDA") == "buffer",
		After: v.flushing.each,
		Tasks: map[string]func(context.Context) error{
			"maintain": func(ctx context.Context) error {
				_, err := maintainer{p}.run(ctx, store, v.bounds.bounds(), lambdaTick)
				return err
			},
			"migrate": func(ctx context.Context) error {
				if m, ok := bare(store).(pages.Migrator); ok {
					_, err := m.Migrate(ctx)
					return err
				}
				return nil
			},
		},
	}
	return l.Run(ctx)
}
