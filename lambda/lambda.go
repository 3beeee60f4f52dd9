// Package lambda serves a handler as an AWS Lambda function with a function
// URL. It implements the Lambda runtime API itself, so the program is the
// function's bootstrap and needs nothing else.
//
// Responses are streamed; a function URL in BUFFERED mode, or an API Gateway,
// needs [Runtime.Buffered]. An event that is not a request names a task, as in
// {"gorgon": "maintain"}: schedules and deployment steps use this.
package lambda

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// A Runtime receives events and answers them, one at a time as Lambda requires.
// API and Handler are required.
type Runtime struct {
	API     string // host and port of the runtime API: AWS_LAMBDA_RUNTIME_API
	Handler http.Handler

	// Tasks are functions that events can call by name. Default: none.
	Tasks map[string]func(ctx context.Context) error

	// Buffered sends each response whole, for a function URL in BUFFERED mode
	// or an API Gateway. Default: responses are streamed.
	Buffered bool

	// After is called when an event was answered, before the process may be
	// stopped until the next one. Its context ends early enough for the event to
	// end in its time; it is not called where there is no time left. Default:
	// nothing is.
	After func(ctx context.Context)

	Log *slog.Logger // default: slog.Default()

	client *http.Client
}

// maxEvent limits the size of an event in bytes: Lambda's own limit is 6 MB.
const maxEvent = 16 << 20

// Run handles events until ctx ends. It fails if the runtime API cannot be
// reached; failures of a single event are reported to Lambda.
func (l *Runtime) Run(ctx context.Context) error {
	if l.Log == nil {
		l.Log = slog.Default()
	}
	// The next event may be hours away.
	l.client = &http.Client{Transport: &http.Transport{MaxIdleConns: 4, ReadBufferSize: 64 << 10, WriteBufferSize: 64 << 10}}
	defer l.client.CloseIdleConnections()
	for {
		e, err := l.next(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("lambda runtime API at %s: %w", l.API, err)
		}
		if err := l.answer(ctx, e); err != nil {
			l.Log.Error("event not answered", "id", e.id, "err", err)
		}
		l.after(ctx, e)
	}
}

// margin is the time of an event that is left to Lambda and to the way there.
const margin = 200 * time.Millisecond

func (l *Runtime) after(ctx context.Context, e event) {
	if l.After == nil {
		return
	}
	if !e.deadline.IsZero() {
		end := e.deadline.Add(-margin)
		if !time.Now().Before(end) {
			return
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end)
		defer cancel()
	}
	l.After(ctx)
}

// An event is one invocation.
type event struct {
	id       string
	deadline time.Time
	data     []byte
}

func (l *Runtime) url(path string) string {
	return "http://" + l.API + "/2018-06-01/runtime/invocation/" + path
}

func (l *Runtime) next(ctx context.Context) (event, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.url("next"), nil)
	if err != nil {
		return event{}, err
	}
	res, err := l.client.Do(r)
	if err != nil {
		return event{}, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, maxEvent))
	if err != nil {
		return event{}, err
	}
	e := event{id: res.Header.Get("Lambda-Runtime-Aws-Request-Id"), data: data}
	if res.StatusCode != http.StatusOK || e.id == "" {
		return event{}, fmt.Errorf("want an event, got %s: %.200s", res.Status, data)
	}
	if ms, err := strconv.ParseInt(res.Header.Get("Lambda-Runtime-Deadline-Ms"), 10, 64); err == nil {
		e.deadline = time.UnixMilli(ms)
	}
	return e, nil
}

// answer answers one event. It fails if Lambda cannot be reached.
func (l *Runtime) answer(ctx context.Context, e event) error {
	if !e.deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, e.deadline)
		defer cancel()
	}
	var named struct {
		Task string `json:"gorgon"`
	}
	if err := json.Unmarshal(e.data, &named); err != nil {
		return l.fail(ctx, e, "Event.Invalid", fmt.Errorf("the event is not JSON: %w", err))
	}
	if named.Task != "" {
		return l.task(ctx, e, named.Task)
	}
	r, err := request(ctx, e.data)
	if err != nil {
		return l.fail(ctx, e, "Event.Invalid", err)
	}
	if l.Buffered {
		return l.buffered(ctx, e, r)
	}
	return l.streamed(ctx, e, r)
}

