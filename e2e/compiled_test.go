// What programs compile again at each change of theirs: their own code, and that
// of the generic types that they see.

package e2e

import (
	"reflect"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/admin"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/bucket"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/limit"
	"github.com/gorgon-go/gorgon/mail/smtp"
	"github.com/gorgon-go/gorgon/work"
)

// The compiler makes all methods of a generic type again in each package that
// sees a type whose fields lead to it. A cache of a library in a field of an
// Auth made the compilation of a shop's main package twice as long.
func TestProgramsCompileNoLibraries(t *testing.T) {
	for _, seen := range []reflect.Type{
		reflect.TypeFor[admin.Config](), reflect.TypeFor[auth.Auth](), reflect.TypeFor[blobs.Located](), reflect.TypeFor[bucket.Bucket](),
		reflect.TypeFor[bundle.Bundler](), reflect.TypeFor[command.Config](), reflect.TypeFor[database.DB](), reflect.TypeFor[gorgontest.Site](),
		reflect.TypeFor[limit.Limiter](), reflect.TypeFor[smtp.Sender](), reflect.TypeFor[work.Machine](),
		reflect.TypeOf(admin.New(admin.Config{})).Elem(),
	} {
		if path := leads(seen, map[reflect.Type]bool{}); path != "" {
			t.Errorf("%s leads to %s: put an interface between them", seen, path)
		}
	}
	if leads(reflect.TypeFor[map[string][]*planted[string]](), map[reflect.Type]bool{}) == "" {
		t.Error("a planted generic type is not found")
	}
}

type planted[T any] struct{ _ T }

// leads returns how a type leads to a generic type of a library, or of this test.
func leads(t reflect.Type, seen map[reflect.Type]bool) string {
	if seen[t] {
		return ""
	}
	seen[t] = true
	if name, pkg := t.Name(), t.PkgPath(); strings.Contains(name, "[") &&
		strings.Contains(pkg, ".") && (!strings.HasPrefix(pkg, "github.com/gorgon-go/") || strings.HasPrefix(name, "planted[")) {
		return pkg + "." + name
	}
	switch t.Kind() {
	case reflect.Struct:
		for f := range t.NumField() {
			if path := leads(t.Field(f).Type, seen); path != "" {
				return t.Field(f).Name + ": " + path
			}
		}
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Chan:
		return leads(t.Elem(), seen)
	case reflect.Map:
		if path := leads(t.Key(), seen); path != "" {
			return path
		}
		return leads(t.Elem(), seen)
	}
	return ""
}
