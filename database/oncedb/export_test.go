package oncedb

import "time"

// SetClock sets the clock.
func (l *Ledger) SetClock(now func() time.Time) { l.now = now }
