// Package tutorial does what a reader of docs/tutorial.md does. The text is all
// it has.
//
// It reads headings of the second level, which are steps, and in them these
// kinds of blocks. Anything else that looks like a block is an error, so nothing
// in the text can be left out by mistake. All other text is for people alone.
//
//	`views/home.html`:        a line before a block that is not a console: the
//	                          block is written to that file of the app, whole. A
//	                          block of kind diff changes the file: its lines that
//	                          begin with a space or "-" are found in it exactly
//	                          once, and become those that begin with a space or
//	                          "+". A line "@@" begins the next change.
//
//	```console                lines that begin with "$ " are commands of one
//	$ curl -s localhost:8080  shell, and must exit with 0. Below each is all that
//	…                         it prints; "…" as a line stands for any lines, or
//	<h1>The shelf</h1>        none, and within a line for any text, or none.
//
//	$ gorgon dev # leave it running
//	…                         a server, with a process of its own; below it is
//	serving …                 what it prints before the reader goes on.
//
//	^C                        alone in a console: the server is interrupted, and
//	                          must exit with 0.
//
//	> In the browser, open <http://localhost:8080/>. It shows `text`.
//	> Without a reload, the browser shows `text`.
//	> Without a reload, the browser no longer shows `text`.
//
// Servers are at localhost:8080, as the text says.
package tutorial

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// A Kind is what a block asks of the reader.
type Kind string

// Kinds of blocks.
const (
	Write  Kind = "write"  // a file
	Change Kind = "change" // a file
	Run    Kind = "run"    // a command
	Start  Kind = "start"  // a server
	Stop   Kind = "stop"   // the server
	Open   Kind = "open"   // a page
	Shows  Kind = "shows"  // a text of the page
	Hides  Kind = "hides"
)

// An Action is one thing to do.
type Action struct {
	Kind Kind
	Step string // the heading that it is below
	Line int    // of the text, from 1

	File    string // of Write and Change
	Text    string // content, a diff, a command, a URL, or what is shown
	Printed string // of Run and Start: what is expected
}

// leave marks a command that is a server.
const leave = " # leave it running"

var (
	fileLine = regexp.MustCompile("^`([^`]+)`:$")
	opens    = regexp.MustCompile("^> In the browser, open <(http://localhost:8080/[^>]*)>\\. It shows `([^`]+)`\\.$")
	shows    = regexp.MustCompile("^> Without a reload, the browser (shows|no longer shows) `([^`]+)`\\.$")
)

// Parse reads a text.
func Parse(text string) ([]Action, error) {
	p := parser{lines: strings.Split(text, "\n")}
	for p.at < len(p.lines) {
		if err := p.next(); err != nil {
			return nil, fmt.Errorf("line %d: %w", p.at+1, err)
		}
	}
	if len(p.all) == 0 {
		return nil, fmt.Errorf("there is nothing to do")
	}
	return p.all, check(p.all)
}

type parser struct {
	lines []string
	at    int
	step  string
	file  string // that the next block is
	all   []Action
}

func (p *parser) add(a Action) {
	a.Step = p.step
	p.all = append(p.all, a)
}

// next reads a line, or a block.
func (p *parser) next() error {
	line := p.lines[p.at]
	switch {
	case strings.HasPrefix(line, "```"):
		return p.fence(strings.TrimPrefix(line, "```"))
	case p.file != "" && line != "":
		return fmt.Errorf("after the name %s there is no block", p.file)
	case strings.HasPrefix(line, ">"):
		return p.browser(line)
	case strings.HasPrefix(line, "    "), strings.HasPrefix(line, "\t"), strings.HasPrefix(line, "~~~"), strings.Contains(line, "```"):
		return fmt.Errorf("a block of a kind that is not known: %q", line)
	case strings.HasPrefix(line, "## "):
		p.step = strings.TrimPrefix(line, "## ")
	case strings.HasPrefix(line, "`"):
		m := fileLine.FindStringSubmatch(line)
		if m == nil {
			break // a sentence may begin so
		}
		if !filepath.IsLocal(m[1]) {
			return fmt.Errorf("%s is not a file of the app", m[1])
		}
		p.file = m[1]
	}
	p.at++
	return nil
}

// fence reads a fenced block.
func (p *parser) fence(kind string) error {
	begin, end := p.at+1, p.at+1
	for end < len(p.lines) && p.lines[end] != "```" {
		end++
	}
	if end == len(p.lines) {
		return fmt.Errorf("the block has no end")
	}
	body := p.lines[begin:end]
	a := Action{Line: begin, File: p.file, Text: strings.Join(body, "\n") + "\n"}
	p.file = ""
	switch {
	case kind == "console" && a.File == "":
		if err := p.console(begin, body); err != nil {
			return err
		}
	case a.File == "":
		return fmt.Errorf("a block of kind %q has no name of a file before it", kind)
	case kind == "console":
		return fmt.Errorf("a console is not the file %s", a.File)
	case kind == "diff":
		a.Kind = Change
		p.add(a)
	default:
		a.Kind = Write
		p.add(a)
	}
	p.at = end + 1
	return nil
}

