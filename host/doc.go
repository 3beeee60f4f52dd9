// Package host runs the rooms of an app (package rooms).
//
//	house := host.New(host.Options{Store: roomdb.In(db)})
//	command.Main(app, command.Config{Database: db, Rooms: house})
//
// # How a room runs
//
// Each instance that has members of a room has a copy of it. The copy of the owner
// decides what is accepted: what members ask for at about the same time is applied,
// appended to the log in one step, and only then acknowledged and told. Other
// instances send the owner what their members ask for, receive the entries, and
// apply them to their copies, so that they can take the room at any moment.
//
// If an append fails, it is not known whether it is stored. The copy is then thrown
// away and read again from the log, and what was asked for is decided again: an
// operation that is in the log is recognized by its client and number.
//
// # When an owner ends
//
// An owner that stops gives its rooms away. One that was killed refuses
// connections: the first instance that notices takes the room. One that is frozen,
// or cannot be reached, says nothing for a second and a half, and loses the room
// then, once a second at most. When it wakes, the log refuses what it appends.
//
// # Where instances cannot reach each other
//
// Without an address ([Host.SetAddress]) an instance never owns: it appends by
// itself, and looks ten times a second whether others have. That is as safe, and
// slower where several instances have members of one room.
package host
