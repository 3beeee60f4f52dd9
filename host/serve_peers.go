// What other instances ask of this one.

package host

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/events"
	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/wire"
)

// ServePeer answers other instances, at paths below [wire.Rooms]. Who does not have the
// key of this instance, which is in the store, is told that there is nothing.
func (h *Host) ServePeer(w http.ResponseWriter, r *http.Request) {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || subtle.ConstantTimeCompare([]byte(key), []byte(h.instance.Key)) != 1 || r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	decode := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxCall)).Decode
	var err error
	switch strings.TrimPrefix(r.URL.Path, wire.Rooms) {
	case "act":
		var a acting
		if err = decode(&a); err == nil {
			err = h.actFor(w, r, a)
		}
	case "follow":
		var f following
		if err = decode(&f); err == nil {
			err = h.followedBy(w, r, f)
		}
	case "present":
		var p presenting
		if err = decode(&p); err == nil {
			err = h.presentAt(r.Context(), p)
		}
	default:
		http.NotFound(w, r)
		return
	}
	switch {
	case err == nil:
	case errors.Is(err, errNotMine):
		w.WriteHeader(http.StatusConflict)
	case errors.Is(err, errBehind):
		w.WriteHeader(http.StatusGone)
	case errors.Is(err, errLate) || errors.Is(err, errStopped) || errors.Is(err, errBusy):
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		w.WriteHeader(http.StatusBadRequest)
	}
}

// actFor does acts that another instance sent.
func (h *Host) actFor(w http.ResponseWriter, r *http.Request, a acting) error {
	d := h.definitions[a.Name]
	if d == nil || len(a.Acts) > maxBatch {
		return errNotMine
	}
	ctx, cancel := context.WithTimeout(r.Context(), tooLate)
	defer cancel()
	results, err := h.do(ctx, d, a.Key, a.Acts, true)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(results)
}

// followedBy sends the entries of a room, as long as it is owned here.
func (h *Host) followedBy(w http.ResponseWriter, r *http.Request, f following) error {
	d := h.definitions[f.Name]
	after, ok := rooms.ParsePosition(f.After)
	if d == nil || !ok {
		return errNotMine
	}
	room, done, err := h.open(d, f.Key)
	if err != nil {
		return err
	}
	defer done()
	p := &peer{instance: f.Instance, queue: make(chan []byte, peerQueue), lost: make(chan struct{})}
	var records []record
	ctx, cancel := context.WithTimeout(r.Context(), silence)
	defer cancel()
	failed := errNotMine
	err = room.call(ctx, func() {
		if room.token.Load() == 0 {
			return
		}
		if records, ok = room.copy.after(after); !ok {
			failed = errBehind
			return
		}
		if room.audience.addPeer(p) {
			failed = nil
		}
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	defer room.audience.removePeer(p)
	out, err := events.Open(w, r, silence)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("X-Accel-Buffering", "no")
	room.presence.follows(p, f.Here)
	defer room.presence.leaves(p)
	first := line{Members: room.presence.last()}
	if len(records) > 0 {
		first = lineOf(records)
		first.Members = room.presence.last()
	}
	text, err := json.Marshal(first)
	if err != nil {
		return err
	}
	if !out.Send(string(text) + "\n") {
		return nil
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case text := <-p.queue:
			for more := true; more && len(text) < 1<<20; {
				select {
				case next := <-p.queue:
					text = append(text[:len(text):len(text)], next...)
				default:
					more = false
				}
			}
			if !out.Send(string(text)) {
				return nil
			}
			beat.Reset(heartbeat)
		case <-beat.C:
			if !out.Send("{}\n") {
				return nil
			}
		case <-p.lost:
			out.Send(`{"end":true}` + "\n")
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
}

// presentAt notes who takes part on another instance.
func (h *Host) presentAt(_ context.Context, p presenting) error {
	h.mu.Lock()
	room := h.rooms[roomKey{p.Name, p.Key}]
	h.mu.Unlock()
	if room == nil || room.token.Load() == 0 {
		return errNotMine
	}
	room.presence.reported(p.Instance, p.Here)
	return nil
}
