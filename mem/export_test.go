package mem

import "time"

// SetNow gives the store another clock.
func (m *Blobs) SetNow(now func() time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = now
}
