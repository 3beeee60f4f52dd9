package listen_test

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/gorgon-go/gorgon/listen"
)

func Example() {
	server := &listen.Server{
		Addr: "127.0.0.1:0", // a free port
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, listen.Scheme(r), " from ", listen.Client(r))
		}),
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	addr, err := server.Listen(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	ended := make(chan error)
	go func() { ended <- server.Run(ctx) }()

	answer, err := http.Get("http://" + addr.String())
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _ := io.ReadAll(answer.Body)
	fmt.Println(string(text))

	stop() // requests under way are answered first
	fmt.Println(<-ended)
	// Output:
	// http from 127.0.0.1
	// <nil>
}

func ExampleParseProxies() {
	fmt.Println(listen.ParseProxies("10.0.0.0/8, ::1"))
	// Output: [10.0.0.0/8 ::1/128] <nil>
}
