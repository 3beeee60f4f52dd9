// The scripts, each of which is one atomic step on the server.

package redis

import (
	_ "embed"

	"github.com/redis/rueidis"
)

var (
	//go:embed lua/state.lua
	stateLua string
	//go:embed lua/fence.lua
	fenceLua string
	//go:embed lua/sweep.lua
	sweepLua string

	//go:embed lua/put.lua
	putLua string
	//go:embed lua/delete.lua
	deleteLua string
	//go:embed lua/touch.lua
	touchLua string
	//go:embed lua/epochs.lua
	epochsLua string
	//go:embed lua/bump.lua
	bumpLua string
	//go:embed lua/changes.lua
	changesLua string
	//go:embed lua/lease.lua
	leaseLua string
	//go:embed lua/release.lua
	releaseLua string
	//go:embed lua/acknowledge.lua
	acknowledgeLua string
	//go:embed lua/lagging.lua
	laggingLua string
	//go:embed lua/count.lua
	countLua string
	//go:embed lua/remove.lua
	removeLua string
	//go:embed lua/claim.lua
	claimLua string
	//go:embed lua/recover.lua
	recoverLua string
)

// A script is called by its hash, and sent whole if the server does not know
// it, as after a restart.
type script struct {
	lua   *rueidis.Lua
	again bool // running it twice does no harm
}

type scripts struct {
	put, delete, touch, epochs, bump, changes, lease, release, acknowledge, lagging, count, remove, claim, recover script
}

func newScripts() scripts {
	once := func(parts string) script { return script{lua: rueidis.NewLuaScript(stateLua + parts)} }
	again := func(parts string) script { return script{lua: rueidis.NewLuaScript(stateLua + parts), again: true} }
	return scripts{
		put:         again(fenceLua + putLua),
		delete:      again(fenceLua + deleteLua),
		touch:       again(touchLua),
		epochs:      again(epochsLua),
		bump:        once(bumpLua),
		changes:     again(changesLua),
		lease:       again(leaseLua),
		release:     again(releaseLua),
		acknowledge: again(acknowledgeLua),
		lagging:     again(laggingLua),
		count:       once(sweepLua + countLua),
		remove:      once(sweepLua + removeLua),
		claim:       again(claimLua),
		recover:     again(recoverLua),
	}
}
