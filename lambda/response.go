// Responses: streamed, or whole.

package lambda

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"unicode/utf8"
)

// separator separates the prelude and the body of a streamed response.
var separator = make([]byte, 8)

// A stream is a response being sent to Lambda.
type stream struct {
	header http.Header
	begun  bool
	out    *io.PipeWriter
	err    error
}

func (s *stream) Header() http.Header { return s.header }

func (s *stream) WriteHeader(status int) {
	if s.begun || status < 200 {
		return
	}
	s.begun = true
	// Lambda frames the body by itself.
	s.header.Del("Content-Length")
	head, err := json.Marshal(preludeOf(status, s.header))
	if err == nil {
		_, err = s.out.Write(append(head, separator...))
	}
	s.err = err
}

func (s *stream) Write(p []byte) (int, error) {
	if !s.begun {
		if s.header.Get("Content-Type") == "" {
			s.header.Set("Content-Type", http.DetectContentType(p))
		}
		s.WriteHeader(http.StatusOK)
	}
	if s.err != nil {
		return 0, s.err
	}
	return s.out.Write(p)
}

// Flush has nothing to do: nothing is buffered.
func (s *stream) Flush() {}

// Trailers of a response that failed after it started.
const (
	errorType = "Lambda-Runtime-Function-Error-Type"
	errorBody = "Lambda-Runtime-Function-Error-Body"
)

// streamed answers while the handler writes.
func (l *Runtime) streamed(ctx context.Context, e event, r *http.Request) error {
	body, out := io.Pipe()
	post, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodPost, l.url(e.id+"/response"), body)
	if err != nil {
		return err
	}
	post.Header.Set("Lambda-Runtime-Function-Response-Mode", "streaming")
	post.Header.Set("Content-Type", "application/vnd.awslambda.http-integration-response")
	post.Trailer = http.Header{errorType: nil, errorBody: nil}
	sent := make(chan error, 1)
	go func() {
		err := l.send(post)
		_ = body.CloseWithError(errors.Join(err, io.ErrClosedPipe)) // the handler writes to no reader
		sent <- err
	}()
	s := &stream{header: http.Header{}, out: out}
	failure := l.serve(s, r)
	if failure == nil && !s.begun {
		s.WriteHeader(http.StatusOK)
	}
	if failure != nil && !s.begun {
		s.header = http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "Cache-Control": {"private, no-store"}}
		s.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(s, http.StatusText(http.StatusInternalServerError)+"\n")
	}
	if failure != nil {
		l.Log.Error("a request failed", "id", e.id, "path", r.URL.Path, "err", failure)
		post.Trailer[errorType] = []string{"Handler.Failed"}
		said, _ := json.Marshal(map[string]string{"errorType": "Handler.Failed", "errorMessage": "the handler failed"})
		post.Trailer[errorBody] = []string{base64.StdEncoding.EncodeToString(said)}
	}
	_ = out.Close()
	return <-sent
}

// A whole response is collected in memory.
type whole struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *whole) Header() http.Header { return w.header }

func (w *whole) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
}

func (w *whole) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// buffered answers once the handler has returned.
func (l *Runtime) buffered(ctx context.Context, e event, r *http.Request) error {
	w := &whole{header: http.Header{}}
	if err := l.serve(w, r); err != nil {
		return l.fail(ctx, e, "Handler.Failed", err)
	}
	w.WriteHeader(http.StatusOK)
	if w.header.Get("Content-Type") == "" && w.body.Len() > 0 {
		w.header.Set("Content-Type", http.DetectContentType(w.body.Bytes()))
	}
	answer := struct {
		prelude
		Body   string `json:"body"`
		Base64 bool   `json:"isBase64Encoded"`
	}{prelude: preludeOf(w.status, w.header)}
	if w.header.Get("Content-Encoding") == "" && utf8.Valid(w.body.Bytes()) {
		answer.Body = w.body.String()
	} else {
		answer.Body, answer.Base64 = base64.StdEncoding.EncodeToString(w.body.Bytes()), true
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return l.post(ctx, e.id+"/response", bytes.NewReader(data), http.Header{"Content-Type": {"application/json"}})
}
