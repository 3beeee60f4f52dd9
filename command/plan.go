//go:build !gorgon_release && !gorgon_dev

// plan: whether the app can work where it is going.

package command

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/plan"
)

// settingFlags are what plan takes, and deploy, which plans too.
type settingFlags struct {
	replicas int
	alwaysOn bool
	readOnly bool
}

func (f *settingFlags) add(c *cobra.Command) {
	c.Flags().IntVar(&f.replicas, "replicas", 0, "how many instances run; 0 for one, or for as many as an elastic place likes")
	c.Flags().BoolVar(&f.alwaysOn, "always-on", false, "pay for a processor between requests, where that is a choice")
	c.Flags().BoolVar(&f.readOnly, "read-only", false, "nothing can be written where the program runs")
}

func (f *settingFlags) check() error {
	if f.replicas < 0 {
		return misused("--replicas %d: give a number above zero, or 0", f.replicas)
	}
	return nil
}

// setting is how the app is to be set up in a place. Where nobody names a
// store and the place keeps files, it is a disk store.
func (p *program) setting(f settingFlags, place plan.Place) plan.Setting {
	s := plan.Setting{Store: "none", Replicas: f.replicas, AlwaysOn: f.alwaysOn, ReadOnly: f.readOnly}
	scheme, _, _ := strings.Cut(p.named(), ":")
	if scheme == "" && place.Offers.Disk == plan.KeptFiles && !f.readOnly {
		scheme = "disk"
	}
	for _, d := range p.config.Stores {
		if slices.Contains(d.Schemes, scheme) {
			s.Store, s.SharedStore = d.Schemes[0], d.Remote
		}
	}
	return s
}

// prices reads the price table, or the one that takes its place.
func (p *program) prices(file string) (plan.Prices, error) {
	standard := plan.StandardPrices()
	if file == "" {
		return standard, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return plan.Prices{}, fmt.Errorf("--prices: %w: name a file in the form of Gorgon's plan/prices.json", err)
	}
	own, err := plan.ParsePrices(data)
	if err != nil {
		return plan.Prices{}, fmt.Errorf("--prices %s: %w", file, err)
	}
	return own.Over(standard), nil
}

func (p *program) planCommand() *cobra.Command {
	var flags settingFlags
	var to []string
	var prices string
	c := &cobra.Command{
		Use:   "plan",
		Short: "Say where the app can run, what that takes, and what it costs",
		Long: `Holds what each page, handler and service needs against what each place offers,
and says of each: fits, fits with a condition, or does not fit, with the reason
and the mend. Where the app fits, it says what a minimal and a typical setup
cost a month, from a dated table that --prices overrides, place by place.

It looks at the app alone, and at no store. With --to, it exits with 3 if the
app does not fit there.`,
		Example: "  " + p.app.Name + " plan\n  " + p.app.Name + " plan --to cloudrun --store postgres: --json",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			if err := p.checkScheme(); err != nil {
				return err
			}
			table, err := p.prices(prices)
			if err != nil {
				return err
			}
			targets, err := p.targetsNamed(to)
			if err != nil {
				return err
			}
			result := p.plan(flags, targets, table)
			result.PricesFrom = prices
			if p.json {
				err = p.print(result)
			} else {
				p.tellPlan(result)
			}
			for _, o := range result.Outcomes {
				if err == nil && len(to) > 0 && o.Fit == plan.Unfit {
					err = exit{Refused, fmt.Errorf("the app does not fit %s", o.Place.Name)}
				}
			}
			return err
		},
	}
	flags.add(c)
	c.Flags().StringArrayVar(&to, "to", nil, "a place to plan for; default: all")
	c.Flags().StringVar(&prices, "prices", "", "a file of prices that override the standard ones")
	p.storeFlag(c)
	p.jsonFlag(c)
	return c
}

