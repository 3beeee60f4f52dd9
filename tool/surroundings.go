// What doctor checks of what the app needs around it: variables, and what is
// near.

package tool

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/develop"
	"github.com/gorgon-go/gorgon/wire"
)

// nearby is the longest round trip that is not worth a word.
const nearby = 5 * time.Millisecond

// surroundings asks the program, with the variables that it has under dev.
func (e *examination) surroundings(program string) {
	env, err := develop.Dotenv(".")
	if err != nil {
		e.add(".env", bad, err.Error(), "correct the line")
		return
	}
	e.configuration(program, env)
	e.distances(program, env)
}

// configuration says whether the app would start here.
func (e *examination) configuration(program string, env []string) {
	const check = "configuration"
	var list []wire.Variable
	said, err := call(e.ctx, program, env, "config", "--print", "--json")
	if jsonErr := json.Unmarshal(said, &list); jsonErr != nil {
		if err == nil {
			err = jsonErr
		}
		e.add(check, skipped, firstLine(err.Error()), "")
		return
	}
	var own, set int
	var faults []string
	for _, v := range list {
		if strings.HasPrefix(v.Name, "GORGON_") {
			continue
		}
		own++
		if v.Set {
			set++
		}
		if v.Fault != "" {
			faults = append(faults, v.Name+": "+v.Fault)
		}
	}
	switch {
	case len(faults) > 0:
		e.add(check, advice, strings.Join(faults, "; "), "set it in .env for 'gorgon dev'; gorgon config --print shows all variables")
	case err != nil: // of the app's own Validate
		e.add(check, advice, firstLine(err.Error()), "gorgon config --print shows all variables")
	case own > 0:
		e.add(check, good, fmt.Sprintf("%s, %d of them set", cli.Plural(own, "variable"), set), "")
	}
}

// distances says how far away store and database are.
func (e *examination) distances(program string, env []string) {
	var list []wire.Reach
	said, err := call(e.ctx, program, env, "reach", "--json")
	if err == nil {
		err = json.Unmarshal(said, &list)
	}
	if err != nil {
		e.add("round trips", skipped, firstLine(err.Error()), "")
		return
	}
	for _, r := range list {
		e.findings = append(e.findings, distance(r))
	}
}

// distance is the finding of one measurement.
func distance(r wire.Reach) finding {
	f := finding{Check: r.What, State: good}
	where := r.Where
	if where == "" {
		where = "it"
	}
	switch {
	case r.Local:
		f.Says = where + " is on this machine"
	case r.Fault != "":
		f.State, f.Says, f.Hint = advice, where+" cannot be reached from this machine: "+firstLine(r.Fault), "correct its URL, start it, or let this machine through to it"
	case r.Median > nearby:
		f.State = advice
		f.Says = fmt.Sprintf("%s answers this machine in %s, the median of %d; each request that needs it waits for that", where, shortly(r.Median), r.Trips)
		f.Hint = "run the app near it: in the same region and private network, or on the same machine; if that is so, and only this machine is far away, nothing has to be done"
	default:
		f.Says = fmt.Sprintf("%s answers in %s, the median of %d", where, shortly(r.Median), r.Trips)
	}
	return f
}

// shortly is a time with no more digits than it deserves.
func shortly(d time.Duration) time.Duration {
	if d < time.Millisecond {
		return d.Round(time.Microsecond)
	}
	return d.Round(100 * time.Microsecond)
}
