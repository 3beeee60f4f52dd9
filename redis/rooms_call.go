// One call of rooms: a script, and what its answer means.

package redis

import (
	"context"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/rueidis"

	"github.com/gorgon-go/gorgon/rooms"
)

var (
	//go:embed lua/rooms.lua
	roomsLua string
	//go:embed lua/room_beat.lua
	roomBeatLua string
	//go:embed lua/room_claim.lua
	roomClaimLua string
	//go:embed lua/room_release.lua
	roomReleaseLua string
	//go:embed lua/room_append.lua
	roomAppendLua string
	//go:embed lua/room_read.lua
	roomReadLua string
	//go:embed lua/room_save.lua
	roomSaveLua string
	//go:embed lua/room_sweep.lua
	roomSweepLua string
)

type roomScripts struct {
	beat, claim, release, append, read, save, sweep, inspect script
}

// newRoomScripts are the scripts. An append is not made again where its answer
// was lost: it would be refused, and its caller would take it for one that was
// never stored.
func newRoomScripts() roomScripts {
	once := func(text string) script { return script{lua: rueidis.NewLuaScript(roomsLua + text)} }
	again := func(text string) script { return script{lua: rueidis.NewLuaScript(roomsLua + text), again: true} }
	return roomScripts{
		beat: again(roomBeatLua), claim: again(roomClaimLua), release: again(roomReleaseLua), read: again(roomReadLua), save: again(roomSaveLua),
		inspect: again(roomInspectLua),
		append:  once(roomAppendLua), sweep: once(roomSweepLua),
	}
}

// keys are those of a room, in the order of the scripts.
func (r *Rooms) keys(room string) []string {
	return []string{r.room(room), r.base + "roomlog:" + room, r.base + "roomstate:" + room, r.index()}
}

func (r *Rooms) room(room string) string         { return r.base + "room:" + room }
func (r *Rooms) index() string                   { return r.base + "rooms" }
func (r *Rooms) instance(instance string) string { return r.base + "instance:" + instance }

// run calls a script, unless the check of its arguments fails.
func (r *Rooms) run(ctx context.Context, doing string, sc script, check error, keys []string, args ...string) (answer rueidis.RedisMessage, err error) {
	args = append([]string{r.base}, args...)
	results, err := r.call(ctx, doing, sc.again, check, func(ctx context.Context, c rueidis.Client) []rueidis.RedisResult {
		return []rueidis.RedisResult{sc.lua.Exec(ctx, c, keys, args)}
	})
	if err != nil {
		return answer, err
	}
	answer, err = results[0].ToMessage()
	return answer, r.explain(ctx, doing, err)
}

// call makes a call. With the first one it looks at how the server is set up.
func (r *Rooms) call(ctx context.Context, doing string, again bool, check error, call func(context.Context, rueidis.Client) []rueidis.RedisResult) ([]rueidis.RedisResult, error) {
	results, err := r.ask(ctx, doing, again, []error{check}, call)
	if code(err) == "LOST" {
		err = fmt.Errorf("redis %s: %s: %w", r.name, doing, errLost)
	}
	if err == nil && !r.checked.Swap(true) {
		r.life.Go(r.check)
	}
	return results, err
}

var errLost = errors.New("the server has removed a part of the room, and it cannot be used until it is swept: " +
	"give rooms a Redis with maxmemory-policy noeviction")

// moved is run for a script whose answer is 0 where the room has moved.
func (r *Rooms) moved(ctx context.Context, doing string, sc script, check error, room string, args ...string) error {
	answer, err := r.run(ctx, doing, sc, check, r.keys(room), args...)
	if err != nil {
		return err
	}
	n, err := answer.AsInt64()
	if err == nil && n == 0 {
		return rooms.ErrMoved
	}
	return r.explain(ctx, doing, err)
}

// most is the largest number that Lua counts exactly.
const most = 1 << 53

func seq(n uint64) string { return strconv.FormatUint(n, 10) }

func chain(p rooms.Position) string { return stored(p, nil) }

// chainSize is how many bytes of a stored entry are the chain.
const chainSize = 16

// stored is an entry as it is stored: with the chain at it, so that a snapshot
// there can be compared.
func stored(at rooms.Position, entry []byte) string {
	b := make([]byte, chainSize+len(entry))
	copy(b[chainSize:], entry)
	hex.Encode(b, binary.BigEndian.AppendUint64(nil, at.Chain))
	return rueidis.BinaryString(b)
}

// position reads the two parts of one.
func position(seq, chain string) (p rooms.Position, err error) {
	p.Seq, err = strconv.ParseUint(seq, 10, 63)
	if err == nil {
		p.Chain, err = strconv.ParseUint(chain, 16, 64)
	}
	if err != nil {
		err = errors.New("the position of a room is not a number")
	}
	return p, err
}

// parts are the texts of an answer.
func parts(answer rueidis.RedisMessage, n int) ([]rueidis.RedisMessage, error) {
	list, err := answer.ToArray()
	if err == nil && len(list) < n {
		err = errors.New("the server's answer is too short")
	}
	return list, err
}