func (l *Runtime) task(ctx context.Context, e event, name string) error {
	task := l.Tasks[name]
	if task == nil {
		return l.fail(ctx, e, "Task.Unknown", fmt.Errorf("there is no task %q", name))
	}
	if err := task(ctx); err != nil {
		return l.fail(ctx, e, "Task.Failed", err)
	}
	return l.post(ctx, e.id+"/response", strings.NewReader(`{"done":`+strconv.Quote(name)+`}`), nil)
}

// fail reports to Lambda that an event failed.
func (l *Runtime) fail(ctx context.Context, e event, kind string, err error) error {
	l.Log.Error("event failed", "id", e.id, "err", err)
	body, jsonErr := json.Marshal(map[string]any{"errorType": kind, "errorMessage": err.Error(), "stackTrace": []string{}})
	if jsonErr != nil {
		return jsonErr
	}
	return l.post(ctx, e.id+"/error", bytes.NewReader(body), http.Header{"Lambda-Runtime-Function-Error-Type": {kind}})
}

func (l *Runtime) post(ctx context.Context, path string, body io.Reader, header http.Header) error {
	r, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodPost, l.url(path), body)
	if err != nil {
		return err
	}
	for name, values := range header {
		r.Header[name] = values
	}
	return l.send(r)
}

func (l *Runtime) send(r *http.Request) error {
	res, err := l.client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s: %s", res.Status, text)
	}
	return nil
}

// A call is the event of a function URL, in version 2.0.
type call struct {
	RawPath        string            `json:"rawPath"`
	RawQueryString string            `json:"rawQueryString"`
	Cookies        []string          `json:"cookies"`
	Headers        map[string]string `json:"headers"`
	Body           string            `json:"body"`
	Base64         bool              `json:"isBase64Encoded"`
	Context        struct {
		HTTP struct {
			Method   string `json:"method"`
			SourceIP string `json:"sourceIp"`
		} `json:"http"`
	} `json:"requestContext"`
}

// request returns the request that an event describes.
func request(ctx context.Context, data []byte) (*http.Request, error) {
	var c call
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("the event cannot be read: %w", err)
	}
	if c.Context.HTTP.Method == "" || !strings.HasPrefix(c.RawPath, "/") {
		return nil, errors.New("the event is not a request of a function URL (payload version 2.0), and names no task")
	}
	body := []byte(c.Body)
	if c.Base64 {
		var err error
		if body, err = base64.StdEncoding.DecodeString(c.Body); err != nil {
			return nil, fmt.Errorf("the event's body is not base64: %w", err)
		}
	}
	u, err := url.ParseRequestURI(c.RawPath)
	if err != nil || u.Host != "" {
		u = &url.URL{Path: c.RawPath} // it arrived decoded
	}
	u.RawQuery = c.RawQueryString
	r, err := http.NewRequestWithContext(ctx, c.Context.HTTP.Method, "/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.URL, r.RequestURI = u, u.RequestURI()
	if len(body) == 0 {
		r.Body = http.NoBody
	}
	for name, value := range c.Headers {
		r.Header.Set(name, value)
	}
	if len(c.Cookies) > 0 {
		r.Header.Set("Cookie", strings.Join(c.Cookies, "; "))
	}
	r.Host = r.Header.Get("Host")
	r.Header.Del("Host")
	r.RemoteAddr = net.JoinHostPort(c.Context.HTTP.SourceIP, "0")
	return r, nil
}

// A prelude is the part of a response before its body.
type prelude struct {
	Status  int               `json:"statusCode"`
	Headers map[string]string `json:"headers"`
	Cookies []string          `json:"cookies,omitempty"`
}

func preludeOf(status int, header http.Header) prelude {
	p := prelude{Status: status, Headers: map[string]string{}, Cookies: header["Set-Cookie"]}
	for name, values := range header {
		switch name {
		case "Set-Cookie", "Connection", "Transfer-Encoding":
			continue
		}
		if len(values) > 0 {
			p.Headers[name] = strings.Join(values, ", ")
		}
	}
	return p
}

// serve calls the handler, and returns the value of its panic; nil for none.
// http.ErrAbortHandler is a panic like any other: the response is not complete.
func (l *Runtime) serve(w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		switch p := recover(); {
		case p == nil:
		case p == http.ErrAbortHandler:
			err = http.ErrAbortHandler
		default:
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	l.Handler.ServeHTTP(w, r)
	return nil
}
