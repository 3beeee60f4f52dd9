// What the tests of the package's outside need from its inside.

package config

import "reflect"

// ReadFrom reads an environment other than the process's.
func (d *Definition[C]) ReadFrom(environ ...string) (C, error) { return d.read(environ) }

// Kinds are the types that fuzzing writes values of.
func Kinds(c any) (list []func(text string) string) {
	t := reflect.TypeOf(c)
	for i := range t.NumField() {
		if k, ok := kindOf(t.Field(i).Type); ok {
			list = append(list, func(text string) string {
				return k.parse(text, reflect.New(t.Field(i).Type).Elem())
			})
		}
	}
	return list
}

// Shown is a text as Variables shows it.
func Shown(text string) string { return kind{}.show(text) }
