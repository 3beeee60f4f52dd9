// Catalogs: files of messages, loaded and compared with each other.

package i18n

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/go-playground/locales"
)

// A Catalog says where messages are. Files is required.
type Catalog struct {
	// Files has a file for each locale at its root: "de.json", one object of
	// keys and messages. Nested objects extend the key with a dot. The values
	// of keys that begin with "@" are for translators, and are not read.
	Files fs.FS

	// Locales are those that need every message: those of the app. Default:
	// those that have a file.
	Locales []string

	// Default is the locale that the others are compared with. Default: the
	// first of Locales, or, if Locales is empty, "en" if it exists.
	Default string

	// Fallback shows a message that a locale lacks in its parent ("de" for
	// "de-AT"), or else in Default. Default: a missing message is a fault.
	Fallback bool

	// Formats know the dates and currency signs of a locale, from the packages
	// below github.com/go-playground/locales: de.New(). Default: none, and a
	// message that shows a date or a currency is a fault.
	Formats []locales.Translator

	// Digits set the digits of a locale if they are not its usual ones, by CLDR
	// name: "ar": "latn" for 1, 2, 3. Default: the usual ones.
	Digits map[string]string
}

// Messages are a loaded catalog. They are safe for concurrent use.
type Messages struct {
	locales map[string]*locale
}

// A message is one in one locale.
type message struct {
	parts     []part
	arguments map[string]kind
	at        string  // file and line
	in        *locale // the locale whose rules it follows, if it fell back
}

// Load reads the catalog and reports all faults at once, each with file and
// line: files that cannot be read, keys and arguments that one locale has and
// another lacks, plural forms that a language needs.
func (c Catalog) Load() (*Messages, error) {
	if c.Files == nil {
		return nil, errors.New("i18n: the catalog has no Files: give a folder of files such as de.json")
	}
	names, err := fs.Glob(c.Files, "*.json")
	if err != nil {
		return nil, fmt.Errorf("i18n: %w", err)
	}
	files := map[string]map[string]message{}
	var faults []error
	for _, name := range names {
		locale := strings.TrimSuffix(name, ".json")
		data, err := fs.ReadFile(c.Files, name)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		read, errs := readFile(path.Base(name), data)
		files[locale], faults = read, append(faults, errs...)
	}
	if len(names) == 0 {
		faults = append(faults, errors.New("there are no files: add one for each locale, such as de.json"))
	}
	if len(c.Locales) == 0 {
		c.Locales = slices.Sorted(maps.Keys(files))
		if _, english := files["en"]; english && c.Default == "" {
			c.Default = "en"
		}
	}
	if c.Default == "" && len(c.Locales) > 0 {
		c.Default = c.Locales[0]
	}
	m := &Messages{locales: map[string]*locale{}}
	for _, name := range c.Locales {
		l, err := c.locale(name)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		m.locales[name] = l
		l.messages = files[name]
		if l.messages == nil {
			l.messages = map[string]message{}
			if !c.Fallback {
				faults = append(faults, fmt.Errorf("there is no file %s.json: add it", name))
			}
		}
	}
	if len(faults) == 0 {
		faults = c.compare(m)
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("i18n: %w", errors.Join(faults...))
	}
	if c.Fallback {
		c.fallBack(m, files)
	}
	return m, nil
}

// Must returns the result of Load, for a package variable; a fault ends the
// program before it does anything.
func Must(m *Messages, err error) *Messages {
	if err != nil {
		panic(err)
	}
	return m
}

// readFile reads the messages of one file.
func readFile(name string, data []byte) (map[string]message, []error) {
	r := reader{name: name, data: data, dec: json.NewDecoder(bytes.NewReader(data)), messages: map[string]message{}}
	token, err := r.dec.Token()
	if err == nil && token != json.Delim('{') {
		err = errors.New("it is not one object of keys and messages")
	}
	if err == nil {
		err = r.object("", false)
	}
	if err == nil && r.dec.More() {
		err = errors.New("there is text after the object: remove it")
	}
	if err != nil {
		r.faults = append(r.faults, fmt.Errorf("%s: %w", r.line(), err))
	}
	return r.messages, r.faults
}

