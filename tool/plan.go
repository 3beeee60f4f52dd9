// plan: whether the app can work where it is going.

package tool

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/compile"
	"github.com/gorgon-go/gorgon/plan"
)

// settingFlags are what plan takes, and deploy, which plans too.
type settingFlags struct {
	replicas int
	alwaysOn bool
	readOnly bool
}

func (f *settingFlags) add(c *cobra.Command) {
	c.Flags().IntVar(&f.replicas, "replicas", 0, "number of instances; 0 for one, or, on an elastic target, for as many as the load requires")
	c.Flags().BoolVar(&f.alwaysOn, "always-on", false, "pay for a processor between requests, where the target offers it")
	c.Flags().BoolVar(&f.readOnly, "read-only", false, "plan for a read-only disk")
}

func (f *settingFlags) check() error {
	if f.replicas < 0 {
		return cli.Misuse("--replicas %d: give a number above zero, or 0", f.replicas)
	}
	return nil
}

// setting is how the app is to be set up in a place. Where no store is named
// and the place keeps files, it is a disk store.
func (f settingFlags) setting(a *app, target plan.Target) plan.Setting {
	s := plan.Setting{Store: "none", Replicas: f.replicas, AlwaysOn: f.alwaysOn, ReadOnly: f.readOnly, Sealed: os.Getenv("GORGON_SECRET") != ""}
	scheme := a.Store.Technology
	if a.Store.Shown == "" && target.Offers.Disk == plan.KeptFiles && !f.readOnly {
		scheme = "disk"
	}
	if t := a.technology(scheme); t != nil {
		s.Store, s.SharedStore = t.Schemes[0], t.Remote
	}
	return s
}

// prices reads the price table, or the one that takes its place.
func pricesOf(file string) (plan.Prices, error) {
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

func (t *tool) planCommand() *cobra.Command {
	var flags settingFlags
	var to []string
	var prices, store string
	var asJSON bool
	c := &cobra.Command{
		Use:   "plan [PACKAGE]",
		Short: "Show where an app can run, what it needs there, and what it costs",
		Long: `Compares what each page, handler and service needs with what each target
provides, and says of each: fits, fits with a condition, or does not fit, with
the reason and the hint. Where the app fits, it says what a minimal and a typical
setup cost a month, from a dated table that --prices overrides, target by target.

It compiles the app in the folder PACKAGE (default: the one here) and asks its
program; it opens no store. With --to, it exits with 3 if the app does not fit
there.`,
		Example: "  gorgon plan\n  gorgon plan ./cmd/shop --to cloudrun --store postgres: --json",
		Args:    onePackage,
		RunE: func(c *cobra.Command, args []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			table, err := pricesOf(prices)
			if err != nil {
				return err
			}
			targets, err := t.targetsNamed(to)
			if err != nil {
				return err
			}
			a, err := openApp(c.Context(), folderOf(args), store)
			if err != nil {
				return err
			}
			defer a.close()
			result := plan.Make(a.App, table, time.Now())
			for _, target := range targets {
				result.Add(a.App, target.Target, flags.setting(a, target.Target), table)
			}
			result.PricesFrom = prices
			result.Hints = a.hints(c.Context())
			if asJSON {
				err = t.print(result)
			} else {
				t.tellPlan(result)
			}
			for _, o := range result.Outcomes {
				if err == nil && len(to) > 0 && o.Fit == plan.Unfit {
					err = cli.Exit{Code: cli.Refused, Err: fmt.Errorf("the app does not fit %s", o.Target.Name)}
				}
			}
			return err
		},
	}
	flags.add(c)
	c.Flags().StringArrayVar(&to, "to", nil, "a target to plan for; default: all")
	c.Flags().StringVar(&prices, "prices", "", "a file of prices that override the standard ones")
	storeFlag(c, &store)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func storeFlag(c *cobra.Command, store *string) {
	c.Flags().StringVar(store, "store", "", "store for pages generated at run time, as the app's program takes it (GORGON_STORE)")
}

// print writes a result as JSON.
func (t *tool) print(v any) error {
	enc := json.NewEncoder(t.out)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// hints are about what is linked and declared by no part.
func (a *app) hints(ctx context.Context) []string {
	var modules []string
	for _, m := range a.binary.Info.Deps {
		modules = append(modules, m.Path)
	}
	cgo, err := compile.CgoPackages(ctx, a.binary)
	if err != nil {
		cgo = nil // nothing is known
	}
	return plan.Undeclared(a.Parts, modules, cgo, a.technology("sqlite") != nil)
}

// tellPlan prints a plan for people: the matrix, then what is to be said of each
// place.
func (t *tool) tellPlan(result plan.Plan) {
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\t", result.App)
	for _, o := range result.Outcomes {
		fmt.Fprintf(w, "%s\t", o.Target.Name)
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
		fmt.Fprintf(t.out, "\n%s (%s): %s", o.Target.Name, o.Target.Title, o.Fit)
		if o.Role != "" {
			fmt.Fprintf(t.out, "; store %s, role %s", o.Setting.Store, o.Role)
		}
		fmt.Fprintln(t.out)
		t.tellVerdicts(o.Verdicts)
		for _, c := range o.Costs {
			fmt.Fprintf(t.out, "  %s, %s: %.2f %s a month. %s\n", c.Title, c.Setup, c.Monthly, c.Currency, c.For)
		}
	}
	for _, hint := range result.Hints {
		fmt.Fprintf(t.out, "\nhint: %s\n", hint)
	}
	old := ""
	if result.PricesOld {
		old = ", more than a year ago: they may have changed; --prices FILE overrides them"
	}
	fmt.Fprintf(t.out, "\nprices as of %s%s\n", result.PricesOf, old)
}

// tellVerdicts prints verdicts, those that say the same of several parts once.
func (t *tool) tellVerdicts(verdicts []plan.Verdict) {
	type saying struct {
		fit        plan.Fit
		rule       string
		says, hint string
	}
	var order []saying
	parts := map[saying][]string{}
	whys := map[saying]map[string][]string{}
	for _, v := range verdicts {
		s := saying{v.Fit, v.Rule, v.Says, v.Hint}
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
		fmt.Fprintf(t.out, "  %s [%s]: %s\n", cell(s.fit), s.rule, s.says)
		for _, part := range parts[s] {
			fmt.Fprintf(t.out, "      %s (%s)\n", part, strings.Join(whys[s][part], "; "))
		}
		if s.hint != "" {
			fmt.Fprintf(t.out, "      hint: %s\n", s.hint)
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
