// Live parts: what is new of them, in one stream for each page that is open.

package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/events"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/live"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/viewctx"
	"github.com/gorgon-go/gorgon/wire"
)

// A lives answers with streams of what is new.
type lives struct {
	answers  *responder
	purges   *coherence.Instance
	composer *compose.Composer
	hub      *live.Hub[livePart]
	now      func() time.Time
}

// A livePart is a fragment as it is on a page, or a page.
type livePart struct {
	of           *gorgon.Definition
	path, locale string
	on           string // the page that a fragment is on
	form         compose.Form
	has          string // the version that a visitor has, of a fragment that each sees differently
}

func (p livePart) ask() *compose.Ask {
	return &compose.Ask{Page: p.of, Path: p.path, Locale: p.locale, On: p.on, Form: p.form}
}

func newLives(c *Config, answers *responder) *lives {
	l := &lives{answers: answers, purges: c.Cache.Coherence(), composer: answers.composer, now: c.Now}
	l.hub = live.New(context.Background(), live.Config[livePart]{
		Make: l.make, Listen: l.purges.Listen, Tend: l.purges.Attend, Log: c.Log,
		Group: func(part livePart) any { return part.of },
	})
	return l
}

// make makes a part as it is now, and the end of the event that brings it.
func (l *lives) make(ctx context.Context, part livePart) (live.Piece, error) {
	if part.has != "" {
		named, err := l.composer.Named(part.ask(), part.has)
		return l.piece(named), err
	}
	made, err := l.composer.Piece(ctx, part.ask())
	switch kind := failure.Kind(err); {
	case err != nil && (kind == gorgon.KindNotFound || kind == gorgon.KindGone || kind == gorgon.KindRedirect):
		return live.Piece{}, live.ErrGone
	case err != nil:
		return live.Piece{}, fmt.Errorf("%s: %w", part.of.Path, err)
	}
	p := l.piece(made)
	if made.Entry == nil {
		p.Named, p.Data = true, fmt.Appendf(nil, `,"version":%q`, made.Version)
		return p, nil
	}
	field, content := "html", any(string(made.Entry.HTML))
	if part.form == compose.Payload {
		field, content = "page", json.RawMessage(made.Entry.HTML)
	}
	data, err := json.Marshal(content)
	if err != nil {
		return live.Piece{}, err
	}
	p.Data = fmt.Appendf(nil, `,"version":%q,%q:%s}`+"\n\n", made.Version, field, data)
	return p, nil
}

// piece is what is known of a part but for what is sent of it.
func (l *lives) piece(made compose.Piece) live.Piece {
	p := live.Piece{Version: made.Version, Subjects: made.Subjects, Holds: made.Holds}
	if !made.Until.IsZero() {
		p.Until = time.Now().Add(made.Until.Sub(l.now())) // the app's clock may be another one
	}
	return p
}

// ask is the end of an event that has a browser get a part itself: after how
// many milliseconds, and as new as which purge. Where one purge concerns the
// visitors of very many browsers, they do not come all at once.
func (l *lives) ask(n live.News) string {
	var token uint64
	for _, m := range l.purges.Marks(n.Subjects) {
		token = max(token, m.Sequence)
	}
	wait := rand.N(min(askWithin+time.Duration(n.Crowd)*askEach, askLongest))
	return fmt.Sprintf(`,"ask":%d,"token":"%d"}`+"\n\n", wait.Milliseconds(), token)
}

const (
	liveBody  = 64 << 10 // bytes of a request
	liveParts = 256      // of a page
	liveBeat  = 25 * time.Second
	liveWrite = 10 * time.Second
	liveAgain = time.Second // what could not be asked is asked again

	// Browsers that get a part themselves do so within askWithin, and askEach for
	// every one that the same purge concerns.
	askWithin, askEach, askLongest = 200 * time.Millisecond, 2 * time.Millisecond, 30 * time.Second
)

// liveEnd is the event after which a browser does not come back.
const liveEnd = "event: end\ndata:\n\n"

// A liveRequest says what a browser shows of a page.
type liveRequest struct {
	Parts [][2]string `json:"parts"` // the src of each live part, and its version
}

var (
	errLiveBody  = &gorgon.Error{Op: "follow", Kind: gorgon.KindInvalid, Message: "The body is not a list of the page's live parts."}
	errLiveOther = &gorgon.Error{Op: "follow", Kind: gorgon.KindGone, Message: "Some of these parts are of another version of the site: get the page, and follow its parts."}
)

// answer sends what is new of the parts of a page, until the client leaves, a
// guard ends it, or the server stops.
func (l *lives) answer(w http.ResponseWriter, r *http.Request, m match, page string) {
	if r.Method != http.MethodPost {
		l.answers.allow(w, r, m, []string{"POST, OPTIONS"})
		return
	}
	var s opened
	defer s.close()
	apart(func() { l.open(w, r, m, page, &s) })
	if s.stream != nil {
		l.follow(r, &s)
	}
}

