package failure_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/failure"
)

func ExampleStatus() {
	fmt.Println(failure.Status(gorgon.NotFound()))
	fmt.Println(failure.Status(fmt.Errorf("load: %w", context.DeadlineExceeded)))
	fmt.Println(failure.Status(errors.New("the disk is full")))
	// Output:
	// 404
	// 504
	// 500
}

func ExampleKind() {
	fmt.Println(failure.Kind(gorgon.Gone()) == gorgon.KindGone)
	// Output: true
}

// The cause of an error is for the log; a visitor sees only its message.
func ExampleOf() {
	err := &gorgon.Error{Kind: gorgon.KindUnavailable, Message: "We are closed", Err: errors.New("db7 is down")}
	f := failure.Of(err, "/shop", "")
	fmt.Println(f.Status, f.Title, f.Message)
	// Output: 503 Service Unavailable We are closed
}
