// Needs held against offers.

package plan

import (
	"fmt"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
)

// A Fit says whether a need is met.
type Fit string

const (
	Fits        Fit = "fits"
	Conditional Fit = "fits with a condition"
	Unfit       Fit = "does not fit"
)

// worse is the worse of two fits.
func worse(a, b Fit) Fit {
	for _, f := range [...]Fit{Unfit, Conditional} {
		if a == f || b == f {
			return f
		}
	}
	return Fits
}

// A Verdict is what becomes of one need in one place.
type Verdict struct {
	Need
	Fit  Fit    `json:"fit"`
	Rule string `json:"rule,omitempty"` // its name for --accept
	Says string `json:"says,omitempty"` // why it does not fit, or the condition
	Mend string `json:"mend,omitempty"`
}

func (v Verdict) String() string {
	text := v.Part + ": " + v.Why + "; " + v.Says
	if v.Mend != "" {
		text += ": " + v.Mend
	}
	return text
}

// An Outcome is what becomes of an app in one place.
type Outcome struct {
	Place    Place     `json:"place"`
	Setting  Setting   `json:"setting"`
	Role     string    `json:"role"` // of the instances; "" where nothing runs
	Fit      Fit       `json:"fit"`
	Verdicts []Verdict `json:"verdicts,omitempty"` // those that are not plainly fine
	Costs    []Cost    `json:"costs,omitempty"`    // where it fits
}

// Of is the worst fit of a part.
func (o Outcome) Of(part string) Fit {
	fit := Fits
	for _, v := range o.Verdicts {
		if v.Part == part {
			fit = worse(fit, v.Fit)
		}
	}
	return fit
}

// Unaccepted lists the verdicts that stand in the way of a deploy, apart from
// those whose rule was accepted.
func (o Outcome) Unaccepted(rules []string) []Verdict {
	var left []Verdict
next:
	for _, v := range o.Verdicts {
		for _, r := range rules {
			if v.Rule == r {
				continue next
			}
		}
		if v.Fit == Unfit {
			left = append(left, v)
		}
	}
	return left
}

// Judge says what becomes of an app in a place.
func Judge(app gorgon.App, place Place, s Setting) Outcome {
	if s.Store == "" {
		s.Store = "none"
	}
	j := judge{offers: place.Offers, setting: s, outcome: Outcome{Place: place, Setting: s, Fit: Fits}}
	if place.Offers.Process {
		j.outcome.Role = place.Offers.Role(s)
	}
	for _, p := range Parts(app) {
		for _, n := range p.Needs {
			verdicts := []Verdict{j.verdict(n)}
			if n.Kind == Refresh {
				verdicts = append(verdicts, j.refreshed())
			}
			for _, v := range verdicts {
				if v.Fit == Fits {
					continue
				}
				v.Need = n
				j.outcome.Fit = worse(j.outcome.Fit, v.Fit)
				j.outcome.Verdicts = append(j.outcome.Verdicts, v)
			}
		}
	}
	return j.outcome
}

// A judge holds the needs of an app against one place.
type judge struct {
	offers  Offers
	setting Setting
	outcome Outcome
}

var fine = Verdict{Fit: Fits}

func unfit(rule, says, mend string) Verdict {
	return Verdict{Fit: Unfit, Rule: rule, Says: says, Mend: mend}
}

func provided(rule, says, mend string) Verdict {
	return Verdict{Fit: Conditional, Rule: rule, Says: says, Mend: mend}
}

func (j judge) verdict(n Need) Verdict {
	if !j.offers.Process {
		return j.onFiles(n)
	}
	switch n.Kind {
	case Incremental, Refresh:
		return j.kept()
	case Worker:
		return j.worker()
	case Schedule:
		return j.scheduled(n)
	case Memory:
		return j.memory()
	case Connections:
		return j.connections()
	case Background:
		return j.background()
	case Database:
		return j.database()
	case Disk:
		return j.disk()
	}
	return fine // Process, Guards: it has one
}

// onFiles judges for a host of files.
func (j judge) onFiles(n Need) Verdict {
	const elsewhere = ", or deploy to a place that runs it"
	rule, says := string(n.Kind), "here nothing runs"
	switch n.Kind {
	case Process:
		if strings.HasPrefix(n.Part, "page ") {
			return unfit(rule, says, "make its state at build (BuildState in place of RequestState)"+elsewhere)
		}
		return unfit(rule, says, "drop it"+elsewhere)
	case Guards:
		return unfit(rule, "a file is open to everybody", "drop Guards"+elsewhere)
	case Incremental:
		return unfit(rule, "only what the build made is there", "list every path in BuildPaths and drop Incremental"+elsewhere)
	case Refresh:
		return unfit(rule, "files stay as they were built", "drop the revalidation and deploy again when something changes"+elsewhere)
	case Database:
		return fine // it is the build's
	}
	return unfit(rule, says, "drop it"+elsewhere)
}