// console reads commands and what they print.
func (p *parser) console(begin int, body []string) error {
	if len(body) == 1 && body[0] == "^C" {
		p.add(Action{Kind: Stop, Line: begin + 1})
		return nil
	}
	if len(body) == 0 || !strings.HasPrefix(body[0], "$ ") {
		return fmt.Errorf("a console begins with a command, or is ^C alone")
	}
	for i, line := range body {
		command, ok := strings.CutPrefix(line, "$ ")
		switch {
		case !ok:
			p.all[len(p.all)-1].Printed += line + "\n"
		case strings.HasSuffix(command, leave):
			p.add(Action{Kind: Start, Line: begin + i + 1, Text: strings.TrimSuffix(command, leave)})
		default:
			p.add(Action{Kind: Run, Line: begin + i + 1, Text: command})
		}
	}
	return nil
}

// browser reads what is done in the browser.
func (p *parser) browser(line string) error {
	if m := opens.FindStringSubmatch(line); m != nil {
		p.add(Action{Kind: Open, Line: p.at + 1, Text: m[1]})
		p.add(Action{Kind: Shows, Line: p.at + 1, Text: m[2]})
	} else if m := shows.FindStringSubmatch(line); m != nil {
		kind := Shows
		if m[1] != "shows" {
			kind = Hides
		}
		p.add(Action{Kind: kind, Line: p.at + 1, Text: m[2]})
	} else {
		return fmt.Errorf("the browser cannot do this: %q", line)
	}
	p.at++
	return nil
}

// check finds servers that are not stopped, and what nothing was opened or
// started for.
func check(all []Action) error {
	runs, open := false, false
	for _, a := range all {
		switch {
		case a.Step == "":
			return fmt.Errorf("line %d: it is in no step", a.Line)
		case a.Kind == Start && a.Printed == "":
			return fmt.Errorf("line %d: what the server prints when it is ready is not shown", a.Line)
		case a.Kind == Start && runs:
			return fmt.Errorf("line %d: another server is running", a.Line)
		case a.Kind == Stop && !runs:
			return fmt.Errorf("line %d: no server is running", a.Line)
		case (a.Kind == Shows || a.Kind == Hides) && !open:
			return fmt.Errorf("line %d: no page is open", a.Line)
		}
		switch a.Kind {
		case Start:
			runs = true
		case Stop:
			runs, open = false, false
		case Open:
			open = true
		}
	}
	if runs {
		return fmt.Errorf("a server is never stopped")
	}
	return nil
}

// Matches says whether a text is what was expected.
func Matches(expected, got string) bool { return pattern(expected).MatchString(trimmed(got)) }

// pattern is an expected text as an expression. A server goes on printing, so
// of what it prints only the beginning is compared.
func pattern(expected string) *regexp.Regexp {
	return regexp.MustCompile(`\A` + expression(expected) + `\z`)
}

func beginning(expected string) *regexp.Regexp {
	return regexp.MustCompile(`\A` + expression(expected))
}

func expression(expected string) string {
	var b strings.Builder
	for line := range strings.Lines(expected) {
		line = strings.TrimSuffix(line, "\n")
		if line == "…" {
			b.WriteString(`(?:.*\n)*?`)
			continue
		}
		b.WriteString(strings.ReplaceAll(regexp.QuoteMeta(strings.TrimRight(line, " \t")), "…", ".*") + `\n`)
	}
	return b.String()
}

// trimmed is a text without white space at the ends of lines, and with an end of
// its last line.
func trimmed(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(line, " \t\r\n") + "\n")
	}
	return b.String()
}

// Apply changes a text by a diff.
func Apply(text, diff string) (string, error) {
	for change := range strings.SplitSeq(diff, "@@\n") {
		var before, after strings.Builder
		changes := false
		for line := range strings.Lines(change) {
			switch {
			case line == "\n": // editors remove the space of an empty line
				before.WriteString(line)
				after.WriteString(line)
			case line[0] == ' ':
				before.WriteString(line[1:])
				after.WriteString(line[1:])
			case line[0] == '-':
				before.WriteString(line[1:])
				changes = true
			case line[0] == '+':
				after.WriteString(line[1:])
				changes = true
			default:
				return "", fmt.Errorf("a line of a diff begins with a space, - or +: %q", line)
			}
		}
		if !changes {
			return "", fmt.Errorf("a diff changes nothing: %q", change)
		}
		if n := strings.Count("\n"+text, "\n"+before.String()); n != 1 || before.Len() == 0 {
			return "", fmt.Errorf("what a diff changes is %d times in the file:\n%s", n, before.String())
		}
		text = strings.TrimPrefix(strings.Replace("\n"+text, "\n"+before.String(), "\n"+after.String(), 1), "\n")
	}
	return text, nil
}