// checkScheme refuses a store that the program does not carry. Its place need
// not be known yet: "postgres:" will do.
func (p *program) checkScheme() error {
	scheme, _, _ := strings.Cut(p.named(), ":")
	if scheme == "" || scheme == "none" {
		return nil
	}
	for _, d := range p.config.Stores {
		if slices.Contains(d.Schemes, scheme) {
			return nil
		}
	}
	_, err := p.driver()
	return err
}

// plan holds the app against targets, each with its own setting.
func (p *program) plan(flags settingFlags, targets []deploy.Target, prices plan.Prices) plan.Plan {
	result := plan.Make(p.app, prices, time.Now())
	for _, t := range targets {
		result.Add(p.app, t.Place, p.setting(flags, t.Place), prices)
	}
	return result
}

// tellPlan prints a plan for people: the matrix, then what is to be said of each
// place.
func (p *program) tellPlan(result plan.Plan) {
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\t", p.app.Name)
	for _, o := range result.Outcomes {
		fmt.Fprintf(w, "%s\t", o.Place.Name)
	}
	fmt.Fprintln(w)
	for _, part := range result.Parts {
		fmt.Fprintf(w, "%s\t", part.Name)
		for _, o := range result.Outcomes {
			fmt.Fprintf(w, "%s\t", cell(o.Of(part.Name)))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprint(w, "as a whole\t")
	for _, o := range result.Outcomes {
		fmt.Fprintf(w, "%s\t", cell(o.Fit))
	}
	fmt.Fprintln(w)
	w.Flush()

	for _, o := range result.Outcomes {
		fmt.Fprintf(p.out, "\n%s (%s): %s", o.Place.Name, o.Place.Title, o.Fit)
		if o.Role != "" {
			fmt.Fprintf(p.out, "; store %s, role %s", o.Setting.Store, o.Role)
		}
		fmt.Fprintln(p.out)
		p.tellVerdicts(o.Verdicts)
		for _, c := range o.Costs {
			fmt.Fprintf(p.out, "  %s, %s: %.2f %s a month. %s\n", c.Title, c.Setup, c.Monthly, c.Currency, c.For)
		}
	}
	old := ""
	if result.PricesOld {
		old = ", more than a year ago: they may have changed; --prices FILE overrides them"
	}
	fmt.Fprintf(p.out, "\nprices as of %s%s\n", result.PricesOf, old)
}

// tellVerdicts prints verdicts, those that say the same of several parts once.
func (p *program) tellVerdicts(verdicts []plan.Verdict) {
	type saying struct {
		fit        plan.Fit
		rule       string
		says, mend string
	}
	var order []saying
	parts := map[saying][]string{}
	whys := map[saying]map[string][]string{}
	for _, v := range verdicts {
		s := saying{v.Fit, v.Rule, v.Says, v.Mend}
		if parts[s] == nil {
			order = append(order, s)
			whys[s] = map[string][]string{}
		}
		if whys[s][v.Part] == nil {
			parts[s] = append(parts[s], v.Part)
		}
		whys[s][v.Part] = append(whys[s][v.Part], v.Why)
	}
	slices.SortStableFunc(order, func(a, b saying) int {
		return cmp.Compare(rank(a.fit), rank(b.fit))
	})
	for _, s := range order {
		fmt.Fprintf(p.out, "  %s [%s]: %s\n", cell(s.fit), s.rule, s.says)
		for _, part := range parts[s] {
			fmt.Fprintf(p.out, "      %s (%s)\n", part, strings.Join(whys[s][part], "; "))
		}
		if s.mend != "" {
			fmt.Fprintf(p.out, "      mend: %s\n", s.mend)
		}
	}
}

func rank(f plan.Fit) int {
	switch f {
	case plan.Unfit:
		return 0
	case plan.Conditional:
		return 1
	}
	return 2
}

// cell is a fit in one word.
func cell(f plan.Fit) string {
	switch f {
	case plan.Unfit:
		return "NO"
	case plan.Conditional:
		return "if"
	}
	return "yes"
}
