// The comparison of needs with offers.

package plan

import (
	"fmt"
	"strings"
	"time"
)

// A Fit says whether a target meets a need.
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

// A Verdict says whether a target meets one need.
type Verdict struct {
	Need
	Fit  Fit    `json:"fit"`
	Rule string `json:"rule,omitempty"` // its name for --accept
	Says string `json:"says,omitempty"` // why it does not fit, or the condition
	Hint string `json:"hint,omitempty"`
}

func (v Verdict) String() string {
	text := v.Part + ": " + v.Why + "; " + v.Says
	if v.Hint != "" {
		text += ": " + v.Hint
	}
	return text
}

// An Outcome says whether an app fits one target.
type Outcome struct {
	Target   Target    `json:"place"`
	Setting  Setting   `json:"setting"`
	Role     string    `json:"role"` // of the instances; "" for a static host
	Fit      Fit       `json:"fit"`
	Verdicts []Verdict `json:"verdicts,omitempty"` // those other than Fits
	Costs    []Cost    `json:"costs,omitempty"`    // where it fits
}

// Of returns the worst fit of a part.
func (o Outcome) Of(part string) Fit {
	fit := Fits
	for _, v := range o.Verdicts {
		if v.Part == part {
			fit = worse(fit, v.Fit)
		}
	}
	return fit
}

// Unaccepted lists the verdicts that prevent a deploy, without those whose rule
// was accepted.
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

