// Statements that stay compiled.

package litedb

import "container/list"

const (
	// keptStatements is how many statements a connection keeps compiled.
	keptStatements = 100

	// keptText is the longest text, in bytes, of a statement that is kept.
	keptText = 8 << 10
)

// kept are a connection's compiled statements that are not in use. To compile a
// statement takes longer than to run it, and a table's triggers are compiled with
// each that writes to it.
type kept struct {
	byText map[string]*list.Element
	order  list.List // of *stmt, the one used last in front
}

// take takes the statement of a text out; nil if there is none.
func (k *kept) take(text string) *stmt {
	e, ok := k.byText[text]
	if !ok {
		return nil
	}
	delete(k.byText, text)
	s, _ := k.order.Remove(e).(*stmt)
	return s
}

// put keeps a statement, or closes it if there is one of the same text.
func (k *kept) put(s *stmt) error {
	if k.byText == nil {
		k.byText = map[string]*list.Element{}
	}
	if _, ok := k.byText[s.text]; ok {
		return s.raw.Close()
	}
	k.byText[s.text] = k.order.PushFront(s)
	if k.order.Len() <= keptStatements {
		return nil
	}
	oldest, _ := k.order.Back().Value.(*stmt)
	return k.take(oldest.text).raw.Close()
}

// empty closes all.
func (k *kept) empty() {
	for text := range k.byText {
		_ = k.take(text).raw.Close()
	}
}
