// Rules about jobs, rooms and the process itself.

package diagnose

import (
	"fmt"

	"github.com/gorgon-go/gorgon/cli"
)

// Names that another rule or [causesOf] needs.
const (
	jobFails = "job fails again and again"
	jobsDead = "jobs are dead"
)

func ofWork() Rules {
	return Rules{
		{Name: "started again", weight: 92, look: startedAgain},
		{Name: jobFails, weight: 68, look: failingJobs},
		{Name: "jobs wait", weight: 58, look: waitingJobs},
		{Name: jobsDead, weight: 57, look: deadJobs},
		{Name: "jobs end too late", weight: 56, two: true, look: lateJobs},
		{Name: "rooms taken again and again", weight: 54, two: true, look: takenRooms},
	}
}

func startedAgain(p *pair) []Finding {
	if !p.restarted {
		return nil
	}
	return []Finding{{
		Where: p.after.About.Host,
		Says:  fmt.Sprintf("The program was started again while it was looked at, %s ago; what it counts begins there.", short(p.after.At.Sub(p.after.About.Started).Seconds())),
		Hint:  "Unless it was deployed just now: the end of the log of the process before says why, such as too little memory or a panic in a goroutine of the app (docs/deploy.md).",
	}}
}

func failingJobs(p *pair) (found []Finding) {
	before := p.kindsBefore()
	for _, k := range p.after.Kinds {
		b := before[k.Name]
		failed, died, done := grown(b.Failed, k.Failed), grown(b.Died, k.Died), grown(b.Done, k.Done)
		again := failed+died > 0 && failed+died >= done && k.Failed+k.Died >= jobFailures
		if p.single {
			again = k.Failed+k.Died >= failedJobs && k.Failed+k.Died >= 2*k.Done
		}
		if !again {
			continue
		}
		says := fmt.Sprintf("Jobs of the kind %s failed %s %s, and %d were done", k.Name, times(failed+died), p.when(), done)
		if k.Dead > 0 {
			says += fmt.Sprintf("; %s not tried again", are(k.Dead, "dead job"))
		}
		found = append(found, Finding{
			Where: k.Name, Says: says + ".",
			Hint: fmt.Sprintf("'%s jobs --kind %s' shows their errors. Once the cause is gone, '--retry' lets those that are dead run again (docs/jobs.md).", p.program(), k.Name),
		})
	}
	return found
}

// deadJobs finds what waits for a person. The store counts them, so that those of
// a process before are found too.
func deadJobs(p *pair) (found []Finding) {
	for _, k := range p.after.Kinds {
		if k.Dead <= 0 {
			continue
		}
		found = append(found, Finding{
			Where: k.Name,
			Says:  fmt.Sprintf("%s of the kind %s failed for good, and %s not tried again.", cli.Plural(k.Dead, "job"), k.Name, isOrAre(k.Dead)),
			Hint: fmt.Sprintf("'%s jobs --state dead --kind %s' lists %s, and with an ID it shows the errors. Once the cause is gone, '--retry' lets them run again, and '--remove' removes those that are not needed (docs/jobs.md).",
				p.program(), k.Name, them(k.Dead)),
		})
	}
	return found
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// program is the app's name, for commands.
func (p *pair) program() string {
	if p.after.About.App == "" {
		return "yourapp"
	}
	return p.after.About.App
}

// are is so many things, and the verb.
func are(n int, thing string) string {
	return cli.Plural(n, thing) + " " + isOrAre(n)
}

func times(n uint64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func waitingJobs(p *pair) (found []Finding) {
	before := p.kindsBefore()
	for _, k := range p.after.Kinds {
		b := before[k.Name]
		if k.Due == 0 || k.Oldest < oldJob.Seconds() || !p.single && k.Oldest < b.Oldest {
			continue
		}
		found = append(found, Finding{
			Where: k.Name,
			Says:  fmt.Sprintf("%s of the kind %s should run by now, the first of them for %s, and %d run.", cli.Plural(k.Due, "job"), k.Name, short(k.Oldest), k.Running),
			Hint:  "Start more instances with --role=serve or --role=worker, or give each more hands (work.Options.Hands). Where nothing runs between requests, a schedule has to tick (docs/jobs.md).",
		})
	}
	return found
}

func lateJobs(p *pair) []Finding {
	n := grown(p.before.State.LateJobs, p.after.State.LateJobs)
	if n == 0 {
		return nil
	}
	return []Finding{{
		Says: fmt.Sprintf("%s after their leases %s: another instance runs them again.", ended(n), p.when()),
		Hint: "The process was stopped for a while, or could not reach the database: give it its CPU between requests, and see to the database (docs/jobs.md).",
	}}
}

func ended(n uint64) string { return cli.Plural(int(n), "job") + " ended" }

func takenRooms(p *pair) []Finding {
	n, owned := grown(p.before.State.RoomsTaken, p.after.State.RoomsTaken), p.after.State.RoomsOwned
	if n < manyTaken || int64(n) <= owned {
		return nil
	}
	return []Finding{{
		Says: fmt.Sprintf("This instance took rooms from their owners %d times %s, and owns %d: instances take them from each other.", n, p.when(), owned),
		Hint: "They do not reach each other: set --advertise (GORGON_ADVERTISE) to an address that the others reach, or to none (docs/rooms.md).",
	}}
}
