// A file's text as statements.

package migration

import (
	"fmt"
	"slices"
	"strings"
)

// A reader reads the text of one file.
type reader struct {
	file *File
	text string

	direction direction
	tokens    []token // of the statement that has begun
	block     int     // where a block of goose began; -1 for none
	round     int     // parentheses that are open
	body      int     // BEGIN and CASE that are open, in a trigger or function
	any       bool    // there has been a statement
	noTx      int     // the line of goose's NO TRANSACTION; 0 for none
}

// A direction is the part of the file that is being read.
type direction int

const (
	unsaid direction = iota
	up
	down
)

func (r *reader) fault(at int, format string, args ...any) error {
	return &Fault{File: r.file.Path, Line: r.line(at), Says: fmt.Sprintf(format, args...)}
}

func (r *reader) line(at int) int { return 1 + strings.Count(r.text[:at], "\n") }

func (r *reader) read() error {
	r.block = -1
	s := scanner{text: r.text, dialect: r.file.dialect}
	for {
		t, ok, err := s.next()
		if err != nil {
			return r.fault(t.at, "%v", err)
		}
		if !ok {
			return r.end(t.at)
		}
		if t.kind == comment {
			if err := r.comment(t); err != nil {
				return r.fault(t.at, "%v", err)
			}
			continue
		}
		if r.block < 0 && t.is(";") && r.round == 0 && r.body == 0 {
			r.statement(t.end)
			continue
		}
		r.add(t)
	}
}

// add adds a token to the statement.
func (r *reader) add(t token) {
	r.any = true
	r.tokens = append(r.tokens, t)
	switch {
	case t.is("("):
		r.round++
	case t.is(")") && r.round > 0:
		r.round--
	case r.body > 0 && t.is("case"), r.body == 0 && r.opensBody():
		r.body++
	case r.body > 0 && t.is("end"):
		r.body--
	}
}

// opensBody says whether the tokens so far end with the words that open the body
// of a trigger (SQLite: BEGIN) or a function (PostgreSQL: BEGIN ATOMIC).
func (r *reader) opensBody() bool {
	words, of := []string{"begin"}, []string{"trigger"}
	if r.file.dialect == PostgreSQL {
		words, of = []string{"begin", "atomic"}, []string{"function", "procedure"}
	}
	at := len(r.tokens) - len(words)
	for i, w := range words {
		if at < 1 || !r.tokens[at+i].is(w) {
			return false
		}
	}
	c := cursor{r.tokens}
	if !c.take("create") {
		return false
	}
	for c.take("or") || c.take("replace") || c.take("temp") || c.take("temporary") {
	}
	return slices.ContainsFunc(of, func(kind string) bool { return c.take(kind) })
}

// statement ends the statement that has begun.
func (r *reader) statement(end int) {
	tokens := r.tokens
	r.tokens, r.round, r.body = nil, 0, 0
	if len(tokens) == 0 {
		return
	}
	s := Statement{Text: strings.TrimSpace(r.text[tokens[0].at:end]), Line: r.line(tokens[0].at), tokens: tokens}
	if r.direction == down {
		r.file.Down = append(r.file.Down, s)
	} else {
		r.file.Up = append(r.file.Up, s)
	}
}

// comment takes what a comment says to goose or to us.
func (r *reader) comment(t token) error {
	if words, ok := declaration(t.text); ok {
		if r.any {
			return fmt.Errorf("a declaration stands above the first statement: move it to the top")
		}
		return r.file.declare(words)
	}
	rest, ok := strings.CutPrefix(t.text, "--")
	if !ok {
		return nil
	}
	rest, ok = strings.CutPrefix(strings.TrimSpace(rest), "+goose")
	if !ok {
		return nil
	}
	words := strings.ToLower(strings.Join(strings.Fields(rest), " "))
	if r.block >= 0 && words != "statementend" {
		return fmt.Errorf("a statement has begun here with -- +goose StatementBegin: end it with -- +goose StatementEnd")
	}
	switch words {
	case "up", "down":
		return r.turn(words)
	case "statementbegin":
		if len(r.tokens) > 0 {
			return errUnfinished
		}
		r.block = t.end
	case "statementend":
		if r.block < 0 {
			return fmt.Errorf("-- +goose StatementEnd has no StatementBegin before it")
		}
		r.statement(t.at)
		r.block = -1
	case "no transaction":
		r.noTx = r.line(t.at)
	case "envsub on", "envsub off":
		return fmt.Errorf("-- +goose %s is not supported: a migration is the same everywhere, so it has no values of the environment", strings.ToUpper(words))
	default:
		return fmt.Errorf("goose has no annotation %q: it has Up, Down, StatementBegin, StatementEnd and NO TRANSACTION", strings.TrimSpace(rest))
	}
	return nil
}

var errUnfinished = fmt.Errorf("the statement before this has no semicolon at its end")

// turn begins a direction.
func (r *reader) turn(to string) error {
	switch {
	case len(r.tokens) > 0 && r.direction != unsaid:
		return errUnfinished
	case to == "up" && r.direction != unsaid:
		return fmt.Errorf("-- +goose Up stands twice, or after Down: keep the first, before all statements")
	case to == "up" && r.any:
		return fmt.Errorf("there are statements above -- +goose Up: move them below it")
	case to == "down" && r.direction != up:
		return fmt.Errorf("-- +goose Down stands once, after -- +goose Up: add that before the first statement")
	}
	if r.direction = up; to == "down" {
		r.direction = down
	}
	return nil
}

// end ends the file. Its last statement may be without a semicolon.
func (r *reader) end(at int) error {
	switch {
	case r.block >= 0:
		return r.fault(r.block, "-- +goose StatementBegin has no StatementEnd after it")
	case r.noTx > 0 && !r.file.Bare:
		return &Fault{File: r.file.Path, Line: r.noTx, Says: "a file is one transaction; for one statement that cannot be in one, such as CREATE INDEX CONCURRENTLY, declare it with '-- gorgon: no transaction' at the top"}
	}
	if len(r.tokens) > 0 {
		r.statement(at)
	}
	return nil
}
