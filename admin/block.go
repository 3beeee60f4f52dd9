// What pages consist of.

package admin

// A tone is what something means: the color of a figure.
type tone string

const (
	plain tone = ""
	good  tone = "good"
	warn  tone = "warn"
	bad   tone = "bad"
)

// A block is a part of a page. It has one of the fields below Title and Note.
type block struct {
	Title string `json:"title,omitempty"`
	Note  string `json:"note,omitempty"` // a sentence or two
	Tone  tone   `json:"tone,omitempty"` // of the note

	Tabs   []tab   `json:"tabs,omitempty"` // ways to show what follows
	Tiles  []tile  `json:"tiles,omitempty"`
	Charts []chart `json:"charts,omitempty"`
	Facts  []fact  `json:"facts,omitempty"`
	Table  *table  `json:"table,omitempty"`
	Form   *form   `json:"form,omitempty"`
	Lines  []line  `json:"lines,omitempty"`
	Text   string  `json:"text,omitempty"` // as it is, in lines
	Links  []tab   `json:"links,omitempty"`
}

// A tab leads to another way to show something.
type tab struct {
	Label string `json:"label"`
	Href  string `json:"href"`
	On    bool   `json:"on,omitempty"`
}

// A tile is one figure.
type tile struct {
	Label string `json:"label"`
	Value string `json:"value"`
	Hint  string `json:"hint,omitempty"`
	Href  string `json:"href,omitempty"`
	Tone  tone   `json:"tone,omitempty"`
}

// A fact is a line of a list: its name and what it is.
type fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Tone  tone   `json:"tone,omitempty"`
	Href  string `json:"href,omitempty"`
}

// A table has a row for each thing.
type table struct {
	Caption string   `json:"caption"`
	Columns []column `json:"columns"`
	Rows    [][]cell `json:"rows"`
	Empty   string   `json:"empty"` // what is said in place of rows
}

// A column of a table.
type column struct {
	Label  string `json:"label"`
	Number bool   `json:"number,omitempty"`
	Href   string `json:"href,omitempty"` // sorts by it
	Sorted bool   `json:"sorted,omitempty"`
}

// A cell of a table.
type cell struct {
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"` // a second line
	Href string `json:"href,omitempty"`
	Tone tone   `json:"tone,omitempty"`
	Code bool   `json:"code,omitempty"` // it is written as it is in code
}

// A form asks for one text, and leads to a page.
type form struct {
	Action  string `json:"action"`
	Name    string `json:"name"`
	Label   string `json:"label"`
	Value   string `json:"value"`
	Example string `json:"example"`
	Button  string `json:"button"`
	Hidden  []fact `json:"hidden,omitempty"` // is sent too
}

// A line of the log.
type line struct {
	Key   string `json:"key"`
	At    string `json:"at"`
	Exact string `json:"exact"`
	Level string `json:"level"`
	Tone  tone   `json:"tone,omitempty"`
	Text  string `json:"text"`
	With  string `json:"with,omitempty"`
}

func text(s string) cell        { return cell{Text: s} }
func code(s string) cell        { return cell{Text: s, Code: true} }
func number(n uint64) cell      { return cell{Text: count(n)} }
func amount(n int64) cell       { return cell{Text: count(uint64(max(n, 0)))} }
func (c cell) in(t tone) cell   { c.Tone = t; return c }
func (c cell) to(h string) cell { c.Href = h; return c }

// toneOf is a tone where something is above zero.
func toneOf(t tone, n uint64) tone {
	if n == 0 {
		return plain
	}
	return t
}
