// Making the outbox and its triggers.

package litedb

import (
	"context"
	"fmt"
	"slices"
)

// A step is a part of the layout that is missing.
type step struct {
	words   string
	scripts []string
}

// Layout makes what is missing.
func (e *engine) Layout(ctx context.Context) (words []string, err error) {
	err = e.write(ctx, "prepare the database for purges", func(s *session) error {
		steps, err := e.steps(ctx, s)
		if err != nil {
			return err
		}
		for _, step := range steps {
			for _, script := range step.scripts {
				if _, err := s.raw.ExecContext(ctx, script, nil); err != nil {
					return fmt.Errorf("%s: %w", step.words, err)
				}
			}
			words = append(words, step.words)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return words, nil
}

// Missing says what Layout would make.
func (e *engine) Missing(ctx context.Context) (words []string, err error) {
	err = e.with(ctx, "look at what the database lacks for purges", func(s *session) error {
		steps, err := e.steps(ctx, s)
		for _, step := range steps {
			words = append(words, step.words)
		}
		return err
	})
	return words, err
}

// steps compares what is there with what is needed.
func (e *engine) steps(ctx context.Context, s *session) (steps []step, err error) {
	there, err := e.there(ctx, s)
	if err != nil {
		return nil, err
	}
	switch sql, ok := there[e.outbox]; {
	case !ok:
		steps = append(steps, step{"make the table " + e.outbox, []string{layout(e.outbox)}})
	case sql != layout(e.outbox):
		return nil, fmt.Errorf("%s has a table %s that this program did not make: give Options.Schema another name", e.place.path, e.outbox)
	}
	for _, declared := range e.config.Tables {
		t, err := inspect(ctx, s, declared)
		if err != nil {
			return nil, err
		}
		if t == nil {
			return nil, fmt.Errorf("table %s, in Options.Tables, does not exist: make it in a migration, or take it out", declared.Name)
		}
		var scripts []string
		made := false
		for _, trigger := range e.triggers(t) {
			sql, ok := there[trigger.name]
			if made = made || ok; sql == trigger.sql {
				continue
			}
			if ok {
				scripts = append(scripts, "drop trigger "+quote(trigger.name))
			}
			scripts = append(scripts, trigger.sql)
		}
		words := "make the triggers of table " + declared.Name
		if made {
			words += " again, since it or its options have changed"
		}
		if scripts != nil {
			steps = append(steps, step{words, scripts})
		}
	}
	return steps, nil
}

// there is the SQL of our tables and triggers, by their names.
func (e *engine) there(ctx context.Context, s *session) (map[string]string, error) {
	rows, err := s.rows(ctx, "select name, sql from main.sqlite_schema where type in ('table', 'trigger') and substr(name, 1, length(?1)) = ?1", e.config.Schema+"_")
	if err != nil {
		return nil, err
	}
	there := map[string]string{}
	for _, row := range rows {
		name, _ := row[0].(string)
		there[name], _ = row[1].(string)
	}
	return there, nil
}

// names of the columns that the triggers compare.
func (t *table) shown() []column {
	return slices.DeleteFunc(slices.Clone(t.columns), func(c column) bool { return t.ignored[fold(c.name)] })
}