// kept judges for pages that are kept after the build.
func (j judge) kept() Verdict {
	instances := j.offers.Instances(j.setting)
	switch s := j.setting; {
	case s.SharedStore:
		return fine
	case s.Store == "none" || s.Store == "mem":
		if instances != 1 {
			return provided("store", "what is made after the build stays in the memory of each instance: each makes its own, a purge reaches one of them, and a restart forgets it",
				"name a store that they share with --store postgres, redis or s3")
		}
		return provided("store", "what is made after the build stays in memory and is lost with a restart: visitors then get the page as built, or wait once",
			"name a store with --store to keep it")
	case instances != 1:
		return unfit("shared-store", fmt.Sprintf("a %s store is one machine's, and several instances run: each would have its own pages, and purges would reach one of them", s.Store),
			"name a store that they share with --store postgres, redis or s3, or run one (--replicas 1)")
	case s.ReadOnly || j.offers.Disk == NoFiles:
		return unfit("disk", fmt.Sprintf("a %s store is written to disk, and nothing can be written here", s.Store),
			"name one elsewhere with --store postgres, redis or s3, or none to keep pages in memory")
	case j.offers.Disk == LostFiles:
		return provided("disk", fmt.Sprintf("a %s store goes with its instance", s.Store), "name one elsewhere with --store postgres, redis or s3 to keep it")
	case j.offers.Disk == VolumeFiles:
		return provided("volume", fmt.Sprintf("a %s store lies on a volume, which one instance has", s.Store), "")
	}
	return fine
}

// refreshed judges for the making again of pages behind visitors' backs.
func (j judge) refreshed() Verdict {
	if !j.offers.Process || !j.offers.Stands(j.setting) {
		return fine
	}
	mend := ""
	if j.offers.Frozen == UnlessPaid {
		mend = "to refresh behind visitors' backs, pay for the processor with --always-on"
	}
	return provided("role", "an instance stands still between requests: it is run with --role=web, which ends a refresh within the request that caused it, after its response", mend)
}

func (j judge) worker() Verdict {
	switch {
	case j.offers.Stands(j.setting) && j.offers.Frozen == UnlessPaid:
		return unfit("worker", "an instance stands still between requests", "pay for the processor with --always-on, or run it elsewhere with --role=worker")
	case j.offers.Stands(j.setting):
		return unfit("worker", "an instance stands still between requests", "run it elsewhere with --role=worker")
	case j.offers.Elastic && !j.setting.AlwaysOn:
		return unfit("worker", "where nobody visits, no instance runs", "keep one with --always-on, or run it elsewhere with --role=worker")
	case j.offers.Instances(j.setting) != 1:
		return provided("worker", "it runs on each instance", "")
	}
	return fine
}

func (j judge) scheduled(n Need) Verdict {
	always := !j.offers.Stands(j.setting) && (!j.offers.Elastic || j.setting.AlwaysOn)
	alone := j.offers.Instances(j.setting) == 1
	switch {
	case always && (alone || j.setting.SharedStore):
		return fine
	case always:
		return provided("schedule", "without a shared store it runs on each instance", "name a store that they share with --store postgres, redis or s3")
	case j.offers.Schedule == "":
		return unfit("schedule", "nothing runs between requests", "call the maintain command from elsewhere, and accept this")
	case n.every < time.Minute:
		return unfit("schedule", j.offers.Schedule+" runs the maintain command, no more than once a minute", "make Every a minute or more, or run it elsewhere with --role=worker")
	}
	return provided("schedule", "it is run by the maintain command, which "+j.offers.Schedule+" calls", "")
}

func (j judge) memory() Verdict {
	const shared = "keep it in a store that all share (redis, postgres), or in a database"
	switch {
	case j.offers.Stands(j.setting) || j.offers.Elastic && j.setting.Replicas != 1:
		return unfit("memory", "instances come and go here, and the memory of one is not that of the next", shared)
	case j.offers.Instances(j.setting) != 1:
		return unfit("memory", "several instances run, and each has a memory of its own", shared+", or run one (--replicas 1)")
	}
	return provided("memory", "it is lost with each restart and deploy", shared+", or write it down when the service's context ends")
}

func (j judge) connections() Verdict {
	switch open := j.offers.OpenFor; open {
	case 0:
		return unfit("connections", "no connection can stay open here", "let clients ask again and again instead, or deploy to a place where they can")
	case Always:
		return fine
	default:
		return provided("connections", "a connection ends after "+brief(open), "let clients connect again")
	}
}

func (j judge) background() Verdict {
	if !j.offers.Stands(j.setting) {
		return fine
	}
	mend := "do it before the response, or in a service with Every"
	if j.offers.Frozen == UnlessPaid {
		mend += ", or pay for the processor with --always-on"
	}
	return unfit("background", "an instance stands still once it has answered", mend)
}

func (j judge) database() Verdict {
	if j.offers.Instances(j.setting) == 0 {
		return provided("database", "it must be reachable from here, and as many instances connect as the load asks for", "put a pooler in front of it, or bound them with --replicas")
	}
	return provided("database", "it must be reachable from here", "")
}

func (j judge) disk() Verdict {
	const elsewhere = "keep them in an object store or a database"
	switch {
	case j.setting.ReadOnly || j.offers.Disk == NoFiles:
		return unfit("disk", "nothing can be written here", elsewhere)
	case j.offers.Disk == LostFiles:
		return unfit("disk", "files go with the instance", elsewhere)
	case j.offers.Instances(j.setting) != 1:
		return unfit("disk", "several instances run, and each has a disk of its own", elsewhere+", or run one (--replicas 1)")
	case j.offers.Disk == VolumeFiles:
		return provided("volume", "they must lie on the volume", "")
	}
	return fine
}
