// What members ask of a room.

package host

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/events"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/serve"
)

const (
	memberWrite = 10 * time.Second // to read one frame
	memberBeat  = 25 * time.Second
	maxOps      = 64                   // of a request
	maxRequest  = maxOps*32<<10 + 4096 // bytes: an operation is at most 32 KiB, and one that the room does not take is refused alone
	maxClient   = 64                   // bytes of the name of a client
	maxMember   = 100                  // of the ID and the name of a member
)

var (
	errTooMany = &gorgon.Error{Op: "enter", Kind: gorgon.KindUnavailable, Message: "The room is full.", RetryAfter: 10 * time.Second}
	errRate    = &gorgon.Error{Op: "do", Kind: gorgon.KindTooMany, RetryAfter: time.Second}
	errLarge   = &gorgon.Error{Op: "do", Kind: gorgon.KindTooLarge, Status: http.StatusRequestEntityTooLarge, Message: "The operation is too large."}
	errRequest = &gorgon.Error{Op: "do", Kind: gorgon.KindInvalid,
		Message: "The body is not a list of operations: write {\"client\": \"…\", \"ops\": [{\"n\": 1, \"op\": {…}}]}, with at most 64."}
	errClient = &gorgon.Error{Op: "enter", Kind: gorgon.KindInvalid,
		Message: "The name of the client is not valid: use 16 to 64 letters, digits, dashes and underscores, made by chance."}
)

// Serve answers a member: GET connects, POST sends operations.
func (h *Host) Serve(w http.ResponseWriter, r *http.Request, d *rooms.Definition) {
	key, ok := d.Key(r)
	if !ok {
		serve.Fail(w, r, gorgon.NotFound())
		return
	}
	var err error
	switch {
	case r.Method == http.MethodPost:
		err = h.receive(w, r, d, key)
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", "GET, POST")
		err = &gorgon.Error{Op: "enter", Status: http.StatusMethodNotAllowed, Kind: gorgon.KindInvalid}
	case strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		err = h.socket(w, r, d, key)
	default:
		err = h.stream(w, r, d, key)
	}
	if err != nil {
		serve.Fail(w, r, err)
	}
}

// A visitor is who makes a request.
type visitor struct {
	who    rooms.Member
	client string // as acts name it: other members do not know it
}

// enter says who makes a request.
func enter(r *http.Request, d *rooms.Definition, key, client string) (v visitor, err error) {
	if client != "" && (len(client) < 16 || len(client) > maxClient || strings.Trim(client, clientLetters) != "") {
		return visitor{}, errClient
	}
	if client == "" {
		client = rand.Text()
	}
	if d.Enter == nil {
		v.who.ID = digest("member", client)
	} else if v.who, err = d.Enter(r.Context(), r, key); err != nil {
		return visitor{}, err
	} else if v.who.ID == "" {
		v.who.ID = digest("member", client)
	}
	if len(v.who.ID) > maxMember || len(v.who.Name) > maxMember {
		return visitor{}, &gorgon.Error{Op: "enter", Path: "room " + d.Name, Err: fmt.Errorf("Enter returned a member whose ID or Name has more than %d bytes", maxMember)}
	}
	v.client = digest(v.who.ID, client)
	return v, nil
}

const clientLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

// digest is a name made of two, which says neither.
func digest(a, b string) string {
	sum := sha256.Sum256([]byte(a + "\x00" + b))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// A request is what a client sends.
type request struct {
	Client string `json:"client"`
	Ops    []struct {
		N  uint64          `json:"n"`
		Op json.RawMessage `json:"op"`
	} `json:"ops"`
}

// A reply is what came of an operation.
type reply struct {
	N       uint64         `json:"n"`
	At      string         `json:"at,omitempty"` // the id of the state that has it
	Problem *serve.Problem `json:"problem,omitempty"`
}

// read reads a request. Operations that are refused have a reply already.
func (h *Host) read(d *rooms.Definition, v visitor, req *request) (acts []Act, refused map[int]error, err error) {
	if len(req.Ops) == 0 || len(req.Ops) > maxOps {
		return nil, nil, errRequest
	}
	if !h.rates.allow(d, v.who.ID, len(req.Ops)) {
		return nil, nil, errRate
	}
	refused = map[int]error{}
	for i, o := range req.Ops {
		if o.N == 0 || o.N > 1<<53 {
			return nil, nil, errRequest
		}
		if len(o.Op) > d.MaxOp {
			refused[i] = errLarge
			continue
		}
		op, err := d.Check(o.Op)
		if err != nil {
			refused[i] = err
			continue
		}
		acts = append(acts, Act{Client: v.client, N: o.N, By: v.who, Op: op})
	}
	return acts, refused, nil
}

// replies are what came of a request.
func (h *Host) replies(r *http.Request, req *request, refused map[int]error, results []Result) []reply {
	list := make([]reply, len(req.Ops))
	for i, o := range req.Ops {
		list[i].N = o.N
		err := refused[i]
		if err == nil {
			result := results[0]
			results = results[1:]
			list[i].At = idOf(h.tag, result.At)
			if err = result.Err(); err == nil {
				continue
			}
			list[i].At = ""
		}
		p := serve.ProblemOf(serve.Report(r, err))
		list[i].Problem = &p
	}
	return list
}

// receive does the operations of a request.
func (h *Host) receive(w http.ResponseWriter, r *http.Request, d *rooms.Definition, key string) error {
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		return &gorgon.Error{Op: "do", Kind: gorgon.KindForbidden, Err: err}
	}
	var req request
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest)).Decode(&req); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return errLarge
		}
		return errRequest
	}
	v, err := enter(r, d, key, req.Client)
	if err != nil {
		return err
	}
	acts, refused, err := h.read(d, v, &req)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), tooLate)
	defer cancel()
	var results []Result
	if len(acts) > 0 {
		if results, err = h.do(ctx, d, key, acts, false); err != nil {
			return err
		}
	}
	body, err := json.Marshal(struct {
		Results []reply `json:"results"`
	}{h.replies(r, &req, refused, results)})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "private, no-store")
	_, _ = w.Write(append(body, '\n')) // a caller that has left asks again
	return nil
}