// An opened is a stream that has begun.
type opened struct {
	out    *events.Writer
	life   context.Context // ends when the client leaves, and when a guard ends the request
	end    func()          // nil: it has not begun
	stream *live.Stream[livePart]
	at     []int // of its parts, the indexes in the request
}

func (s *opened) close() {
	if s.stream != nil {
		s.stream.Close()
	}
	if s.end != nil {
		s.end()
	}
}

// open begins a stream, or answers why there is none.
func (l *lives) open(w http.ResponseWriter, r *http.Request, m match, page string, s *opened) {
	var asked liveRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, liveBody)).Decode(&asked); err != nil || len(asked.Parts) == 0 || len(asked.Parts) > liveParts {
		l.answers.fail(w, r, m, errLiveBody)
		return
	}
	wants, at, other := l.wants(asked, m, page)
	if other || len(wants) == 0 {
		// The page that the browser then gets is not older than what it has been shown.
		l.purges.AskAll()
		w.Header().Set(wire.HeaderToken, strconv.FormatUint(l.purges.Now().Known, 10))
		l.answers.fail(w, r, m, errLiveOther)
		return
	}
	out, err := events.Open(w, r, liveWrite)
	if err != nil {
		l.answers.fail(w, r, m, err)
		return
	}
	events.Announce(w.Header())
	s.out, s.at = out, at
	if s.life, s.end = out.Take(); out.Send(events.Beat) && l.knows(r, s) {
		s.stream = l.hub.Follow(wants)
	}
}

// apart calls f in a goroutine of its own, and waits for it. Where the caller
// waits long afterwards its stack stays small: one that has grown once does not
// shrink by itself.
func apart(f func()) {
	var failed any
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { failed = recover() }()
		f()
	}()
	if <-done; failed != nil {
		panic(failed)
	}
}

// knows waits until all is known that was purged and committed when the stream was
// opened: the page may be of an instance that knows more than this one, whose
// parts would be older. It says whether to go on.
func (l *lives) knows(r *http.Request, s *opened) bool {
	for !l.purges.AskAll() {
		if !s.out.Send(events.Beat) {
			return false
		}
		select {
		case <-s.life.Done():
			if ended(r) != nil {
				s.out.Send(liveEnd)
			}
			return false
		case <-listen.Drained(r):
			s.out.Send(events.Elsewhere())
			return false
		case <-time.After(liveAgain):
		}
	}
	return true
}

// follow sends news.
func (l *lives) follow(r *http.Request, s *opened) {
	beat := time.NewTimer(liveBeat)
	defer beat.Stop()
	for {
		select {
		case <-s.life.Done():
			if ended(r) != nil {
				s.out.Send(liveEnd)
			}
			return
		case <-listen.Drained(r):
			s.out.Send(events.Elsewhere())
			return
		case <-beat.C:
			if !s.out.Send(events.Beat) {
				return
			}
		case <-s.stream.Woken():
			if ended(r) != nil {
				continue
			}
			for _, n := range s.stream.Take() {
				if !l.send(s, n) {
					return
				}
			}
		}
		beat.Reset(liveBeat)
	}
}

// send sends what is new of a part.
func (l *lives) send(s *opened, n live.News) bool {
	begin := strconv.AppendInt([]byte(`data: {"at":`), int64(s.at[n.At]), 10)
	switch {
	case n.Gone:
		return s.out.SendParts(begin, []byte(`,"gone":true}`+"\n\n"))
	case n.Ask:
		return s.out.SendParts(begin, n.Data, []byte(l.ask(n)))
	}
	return s.out.SendParts(begin, n.Data)
}

// wants are the parts that a browser may follow here, and the index of each in
// the request. Others are of another page, or of another build: after a deploy, and
// while there are two. The browser then gets the page from the build that there is.
func (l *lives) wants(asked liveRequest, m match, page string) (wants []live.Want[livePart], at []int, other bool) {
	base := l.answers.renderer.Site.Base
	for i, part := range asked.Parts {
		path, err := paths.Parse(part[0])
		if err != nil {
			continue
		}
		path, ok := strings.CutPrefix(path, base)
		if !ok {
			continue
		}
		want := live.Want[livePart]{Version: part[1]}
		if fragment, ok := sealedBelow(wire.Fragment)(path); ok && fragment.page == page {
			def, props, locale, err := l.answers.renderer.OpenFragment(fragment.name, fragment.closed, page)
			if err != nil || !def.Live {
				other = true
				continue
			}
			want.Key = livePart{of: def, path: viewctx.FragmentPath(def.Fragment, []byte(props)), locale: locale, on: m.path, form: compose.Bare}
			if def.PerRequest() {
				want.Key.has, want.Version = want.Version, ""
				if !l.composer.HasNamed(want.Key.ask(), want.Key.has) {
					continue
				}
			}
		} else if of, ok := render.PayloadOf(path); ok && of == page && m.page != nil && m.page.Live {
			want.Key = livePart{of: m.page, path: m.path, locale: m.locale, form: compose.Payload}
		} else {
			continue
		}
		wants, at = append(wants, want), append(at, i)
	}
	return wants, at, other
}