type reader struct {
	name     string
	data     []byte
	dec      *json.Decoder
	messages map[string]message
	faults   []error
}

// line returns the position of the reader.
func (r *reader) line() string {
	at := min(int(r.dec.InputOffset()), len(r.data))
	return fmt.Sprintf("%s:%d", r.name, bytes.Count(r.data[:at], []byte("\n"))+1)
}

// object reads the rest of an object; notes are for translators.
func (r *reader) object(prefix string, note bool) error {
	for r.dec.More() {
		token, err := r.dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		at, key := r.line(), prefix+name
		if note || strings.HasPrefix(name, "@") {
			var skipped json.RawMessage
			if err := r.dec.Decode(&skipped); err != nil {
				return err
			}
			continue
		}
		value, err := r.dec.Token()
		if err != nil {
			return err
		}
		switch value := value.(type) {
		case json.Delim:
			if value != '{' {
				return fmt.Errorf("%s is a list: use a text or an object", key)
			}
			if err := r.object(key+".", false); err != nil {
				return err
			}
		case string:
			r.message(key, at, value)
		default:
			r.faults = append(r.faults, fmt.Errorf("%s: %s is not a text: write it in quotes", at, key))
		}
	}
	_, err := r.dec.Token()
	return err
}

func (r *reader) message(key, at, text string) {
	if old, twice := r.messages[key]; twice {
		r.faults = append(r.faults, fmt.Errorf("%s: %s is also at %s: remove one", at, key, old.at))
		return
	}
	parts, err := parse(text)
	if err != nil {
		r.faults = append(r.faults, fmt.Errorf("%s: %s: %w", at, key, err))
	}
	m := message{parts: parts, arguments: map[string]kind{}, at: at}
	arguments(parts, m.arguments)
	r.messages[key] = m
}

// compare compares the locales with each other.
func (c Catalog) compare(m *Messages) []error {
	var faults []error
	keys := map[string]string{} // from a key to a locale that has it
	for _, name := range c.Locales {
		for key := range m.locales[name].messages {
			if _, known := keys[key]; !known || name == c.Default {
				keys[key] = name
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		standard := m.locales[keys[key]].messages[key]
		for _, name := range c.Locales {
			l := m.locales[name]
			has, ok := l.messages[key]
			if !ok {
				if !c.Fallback {
					faults = append(faults, fmt.Errorf("%s.json: %s is missing, which is at %s: translate it, or set Fallback", name, key, standard.at))
				}
				continue
			}
			faults = append(faults, differ(key, standard, has)...)
			faults = append(faults, l.check(key, has)...)
		}
	}
	return faults
}

// differ lists the arguments that two versions of a message do not share.
func differ(key string, standard, has message) []error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(has.arguments)) {
		is, other := has.arguments[name], standard.arguments[name]
		_, known := standard.arguments[name]
		switch {
		case !known:
			faults = append(faults, fmt.Errorf("%s: %s has the argument %s, which it lacks at %s: correct one of them", has.at, key, name, standard.at))
		case is != other && is != argument && other != argument:
			faults = append(faults, fmt.Errorf("%s: %s uses the argument %s as another type than at %s: correct one of them", has.at, key, name, standard.at))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(standard.arguments)) {
		if _, known := has.arguments[name]; !known {
			faults = append(faults, fmt.Errorf("%s: %s lacks the argument %s, which it has at %s: add it", has.at, key, name, standard.at))
		}
	}
	return faults
}

// fallBack gives each locale the missing messages of its parents and the
// default.
func (c Catalog) fallBack(m *Messages, files map[string]map[string]message) {
	for _, name := range c.Locales {
		all := maps.Clone(m.locales[name].messages)
		chain := []string{}
		for parent := name; ; {
			i := strings.LastIndexByte(parent, '-')
			if i < 0 {
				break
			}
			parent = parent[:i]
			chain = append(chain, parent)
		}
		for _, from := range append(chain, c.Default) {
			in := m.locales[from]
			if in == nil {
				in, _ = c.locale(from) // a file that belongs to no locale of the site
			}
			for key, message := range files[from] {
				if _, own := all[key]; !own && in != nil {
					message.in = in
					all[key] = message
				}
			}
		}
		m.locales[name].messages = all
	}
}
