// Members that are connected by a WebSocket.

package host

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/coder/websocket"

	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/serve"
)

// inFlight is how many requests of a connection may wait for their replies.
const inFlight = 16

// socket tells a member by a WebSocket, and receives its operations.
func (h *Host) socket(w http.ResponseWriter, r *http.Request, d *rooms.Definition, key string) error {
	client := r.URL.Query().Get("client")
	v, err := enter(r, d, key, client)
	if err != nil {
		return err
	}
	room, done, err := h.open(d, key)
	if err != nil {
		return err
	}
	defer done()
	if room.audience.count() >= d.MaxMembers {
		return errTooMany
	}
	defer listen.Hold(r)() // which it takes its connection from
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return nil // it has answered
	}
	defer conn.CloseNow() //nolint:errcheck // it is closed either way
	conn.SetReadLimit(maxRequest)
	life, cancel := context.WithCancel(r.Context())
	defer cancel()
	s := &socketSink{conn: conn, ctx: r.Context(), life: life}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		defer cancel()
		h.listenTo(life, r, room, v, s)
	}()
	switch err := h.tell(r, room, v, r.URL.Query().Get("after"), s); {
	case errors.Is(err, errStopped):
		_ = conn.Close(websocket.StatusGoingAway, "")
	case err != nil:
		_ = conn.Close(websocket.StatusTryAgainLater, "")
	}
	cancel()
	_ = conn.CloseNow()
	<-gone
	return nil
}

// listenTo does what a connection asks for. Requests are decided in the order in
// which they came.
func (h *Host) listenTo(ctx context.Context, r *http.Request, room *room, v visitor, s *socketSink) {
	free := make(chan struct{}, inFlight)
	for {
		kind, data, err := s.conn.Read(ctx)
		if err != nil {
			return
		}
		var req request
		if kind != websocket.MessageText || json.Unmarshal(data, &req) != nil {
			s.refuse(r, nil, errRequest)
			continue
		}
		acts, refused, err := h.read(room.d, v, &req)
		if err != nil {
			s.refuse(r, &req, err)
			continue
		}
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return
		}
		act, cancel := context.WithTimeout(ctx, tooLate)
		asks, err := room.ask(act, acts, false)
		go func() {
			defer cancel()
			defer func() { <-free }()
			var results []Result
			if err == nil {
				results, err = wait(act, asks)
			}
			if err != nil {
				s.refuse(r, &req, err)
				return
			}
			s.reply(h.replies(r, &req, refused, results))
		}()
	}
}

// A socketSink sends messages of a WebSocket.
type socketSink struct {
	conn *websocket.Conn
	ctx  context.Context
	life context.Context // of what it receives
}

func (s *socketSink) begin() context.Context { return s.life }

func (s *socketSink) write(text []byte) bool {
	ctx, cancel := context.WithTimeout(s.ctx, memberWrite)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, text) == nil
}

func (s *socketSink) send(list []*frame) bool {
	for _, f := range list {
		if !s.write(f.socket()) {
			return false
		}
	}
	return true
}

func (s *socketSink) reply(list []reply) {
	if text, err := json.Marshal(map[string]any{"results": list}); err == nil {
		s.write(text)
	}
}

// refuse says that nothing is known of a request, or that it was not done.
func (s *socketSink) refuse(r *http.Request, req *request, err error) {
	answer := struct {
		Problem serve.Problem `json:"problem"`
		N       []uint64      `json:"n"`
	}{Problem: serve.ProblemOf(serve.Report(r, err)), N: []uint64{}}
	if req != nil {
		for _, o := range req.Ops {
			answer.N = append(answer.N, o.N)
		}
	}
	if text, err := json.Marshal(answer); err == nil {
		s.write(text)
	}
}
