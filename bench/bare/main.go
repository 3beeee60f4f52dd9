// Bare is the floor of the measurements: a net/http server that holds the
// bytes of one page in memory and writes them, with the limits that package
// serve sets. It imports nothing but the standard library.
//
//	bare [-tls=PAIR] FILE [NAME VALUE]...
//
// With a file that holds a certificate and its key it speaks TLS.
// Further headers that it is to send may follow. It says its address on its first line, and ends when its input does.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

func run() error {
	args := os.Args[1:]
	pair, secure := strings.CutPrefix(args[0], "-tls=")
	if secure {
		args = args[1:]
	}
	page, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	kind, length := []string{"text/html; charset=utf-8"}, []string{strconv.Itoa(len(page))}
	type field struct {
		name   string
		values []string
	}
	var more []field
	for i := 1; i+1 < len(args); i += 2 {
		more = append(more, field{args[i], args[i+1 : i+2 : i+2]})
	}
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			header := w.Header()
			header["Content-Type"], header["Content-Length"] = kind, length
			for i := range more {
				header[more[i].name] = more[i].values
			}
			_, _ = w.Write(page) // a client that went away is its own affair
		}),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    32 << 10,
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	if secure {
		server.ErrorLog = log.New(io.Discard, "", 0) // of clients that look whether it is there
		return server.ServeTLS(listener, pair, pair)
	}
	return server.Serve(listener)
}
