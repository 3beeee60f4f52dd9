// Dev measures the loop of 'gorgon dev' on examples/godoc and the starter blog:
// from a save to the new bytes over HTTP. It changes their files, and puts them
// back.
//
//	go run ./bench/dev [TIMES]
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/develop"
)

// A change is one kind of save. Each {} in With becomes another word each
// time.
type change struct {
	name, file, replace, with string
	linked                    *regexp.Regexp // where the page names the file that shows it; nil for the page
}

// apps are those that are changed, with the changes of each.
var apps = []struct {
	folder  string
	changes []change
}{{"examples/godoc", []change{
	{"template, text", "examples/godoc/views/layout.templ", "Made with Gorgon.", "Made with Gorgon {}.", nil},
	{"template, code", "examples/godoc/views/layout.templ", "Made with Gorgon.", `Made with { "{}" }.`, nil},
	{"style sheet", "examples/godoc/assets/app.css", "", ".{}{color:red}", regexp.MustCompile(`href="([^"]*/app\.[^"]*\.css)"`)},
	{"Go", "examples/godoc/views/meta.go", `"Standard library"`, `"{}"`, nil},
}}, {"tool/starters/blog", []change{
	{"html/template", "tool/starters/blog/views/list.html", "Notes on patient things", "Notes {}", nil},
	{"Markdown", "tool/starters/blog/posts/hello.md", "title: Hello, stone", "title: Hello, {}", nil},
}}}

func main() {
	times := 5
	if len(os.Args) > 1 {
		var err error
		if times, err = strconv.Atoi(os.Args[1]); err != nil || times < 1 {
			fmt.Fprintf(os.Stderr, "dev: %q: give a number of times above zero\n", os.Args[1])
			os.Exit(2)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	for _, app := range apps {
		if err := measure(ctx, app.folder, app.changes, times); err != nil {
			fmt.Fprintln(os.Stderr, "dev:", err)
			os.Exit(1)
		}
	}
}

func measure(ctx context.Context, folder string, changes []change, times int) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	at, ended := make(chan string, 1), make(chan error, 1)
	var log bytes.Buffer // read once it has ended
	s := develop.Server{Dir: ".", Package: "./" + folder, Addr: "127.0.0.1:0", Log: &log, Started: func(a net.Addr) { at <- "http://" + a.String() }}
	go func() { ended <- s.Run(ctx) }()
	defer func() {
		cancel()
		err = errors.Join(err, <-ended)
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, &log)
		}
	}()
	var site string
	select {
	case site = <-at:
	case err := <-ended:
		ended <- nil
		return err
	}
	began := time.Now()
	if _, err := until(ctx, site, nil, "</html>"); err != nil {
		return err
	}
	fmt.Println(folder)
	fmt.Printf("%-16s %s\n", "first page", time.Since(began).Round(10*time.Millisecond))
	for _, c := range changes {
		took, err := c.measure(ctx, site, times)
		if err != nil {
			return err
		}
		fmt.Printf("%-16s best %v, median %v of %d\n", c.name, took[0], took[len(took)/2], len(took))
	}
	return nil
}

// measure saves a change some times and returns how long each took, the best
// first. The file is as it was afterwards.
func (c change) measure(ctx context.Context, site string, times int) (took []time.Duration, err error) {
	before, err := os.ReadFile(c.file)
	if err != nil {
		return nil, err
	}
	save := func(word string) (time.Duration, error) {
		text := strings.Replace(string(before), c.replace, strings.ReplaceAll(c.with, "{}", word), 1)
		if c.replace == "" {
			text = string(before) + strings.ReplaceAll(c.with, "{}", word) + "\n"
		}
		began := time.Now()
		if err := os.WriteFile(c.file, []byte(text), 0o644); err != nil {
			return 0, err
		}
		_, err := until(ctx, site, c.linked, word)
		return time.Since(began).Round(10 * time.Millisecond), err
	}
	defer func() {
		err = errors.Join(err, os.WriteFile(c.file, before, 0o644))
	}()
	for range times {
		// A new word each time: otherwise Go would find the previous program in
		// its cache.
		d, err := save(fmt.Sprintf("word%d", time.Now().UnixNano()))
		if err != nil {
			return nil, err
		}
		took = append(took, d)
	}
	slices.Sort(took)
	return took, nil
}

// until requests the page, or the file that it links, until it contains a word.
func until(ctx context.Context, site string, linked *regexp.Regexp, word string) (string, error) {
	for {
		text, err := get(ctx, site+"/")
		if err == nil && linked != nil {
			m := linked.FindStringSubmatch(text)
			if m == nil {
				return "", errors.New("the page links no such file")
			}
			text, err = get(ctx, site+m[1])
		}
		if err == nil && strings.Contains(text, word) {
			return text, nil
		}
		select {
		case <-ctx.Done():
			return "", errors.Join(ctx.Err(), err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func get(ctx context.Context, url string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}