// Judge compares what an app needs with what a target offers.
func Judge(app App, target Target, s Setting) Outcome {
	if s.Store == "" {
		s.Store = "none"
	}
	j := judge{app: app, offers: target.Offers, setting: s, outcome: Outcome{Target: target, Setting: s, Fit: Fits}}
	if target.Offers.Process {
		j.outcome.Role = target.Offers.Role(s)
	}
	for _, p := range app.Parts {
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

// A judge compares the needs of an app with one target.
type judge struct {
	app     App
	offers  Offers
	setting Setting
	outcome Outcome
}

var fine = Verdict{Fit: Fits}

func unfit(rule, says, hint string) Verdict {
	return Verdict{Fit: Unfit, Rule: rule, Says: says, Hint: hint}
}

func provided(rule, says, hint string) Verdict {
	return Verdict{Fit: Conditional, Rule: rule, Says: says, Hint: hint}
}

func (j judge) verdict(n Need) Verdict {
	if !j.offers.Process {
		return j.onFiles(n)
	}
	switch n.Kind {
	case Incremental, Refresh, Cached:
		return j.kept()
	case Live:
		return j.live()
	case Rooms:
		return j.rooms()
	case Worker:
		return j.worker()
	case Jobs:
		return j.jobs(n)
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
	case AppFiles:
		return j.files()
	case Commits:
		return j.commits()
	case File:
		return j.file()
	}
	return fine // Process and Guards: the target runs a program
}

// onFiles judges for a static host.
func (j judge) onFiles(n Need) Verdict {
	const elsewhere = ", or deploy to a target that runs it"
	rule, says := string(n.Kind), "a static host runs no program"
	switch n.Kind {
	case Process:
		if strings.HasPrefix(n.Part, "page ") {
			return unfit(rule, says, "load its state at build (Load instead of LoadRequest)"+elsewhere)
		}
		return unfit(rule, says, "drop it"+elsewhere)
	case Guards:
		return unfit(rule, "every visitor can read a file", "drop Guards"+elsewhere)
	case Incremental:
		return unfit(rule, "only pages that the build generated exist", "list every path in Paths and drop Incremental"+elsewhere)
	case Refresh:
		return unfit(rule, "files do not change after the build", "drop the revalidation and deploy again when something changes"+elsewhere)
	case Database, File, Cached:
		return fine // the build uses it
	case Live:
		return provided(rule, "pages that are open stay as they were", "")
	case Commits:
		return provided(rule, "files do not change when the database does", "deploy again when something changes"+elsewhere)
	}
	return unfit(rule, says, "drop it"+elsewhere)
}

// kept judges for pages that are generated after the build.
func (j judge) kept() Verdict {
	instances := j.offers.Instances(j.setting)
	switch s := j.setting; {
	case s.SharedStore:
		return fine
	case s.Store == "none" || s.Store == "mem":
		if instances != 1 {
			return provided("store", "pages generated after the build stay in the memory of each instance: each generates its own, a purge reaches one of them, and a restart loses them",
				"name a store that they share with --store postgres, redis or s3")
		}
		return provided("store", "pages generated after the build stay in memory, and a restart loses them: visitors then get the page as built, or wait once",
			"name a store with --store to keep it")
	case instances != 1:
		return unfit("shared-store", fmt.Sprintf("a %s store belongs to one machine, and several instances run: each would have its own pages, and purges would reach one of them", s.Store),
			"name a store that they share with --store postgres, redis or s3, or run one (--replicas 1)")
	case s.ReadOnly || j.offers.Disk == NoFiles:
		return unfit("disk", fmt.Sprintf("a %s store is written to disk, and the disk is read-only here", s.Store),
			"name one elsewhere with --store postgres, redis or s3, or none to keep pages in memory")
	case j.offers.Disk == LostFiles:
		return provided("disk", fmt.Sprintf("a %s store is deleted with its instance", s.Store), "name one elsewhere with --store postgres, redis or s3 to keep it")
	case j.offers.Disk == VolumeFiles:
		return provided("volume", fmt.Sprintf("a %s store is on a volume, which one instance can use", s.Store), "")
	}
	return fine
}

// refreshed judges for the regeneration of pages in the background.
func (j judge) refreshed() Verdict {
	if !j.offers.Process || !j.offers.Stands(j.setting) {
		return fine
	}
	hint := ""
	if j.offers.Frozen == UnlessPaid {
		hint = "to regenerate pages in the background, pay for the processor with --always-on"
	}
	return provided("role", "an instance is suspended between requests: it runs with --role=web, which finishes a regeneration within the request that triggered it, after the response", hint)
}

func (j judge) worker() Verdict {
	switch {
	case j.offers.Stands(j.setting) && j.offers.Frozen == UnlessPaid:
		return unfit("worker", "an instance is suspended between requests", "pay for the processor with --always-on, or run it elsewhere with --role=worker")
	case j.offers.Stands(j.setting):
		return unfit("worker", "an instance is suspended between requests", "run it elsewhere with --role=worker")
	case j.offers.Elastic && !j.setting.AlwaysOn:
		return unfit("worker", "no instance runs while there are no requests", "keep one with --always-on, or run it elsewhere with --role=worker")
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
		return unfit("schedule", "no program runs between requests", "call the maintain command from another system, and accept this")
	case n.Every < time.Minute:
		return unfit("schedule", j.offers.Schedule+" runs the maintain command, no more than once a minute", "make Every a minute or more, or run it elsewhere with --role=worker")
	}
	return provided("schedule", "the maintain command runs it, which "+j.offers.Schedule+" calls", "")
}

// jobs says how punctual jobs are.
func (j judge) jobs(n Need) Verdict {
	always := !j.offers.Stands(j.setting) && (!j.offers.Elastic || j.setting.AlwaysOn)
	hint := ""
	if j.offers.Frozen == UnlessPaid {
		hint = "to run each when it is due, pay for the processor with --always-on"
	}
	switch {
	case always:
		return provided("jobs", "instances run them: a job begins within a quarter of a second of when it is due", "")
	case j.offers.Schedule == "":
		return unfit("jobs", "no program runs between requests", "run them elsewhere with --role=worker")
	case n.Every > 0 && n.Every < time.Minute:
		return unfit("jobs", j.offers.Schedule+" runs the maintain command, no more than once a minute", "make Every a minute or more, or run it elsewhere with --role=worker")
	}
	return provided("jobs", "a job that a request adds begins after its response; those that are due later begin when "+j.offers.Schedule+
		" runs the maintain command, up to a minute late and as long as a start takes", hint)
}

func (j judge) memory() Verdict {
	const shared = "keep it in a store that all share (redis, postgres), or in a database"
	switch {
	case j.offers.Stands(j.setting) || j.offers.Elastic && j.setting.Replicas != 1:
		return unfit("memory", "instances are started and stopped with the load, and they do not share memory", shared)
	case j.offers.Instances(j.setting) != 1:
		return unfit("memory", "several instances run, and they do not share memory", shared+", or run one (--replicas 1)")
	}
	return provided("memory", "it is lost with each restart and deploy", shared+", or write it down when the service's context ends")
}

func (j judge) connections() Verdict {
	switch open := j.offers.OpenFor; open {
	case 0:
		return unfit("connections", "no connection can stay open here", "let clients poll instead, or deploy to a target where they can")
	case Always:
		if d := j.offers.Drain; d > 0 {
			return provided("connections", "an instance that stops, as in each roll-out, ends its connections after "+brief(d)+" at the latest", "let clients connect again")
		}
		return fine
	default:
		return provided("connections", "a connection ends after "+brief(open), "let clients connect again")
	}
}

// live judges for live parts: each page that is open and seen is a request that
// does not end.
func (j judge) live() Verdict {
	switch {
	case j.offers.OpenFor == 0:
		return provided("live", "no connection can stay open here: pages that are open stay as they were", "")
	case j.offers.Elastic && !j.setting.AlwaysOn:
		return provided("live", "a tab that is open and seen is a request that does not end: one that is open all day keeps one instance running, 24 instance-hours a day; as many tabs as an instance takes requests at once share it",
			"pay for the processor with --always-on if a tab is always open")
	}
	return fine
}

// rooms says whether one instance owns each room.
func (j judge) rooms() Verdict {
	switch {
	case j.offers.Instances(j.setting) == 1 || j.offers.OpenFor == 0:
		return fine
	case j.offers.Peers:
		return provided("rooms", "one instance owns each room, and the others call it at the program's port", "")
	}
	return provided("rooms", "instances cannot reach each other: each appends by itself, and sees within a tenth of a second what others have appended; it knows its own members alone", "")
}

func (j judge) background() Verdict {
	if !j.offers.Stands(j.setting) {
		return fine
	}
	hint := "do it before the response, or in a service with Every"
	if j.offers.Frozen == UnlessPaid {
		hint += ", or pay for the processor with --always-on"
	}
	return unfit("background", "an instance is suspended after it has answered", hint)
}

func (j judge) database() Verdict {
	if j.offers.Instances(j.setting) == 0 {
		return provided("database", "it must be reachable from here, and as many instances connect as the load requires", "put a pooler in front of it, or bound them with --replicas")
	}
	return provided("database", "it must be reachable from here", "")
}

func (j judge) disk() Verdict {
	const elsewhere = "keep them in an object store or a database"
	switch {
	case j.setting.ReadOnly || j.offers.Disk == NoFiles:
		return unfit("disk", "the disk is read-only here", elsewhere)
	case j.offers.Disk == LostFiles:
		return unfit("disk", "files are deleted with the instance", elsewhere)
	case j.offers.Instances(j.setting) != 1:
		return unfit("disk", "several instances run, and they do not share a disk", elsewhere+", or run one (--replicas 1)")
	case j.offers.Disk == VolumeFiles:
		return provided("volume", "they must be on the volume", "")
	}
	return fine
}

// files judges for files that are on a disk or in a bucket.
func (j judge) files() Verdict {
	switch {
	case !j.app.FilesOnDisk(j.offers, j.setting):
		hints := []string{j.offers.Buckets, "deploy with GORGON_SECRET set, which seals uploads for all instances"}
		if j.setting.Sealed {
			hints = hints[:1]
		}
		if hints[0] == "" {
			hints = hints[1:]
		}
		return provided("files", "they are in an S3 bucket, which FILES_URL names", strings.Join(hints, "; "))
	case j.offers.Disk == VolumeFiles:
		return provided("volume", "they are on the volume, where FILES_URL leads", "")
	}
	return fine
}

// commits judges for purges that follow from commits: one instance finds a
// commit, and its purge reaches those that share its store.
func (j judge) commits() Verdict {
	if j.offers.Instances(j.setting) != 1 && !j.setting.SharedStore {
		return unfit("shared-store", "a commit is purged by one instance, and several run that share no store: the others would show old pages as if they were new",
			"name a store that they share with --store postgres, redis or s3")
	}
	return fine
}

// file judges for a database that is a file.
func (j judge) file() Verdict {
	const elsewhere = "use a PostgreSQL database (package database/pgdb)"
	switch {
	case j.offers.Instances(j.setting) != 1:
		return unfit("database-file", "a SQLite database belongs to one machine, and several instances run", elsewhere+", or run one (--replicas 1)")
	case j.setting.ReadOnly || j.offers.Disk == NoFiles:
		return unfit("database-file", "a SQLite database is written to disk, and the disk is read-only here", elsewhere)
	case j.offers.Disk == LostFiles:
		return unfit("database-file", "a SQLite database is deleted with its instance", elsewhere)
	case j.offers.Disk == VolumeFiles:
		return provided("volume", "the SQLite database must be on the volume: set DATABASE_URL to a path there", "")
	}
	return fine
}