// join lets a connection hear of the room, and returns what it has to be told
// first: what follows the id that it has, or the state.
func (h *Host) join(ctx context.Context, r *room, v visitor, id string) (m *member, first []*frame, err error) {
	m = &member{who: v.who, queue: make(chan *frame, memberQueue)}
	after, known := parseID(h.tag, id)
	ctx, cancel := context.WithTimeout(ctx, tooLate)
	defer cancel()
	var failed error
	err = r.call(ctx, func() {
		if known && after.Seq > r.copy.at.Seq {
			// It has heard more, of another instance: that is in the log.
			if failed = r.catchUp(ctx); failed != nil {
				return
			}
		}
		records, ok := r.copy.after(after)
		if known && ok {
			if len(records) > 0 {
				if f := frameOf(records, h.tag); f != nil {
					first = append(first, f)
				}
			}
		} else {
			state, err := r.state()
			if err != nil {
				failed = err
				return
			}
			first = append(first, newFrame(idOf(h.tag, r.copy.at), "state", state))
		}
		if !r.audience.add(m, r.d.MaxMembers) {
			failed = errTooMany
		}
	})
	if err = cmp.Or(err, failed); err != nil {
		return nil, nil, err
	}
	if data := r.presence.last(); data != nil {
		first = append(first, newFrame("", "members", data))
	}
	return m, first, nil
}

// A sink is how a connection is sent frames.
type sink interface {
	// begin is called once, before anything is sent. The context ends when the
	// client has left.
	begin() context.Context
	send(list []*frame) bool
}

// tell sends a connection what it is to be told, until one of them ends. It fails
// with errStopped if the server stops, and otherwise if it has sent nothing.
func (h *Host) tell(r *http.Request, room *room, v visitor, id string, out sink) error {
	you, err := json.Marshal(v.who)
	if err != nil {
		return err
	}
	defer room.presence.note()
	var life context.Context
	for {
		m, list, err := h.join(cmp.Or(life, r.Context()), room, v, id)
		switch {
		case err != nil && life != nil && !errors.Is(err, errStopped):
			return nil // the client comes back
		case err != nil:
			return err
		case life == nil:
			life = out.begin()
			list = append([]*frame{newFrame("", "you", you)}, list...)
		}
		room.presence.note()
		left := context.AfterFunc(life, func() { room.audience.remove(m, errLeft) })
		drained := listen.AfterDrained(r, func() { room.audience.remove(m, errStopped) })
		id = m.listen(list, id, out, func() { room.audience.remove(m, errLeft) })
		left()
		drained()
		switch m.why {
		case nil: // it joins again, with the id that it has
		case errStopped:
			return errStopped
		default:
			return nil
		}
	}
}

// errLeft is why a member that has left is told no more.
var errLeft = errors.New("the member has left")

// listen sends a member a list of frames, and then those of its queue, until that is
// closed. It returns the id that the member has then. gone closes the queue, if a
// frame cannot be sent.
func (m *member) listen(list []*frame, id string, out sink, gone func()) string {
	for more := true; more; {
		if len(list) > 0 {
			if !out.send(list) {
				gone()
				return id
			}
			id = lastID(list, id)
			clear(list)
		}
		var f *frame
		f, more = <-m.queue
		list = list[:0]
		if !more {
			continue
		}
		list = append(list, f)
		for n := len(m.queue); n > 0; n-- {
			list = append(list, <-m.queue)
		}
	}
	return id
}

func lastID(list []*frame, before string) string {
	for _, f := range list {
		before = cmp.Or(f.id, before)
	}
	return before
}

// stream tells a member by server-sent events.
func (h *Host) stream(w http.ResponseWriter, r *http.Request, d *rooms.Definition, key string) error {
	v, err := enter(r, d, key, r.URL.Query().Get("client"))
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
	out, err := events.Open(w, r, memberWrite)
	if err != nil {
		return err
	}
	events.Announce(w.Header())
	id := cmp.Or(r.Header.Get("Last-Event-ID"), r.URL.Query().Get("after"))
	sink := &eventSink{out: out, end: func() {}}
	defer func() { sink.end() }()
	err = h.tell(r, room, v, id, sink)
	if errors.Is(err, errStopped) {
		out.Send(events.Elsewhere())
		return nil
	}
	return err
}

// eventSink sends server-sent events.
type eventSink struct {
	out *events.Writer
	end func()
}

func (s *eventSink) begin() (life context.Context) {
	life, s.end = s.out.Take()
	return life
}

func (s *eventSink) send(list []*frame) bool {
	if len(list) == 1 {
		return s.out.SendMessages(list[0].event())
	}
	messages := make([]*events.Message, len(list))
	for i, f := range list {
		messages[i] = f.event()
	}
	return s.out.SendMessages(messages...)
}
