package roomer

import (
	"io"
	"net/http"
	"sync"
)

// A bare is what a room's members are compared with: a loop that sends each
// message to every connection, stores nothing and promises nothing.
type bare struct {
	mu   sync.Mutex
	list map[chan []byte]struct{}
}

func (b *bare) serve(mux *http.ServeMux) {
	b.list = map[chan []byte]struct{}{}
	mux.HandleFunc("GET /bare", b.listen)
	mux.HandleFunc("POST /bare", b.send)
}

func (b *bare) listen(w http.ResponseWriter, r *http.Request) {
	queue := make(chan []byte, 64)
	b.mu.Lock()
	b.list[queue] = struct{}{}
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.list, queue)
		b.mu.Unlock()
	}()
	flush := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	if _, err := io.WriteString(w, ":\n\n"); err != nil || flush.Flush() != nil {
		return
	}
	for {
		select {
		case text := <-queue:
			if _, err := w.Write(text); err != nil || flush.Flush() != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

func (b *bare) send(_ http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	text = append(append([]byte("data: "), text...), "\n\n"...)
	b.mu.Lock()
	defer b.mu.Unlock()
	for queue := range b.list {
		select {
		case queue <- text:
		default:
		}
	}
}
